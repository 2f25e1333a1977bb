/**
 * A heap of live objects that processes share: maps, lists, sets and queues in memory, which any process may use, leave
 * or die in at any moment.
 *
 * <p>
 * A {@link io.cleave.objects.SharedHeap} is a named block of memory ({@link io.cleave.memory}) that grows by itself up
 * to a maximum. What lies in it is found by name, or is the value of an entry that is
 * ({@link io.cleave.objects.StructureType}: maps of lists, lists of lists, maps of maps). Whatever moment a process is killed at, each operation has happened or
 * has not, nothing is lost, and nobody else waits longer than the detection of the death takes, about 0.1 s. A process
 * that is <em>stopped</em> is alive, and waited for.
 *
 * <p>
 * Nobody may truncate the file of a heap: what an access to a missing part is then, {@link io.cleave.memory.SharedMemory}
 * says.
 */
@NullMarked
package io.cleave.objects;

import org.jspecify.annotations.NullMarked;
