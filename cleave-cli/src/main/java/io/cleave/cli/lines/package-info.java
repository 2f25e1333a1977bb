/** Work on lines of text: where they come from, what is done to each, and where the results go. */
@NullMarked
package io.cleave.cli.lines;

import org.jspecify.annotations.NullMarked;
