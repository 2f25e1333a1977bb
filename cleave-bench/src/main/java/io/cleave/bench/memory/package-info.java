/** Blocks of shared memory under processes that come, go and are killed. */
@NullMarked
package io.cleave.bench.memory;

import org.jspecify.annotations.NullMarked;
