/** Live objects in a shared heap, beside their rivals. */
@NullMarked
package io.cleave.bench.objects;

import org.jspecify.annotations.NullMarked;
