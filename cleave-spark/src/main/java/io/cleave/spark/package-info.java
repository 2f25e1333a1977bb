/**
 * Pools on an Apache Spark cluster: the calls of {@link io.cleave.pool.Pool}, for work that has outgrown one machine.
 */
@NullMarked
package io.cleave.spark;

import org.jspecify.annotations.NullMarked;
