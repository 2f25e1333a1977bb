/** Raw Linux: the C library, error numbers, futexes, and the identity of processes. */
@NullMarked
package io.cleave.os;

import org.jspecify.annotations.NullMarked;
