/** Benchmarks of the library beside its rivals. */
@NullMarked
package io.cleave.bench;

import org.jspecify.annotations.NullMarked;
