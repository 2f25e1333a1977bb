/** How values become bytes that other processes can read. */
@NullMarked
package io.cleave.share;

import org.jspecify.annotations.NullMarked;
