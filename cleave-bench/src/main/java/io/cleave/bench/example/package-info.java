/** Programs to try and to copy from. */
@NullMarked
package io.cleave.bench.example;

import org.jspecify.annotations.NullMarked;
