/** Shared heaps and what lives in them: beside their rivals, under changed bytes, and under processes that are killed. */
@NullMarked
package io.cleave.bench.objects;

import org.jspecify.annotations.NullMarked;
