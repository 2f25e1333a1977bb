package io.cleave.sync;

import io.cleave.memory.BlockKind;
import io.cleave.memory.raw.Proof;
import java.io.Serial;
import java.io.Serializable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A named object on its way to another process, in a task of a pool or a value: its kind and its name. It is opened there
 * by these, where somebody still has it.
 *
 * @param kind what it is
 * @param name its name
 * @param isSignal whether a semaphore is one whose permits belong to nobody
 */
record ByName(BlockKind kind, String name, boolean isSignal) implements Serializable {
    /** As much as any object needs. */
    private static final long MOST_BYTES = TallyLayout.NAMED_BYTES;

    @Serial
    private Object readResolve() {
        if (Proof.isUnderWay()) {
            return make(Arena.ofAuto().allocate(MOST_BYTES, Long.BYTES), Named.none());
        }
        return Named.openExisting(name, kind, this::make);
    }

    private int parties(MemorySegment memory) {
        int parties = (int) new SharedWords(memory).get(BarrierLayout.PARTIES_AT);
        if (parties == 0 && !Proof.isUnderWay()) {
            throw new IllegalStateException(
                    "the barrier " + name + " has no parties yet: it is being made anew, or who "
                            + "made it has died; open it with its parties");
        }
        return Math.max(1, parties);
    }

    private Object make(MemorySegment memory, Named named) {
        return switch (kind) {
            case MUTEX -> new SharedMutex(memory, named);
            case SEMAPHORE ->
                new SharedSemaphore(new SemaphoreState(memory, TallyLayout.NAMED_SEATS, named), !isSignal);
            case READ_WRITE_LOCK -> new SharedReadWriteLock(memory, TallyLayout.NAMED_SEATS, named);
            case EVENT -> new SharedEvent(memory, named);
            case LATCH -> new SharedCountDownLatch(memory, named, LatchLayout.NAMED_MEMBERS, -1);
            case BARRIER -> new SharedBarrier(memory, named, BarrierLayout.NAMED_MEMBERS,
                    parties(memory));
            case ATOMIC_INT -> new SharedAtomicInt(memory, named);
            case ATOMIC_LONG -> new SharedAtomicLong(memory, named);
            default -> throw new IllegalArgumentException("no object of this package is a " + kind);
        };
    }
}
