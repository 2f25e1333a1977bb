/** What travels between a pool and those who compute for it: values, failures, and the memory that both look at. */
@NullMarked
package io.cleave.work;

import org.jspecify.annotations.NullMarked;
