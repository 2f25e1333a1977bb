/** Locks, semaphores, events and atomics on shared memory: between threads and processes, surviving their holders. */
@NullMarked
package io.cleave.sync;

import org.jspecify.annotations.NullMarked;
