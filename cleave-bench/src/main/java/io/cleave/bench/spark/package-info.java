/** What Cleave's pools on Spark cost, beside Spark's own interface. */
@NullMarked
package io.cleave.bench.spark;

import org.jspecify.annotations.NullMarked;
