/** Pools that run a task over many items and hand back the results in order. */
@NullMarked
package io.cleave.pool;

import org.jspecify.annotations.NullMarked;
