/** The locks under processes that are killed. */
@NullMarked
package io.cleave.bench.sync;

import org.jspecify.annotations.NullMarked;
