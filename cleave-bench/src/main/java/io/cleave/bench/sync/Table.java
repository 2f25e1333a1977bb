package io.cleave.bench.sync;

import io.cleave.bench.sync.PingPong.Means;
import io.cleave.memory.SharedMemory;
import io.cleave.sync.SharedEvent;
import io.cleave.sync.SharedMutex;
import io.cleave.sync.SharedSemaphore;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;

/** What {@link PingPong} is played on: the means by which two parties wake each other, and the count of rounds. */
final class Table implements AutoCloseable {
    private static final long ROUNDS_AT = 0;
    private static final long IS_OVER_AT = 8;
    /** Guarded by the mutex: whose turn it is. */
    private static final long TURN_AT = 16;
    private static final long OBJECTS_AT = 64;
    private static final long OBJECT_BYTES = 1024;
    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
    /** Longer means never. */
    private static final long PATIENCE_SECONDS = 30;

    private final SharedMemory block;
    private final MemorySegment memory;
    private final SharedMutex mutex;
    private final SharedSemaphore[] semaphores = new SharedSemaphore[2];
    private final SharedEvent[] events = new SharedEvent[2];

    private Table(SharedMemory block) {
        this.block = block;
        this.memory = block.segment();
        mutex = SharedMutex.at(object(0));
        for (int party = 0; party < 2; party++) {
            semaphores[party] = SharedSemaphore.at(object(1 + party));
            events[party] = SharedEvent.at(object(3 + party));
        }
    }

    static Table open(String name) {
        return new Table(SharedMemory.openOrCreate(name, OBJECTS_AT + 5 * OBJECT_BYTES));
    }

    private MemorySegment object(int index) {
        return memory.asSlice(OBJECTS_AT + index * OBJECT_BYTES, OBJECT_BYTES);
    }

    long rounds() {
        return (long) LONG.getVolatile(memory, ROUNDS_AT);
    }

    void rounds(long rounds) {
        LONG.setVolatile(memory, ROUNDS_AT, rounds);
    }

    boolean isOver() {
        return (long) LONG.getVolatile(memory, IS_OVER_AT) != 0;
    }

    /** Says that the next ball is the last. */
    void end() {
        LONG.setVolatile(memory, IS_OVER_AT, 1L);
    }

    /** Gives the turn to a party. */
    void wake(Means means, int party) {
        switch (means) {
            case SEMAPHORE -> semaphores[party].release();
            case EVENT -> events[party].set();
            case CONDITION -> {
                mutex.lock();
                try {
                    LONG.set(memory, TURN_AT, party + 1L);
                    mutex.condition(party).signal();
                } finally {
                    mutex.unlock();
                }
            }
        }
    }

    /** Waits for the turn, and takes it; false where it has not come. */
    boolean await(Means means, int party) throws InterruptedException {
        return switch (means) {
            case SEMAPHORE -> {
                boolean hasCome = semaphores[party].tryAcquire(PATIENCE_SECONDS, TimeUnit.SECONDS);
                if (hasCome) {
                    semaphores[party].disown(1);
                }
                yield hasCome;
            }
            case EVENT -> {
                boolean hasCome = events[party].await(Duration.ofSeconds(PATIENCE_SECONDS));
                events[party].clear();
                yield hasCome;
            }
            case CONDITION -> awaitTurn(party);
        };
    }

    private boolean awaitTurn(int party) throws InterruptedException {
        Condition condition = mutex.condition(party);
        mutex.lock();
        try {
            boolean isInTime = true;
            while ((long) LONG.get(memory, TURN_AT) != party + 1L && isInTime) {
                isInTime = condition.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
            }
            LONG.set(memory, TURN_AT, 0L);
            return isInTime;
        } finally {
            mutex.unlock();
        }
    }

    @Override
    public void close() {
        block.close();
    }
}
