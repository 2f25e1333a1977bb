/** Rings that carry frames between two processes. */
@NullMarked
package io.cleave.channel;

import org.jspecify.annotations.NullMarked;
