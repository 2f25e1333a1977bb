/**
 * A heap in memory that processes share, of which any may die at any instruction: words and bytes at offsets, the change
 * that happens as a whole or not at all, locks that outlive their owners, an allocator that loses nothing. It knows
 * nothing of values and structures; those build on it.
 */
@NullMarked
package io.cleave.heap;

import org.jspecify.annotations.NullMarked;
