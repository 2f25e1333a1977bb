package io.cleave.bench.sync;

import io.cleave.memory.SharedMemory;
import io.cleave.sync.SharedEvent;
import io.cleave.sync.SharedMutex;
import io.cleave.sync.SharedReadWriteLock;
import io.cleave.sync.SharedSemaphore;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/** The memory that the torture happens in: one lock of each sort, what they guard, and the workers' notes. */
final class Ground implements AutoCloseable {
    static final int WORKERS = 6;
    static final int PERMITS = 4;

    /** Set to end the workers. */
    static final int STOP = 0;
    /** What went wrong in the eyes of a worker. */
    static final int ERRORS = 1;
    /** Guarded by the mutex: the worker that is inside, plus 1. */
    static final int INSIDE = 2;
    /** Guarded by the mutex: the sum of all updates. */
    static final int SUM = 3;
    /** Guarded by the mutex: the redo record of the update under way; its owner plus 1 is written last. */
    static final int REDO_OWNER = 4;
    /** Guarded by the mutex: what {@link #SUM} becomes. */
    static final int REDO_SUM = 5;
    /** Guarded by the mutex: what the owner's count of updates becomes. */
    static final int REDO_COUNT = 6;
    /** Guarded by the read-write lock: two numbers that are equal. */
    static final int LEFT = 7;
    /** Guarded by the read-write lock: the other. */
    static final int RIGHT = 8;
    /** How many were killed. */
    static final int KILLS = 9;
    /** How long that has taken. */
    static final int KILLING_NANOS = 10;
    /** How many did not get on. */
    static final int STUCK = 11;
    /** One for each worker's place: how many updates were made there. */
    static final int COUNTS = 16;
    /** One for each worker's place: how many steps its worker has done. */
    static final int STEPS = 32;
    private static final int FIELDS = 48;
    private static final long BYTES = FIELDS * 8L + SharedMutex.BYTES + SharedSemaphore.BYTES
            + SharedReadWriteLock.BYTES + SharedEvent.BYTES;

    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

    private final SharedMemory block;
    private final MemorySegment memory;
    final SharedMutex mutex;
    final SharedSemaphore semaphore;
    final SharedReadWriteLock readWrite;
    final SharedEvent event;

    private Ground(SharedMemory block) {
        this.block = block;
        this.memory = block.segment();
        long at = FIELDS * 8L;
        mutex = SharedMutex.at(memory.asSlice(at));
        at += SharedMutex.BYTES;
        semaphore = SharedSemaphore.at(memory.asSlice(at), PERMITS);
        at += SharedSemaphore.BYTES;
        readWrite = SharedReadWriteLock.at(memory.asSlice(at));
        at += SharedReadWriteLock.BYTES;
        event = SharedEvent.at(memory.asSlice(at));
    }

    static Ground open(String name) {
        return new Ground(SharedMemory.openOrCreate(name, BYTES));
    }

    /** One that no other process sees. */
    static Ground own() {
        return new Ground(SharedMemory.anonymous(BYTES));
    }

    long getVolatile(int field) {
        return (long) LONG.getVolatile(memory, field * 8L);
    }

    void setVolatile(int field, long value) {
        LONG.setVolatile(memory, field * 8L, value);
    }

    void addVolatile(int field) {
        LONG.getAndAdd(memory, field * 8L, 1L);
    }

    /** Finishes the update that the redo record describes, if there is one. Guarded by the mutex. */
    void replay() {
        int owner = (int) getVolatile(REDO_OWNER) - 1;
        if (owner >= 0) {
            setVolatile(SUM, getVolatile(REDO_SUM));
            setVolatile(COUNTS + owner, getVolatile(REDO_COUNT));
            setVolatile(REDO_OWNER, 0);
        }
    }

    @Override
    public void close() {
        block.close();
    }
}
