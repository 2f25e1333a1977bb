/** What pools of workers cost, beside those of others; and what they make of workers that are killed. */
@NullMarked
package io.cleave.bench.pool;

import org.jspecify.annotations.NullMarked;
