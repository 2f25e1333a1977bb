/** Objects that live in memory that several processes share. */
@NullMarked
package io.cleave.objects;

import org.jspecify.annotations.NullMarked;
