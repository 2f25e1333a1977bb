/** The errors that all parts of Cleave share. */
@NullMarked
package io.cleave;

import org.jspecify.annotations.NullMarked;
