package io.cleave.memory;

/** What a block holds. */
public enum BlockKind {
    /** A kind that this version of Cleave does not know; {@link BlockInfo#note()} gives its number. */
    UNKNOWN(0),
    /** Plain bytes, as {@link SharedMemory} makes them. */
    MEMORY(1),
    /** A value that was handed over, {@code io.cleave.share.Share}. */
    VALUE(2),
    /** A heap of live objects, {@code io.cleave.objects.SharedHeap}. Its size is what it may grow to. */
    HEAP(3),
    /** A lock, {@code io.cleave.sync.SharedMutex}. */
    MUTEX(16),
    /** A read-write lock, {@code io.cleave.sync.SharedReadWriteLock}. */
    READ_WRITE_LOCK(17),
    /** A counter of permits, {@code io.cleave.sync.SharedSemaphore}. */
    SEMAPHORE(18),
    /** A flag to wait for, {@code io.cleave.sync.SharedEvent}. */
    EVENT(19),
    /** A count that goes down to zero, {@code io.cleave.sync.SharedCountDownLatch}. */
    LATCH(20),
    /** A meeting point, {@code io.cleave.sync.SharedBarrier}. */
    BARRIER(21),
    /** A number of 32 bits, {@code io.cleave.sync.SharedAtomicInt}. */
    ATOMIC_INT(22),
    /** A number of 64 bits, {@code io.cleave.sync.SharedAtomicLong}. */
    ATOMIC_LONG(23);

    private final int number;

    BlockKind(int number) {
        this.number = number;
    }

    /** The number in the header. */
    int number() {
        return number;
    }

    /** The kind that a header's number stands for. */
    static BlockKind of(int number) {
        for (BlockKind kind : values()) {
            if (kind.number == number) {
                return kind;
            }
        }
        return UNKNOWN;
    }
}
