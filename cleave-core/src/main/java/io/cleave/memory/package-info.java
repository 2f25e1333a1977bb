/** Regions of memory that processes share: named and anonymous ones, their life and their clean-up. */
@NullMarked
package io.cleave.memory;

import org.jspecify.annotations.NullMarked;
