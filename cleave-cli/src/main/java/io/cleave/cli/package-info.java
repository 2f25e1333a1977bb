/** The {@code cleave} command. */
@NullMarked
package io.cleave.cli;

import org.jspecify.annotations.NullMarked;
