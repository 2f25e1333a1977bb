/**
 * Owners in shared memory: which process and thread they are, whether they live, and how to wait for what they hold or
 * are about to do.
 */
@NullMarked
package io.cleave.owner;

import org.jspecify.annotations.NullMarked;
