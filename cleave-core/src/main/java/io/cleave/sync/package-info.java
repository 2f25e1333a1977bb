/**
 * Locks, semaphores, events and atomics on shared memory: between threads and processes, surviving their holders.
 *
 * <p>
 * An object lies on memory that the caller has shared, or in a block with a name. One with a name is {@code Serializable}:
 * in a task of a pool, or a value that is handed over, it arrives as a handle on the same object, which is opened by its
 * name; it must still be there then, and the handle that arrives is the receiver's to close, or left to the collector,
 * but for latches and barriers: a process that ends with one open counts as one that others wait for in vain. In a forked child handles that were open go on.
 *
 * <p>
 * Nobody may truncate the file of a block: what an access to a missing part is then, {@link io.cleave.memory.SharedMemory}
 * says.
 */
@NullMarked
package io.cleave.sync;

import org.jspecify.annotations.NullMarked;
