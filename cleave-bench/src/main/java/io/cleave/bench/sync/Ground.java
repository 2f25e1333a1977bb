package io.cleave.bench.sync;

import io.cleave.memory.SharedMemory;
import io.cleave.sync.SharedBarrier;
import io.cleave.sync.SharedCountDownLatch;
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
    static final int PARTIES = 2;
    /** The latch never opens: its count says how often it was counted down. */
    static final int COUNT = Integer.MAX_VALUE;

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
    /** How often somebody was stopped. */
    static final int STOPS = 12;
    /** One for each worker's place: how many updates were made there. */
    static final int COUNTS = 16;
    /** One for each worker's place: how many steps its worker has done. */
    static final int STEPS = 32;
    /** One for each worker's place: how many count-downs of the latch were begun there. */
    static final int BEGUN = 48;
    /** One for each worker's place: how many count-downs of the latch were done there. */
    static final int DONE = 64;
    private static final int FIELDS = 80;
    private static final long BYTES = FIELDS * 8L;
    /** The place of each object in a block that holds them all. */
    private static final long OBJECT_BYTES = 1024;
    private static final int OBJECTS = 6;
    /** How many blocks it has: one for each object, and one for the numbers. */
    static final int BLOCKS = OBJECTS + 1;

    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

    private final SharedMemory block;
    private final MemorySegment memory;
    final Objects objects;

    /** A handle on each of the objects. */
    record Objects(SharedMutex mutex, SharedSemaphore semaphore, SharedReadWriteLock readWrite, SharedEvent event,
            SharedBarrier barrier, SharedCountDownLatch latch) implements AutoCloseable {
        static Objects named(String name) {
            return new Objects(SharedMutex.named(name + "-mutex"), SharedSemaphore.named(name + "-semaphore", PERMITS),
                    SharedReadWriteLock.named(name + "-lock"), SharedEvent.named(name + "-event"),
                    SharedBarrier.named(name + "-barrier", PARTIES),
                    SharedCountDownLatch.named(name + "-latch", COUNT));
        }

        static Objects at(MemorySegment memory) {
            return new Objects((SharedMutex) one(0, memory), (SharedSemaphore) one(1, memory),
                    (SharedReadWriteLock) one(2, memory), SharedEvent.at(place(OBJECTS - 1, memory)),
                    (SharedBarrier) one(3, memory), (SharedCountDownLatch) one(4, memory));
        }

        /** Attaches to one of the objects that know their owners. */
        static Object one(int index, MemorySegment memory) {
            MemorySegment place = place(index, memory);
            return switch (index) {
                case 0 -> SharedMutex.at(place);
                case 1 -> SharedSemaphore.at(place, PERMITS);
                case 2 -> SharedReadWriteLock.at(place);
                case 3 -> SharedBarrier.at(place, PARTIES);
                case 4 -> SharedCountDownLatch.at(place, COUNT);
                default -> throw new IllegalArgumentException("there are " + OBJECTS + " objects, not " + index);
            };
        }

        private static MemorySegment place(int index, MemorySegment memory) {
            return memory.asSlice(index * OBJECT_BYTES, OBJECT_BYTES);
        }

        @Override
        public void close() {
            mutex.close();
            semaphore.close();
            readWrite.close();
            event.close();
            barrier.close();
            latch.close();
        }
    }

    private Ground(SharedMemory block, Objects objects) {
        this.block = block;
        this.memory = block.segment();
        this.objects = objects;
    }

    static Ground open(String name) {
        return new Ground(SharedMemory.openOrCreate(name, BYTES), Objects.named(name));
    }

    /** One that no other process sees. */
    static Ground own() {
        SharedMemory block = SharedMemory.anonymous(BYTES + OBJECTS * OBJECT_BYTES);
        return new Ground(block, Objects.at(block.segment().asSlice(BYTES)));
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

    /** Makes good what somebody has left half done who died with the mutex. The caller holds it. */
    void repair(boolean hasDied) {
        if (hasDied) {
            replay();
            setVolatile(INSIDE, 0);
            objects.mutex().consistent();
        }
    }

    /** The sum of what all workers' places have in a field. */
    long sum(int field) {
        long sum = 0;
        for (int worker = 0; worker < WORKERS; worker++) {
            sum += getVolatile(field + worker);
        }
        return sum;
    }

    @Override
    public void close() {
        objects.close();
        block.close();
    }
}
