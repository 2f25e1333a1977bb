package io.cleave.memory;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * What a block's content says of who holds the object in it. A name must not go while somebody does, though nobody may be
 * attached any more: the next to open it would get another object, and hold that.
 */
interface Holders {
    /** For kinds that nobody can hold. */
    Holders NONE = new Holders() {
        @Override
        public long byteSize() {
            return 0;
        }

        @Override
        public boolean isHeld(MemorySegment content) {
            return false;
        }

        @Override
        public boolean isHeldBy(MemorySegment content, long process) {
            return false;
        }

        @Override
        public boolean seal(MemorySegment content) {
            return true;
        }
    };

    /** For mutexes. */
    Holders LOCK_WORD = new OfLockWord();

    /** For semaphores: permits come back when their holder dies, so an orphan bears no news. */
    Holders SEMAPHORE = new OfTally(false);

    /** For read-write locks: the death of a writer is news, that of a reader is none. */
    Holders READ_WRITE_LOCK = new OfTally(true);

    /** What says who holds the object in a block with a header. One that is too small for the object has none. */
    static Holders of(BlockHeader header) {
        Holders holders = switch (BlockKind.of(header.kind())) {
            case MUTEX -> LOCK_WORD;
            case SEMAPHORE -> SEMAPHORE;
            case READ_WRITE_LOCK -> READ_WRITE_LOCK;
            default -> NONE;
        };
        return header.byteSize() < holders.byteSize() ? NONE : holders;
    }

    /** How many bytes of the content the answers depend on; 0 where they depend on none. */
    long byteSize();

    /**
     * Whether somebody holds the object, or its holder has died, or it bears the news of that.
     *
     * @param content the object's memory, or a copy of its first {@link #byteSize} bytes
     */
    boolean isHeld(MemorySegment content);

    /**
     * Whether a process holds the object.
     *
     * @param process a process as the object's owners have it, in the highest 26 bits
     */
    boolean isHeldBy(MemorySegment content, long process);

    /**
     * Makes sure that nobody will ever hold the object, unless somebody does.
     *
     * @param content the object's memory
     * @return false where somebody holds it
     */
    boolean seal(MemorySegment content);

    /** A lock in one word, which is 0, or the lowest bit alone, where nobody holds it and there is no news. */
    final class OfLockWord implements Holders {
        /** An owner that no process can be: slot 0, which none takes, and the greatest number of a thread. */
        static final long SEALED = ((1L << 35) - 1) << 3;
        private static final long PROCESS = -1L << 38;
        private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

        @Override
        public long byteSize() {
            return Long.BYTES;
        }

        @Override
        public boolean isHeld(MemorySegment content) {
            long word = (long) LONG.getAcquire(content, 0L);
            return word >>> 1 != 0 && word >>> 3 != SEALED >>> 3;
        }

        @Override
        public boolean isHeldBy(MemorySegment content, long process) {
            long word = (long) LONG.getAcquire(content, 0L);
            return process != 0 && (word & PROCESS) == process;
        }

        @Override
        public boolean seal(MemorySegment content) {
            long found = (long) LONG.compareAndExchange(content, 0L, 0L, SEALED);
            return found == 0 || found >>> 3 == SEALED >>> 3;
        }
    }

    /**
     * A tally: a word with what is available and what the last to change its share holds, and a table of members with what
     * the others hold. A test holds these offsets and bits against the layout of the objects.
     */
    final class OfTally implements Holders {
        static final long MARK = 1L << 62;
        static final long AVAILABLE = 0xffffL << 43;
        static final long LAST = 0xffL << 35;
        static final long HELD = 0x3ffL << 25;
        static final long VERSION = (1L << 25) - 1;
        static final long DIED_AT = 104;
        static final long MEMBERS_AT = 128;
        static final long STRIDE = 16;
        static final long SEATS = 248;
        /** Nothing is available, by far, and it is nobody's. */
        static final long SEALED = MARK | 0x8001L << 43;
        private static final long PROCESS = -1L << 38;
        private static final int LAST_SHIFT = 35;
        private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

        private final boolean hasWriter;

        OfTally(boolean hasWriter) {
            this.hasWriter = hasWriter;
        }

        @Override
        public long byteSize() {
            return MEMBERS_AT + SEATS * STRIDE;
        }

        private static long word(MemorySegment content, long at) {
            return (long) LONG.getAcquire(content, at);
        }

        private static boolean isSealed(long state) {
            return (state & (MARK | AVAILABLE | LAST)) == SEALED;
        }

        @Override
        public boolean isHeld(MemorySegment content) {
            long state = word(content, 0);
            return hasWriter && !isSealed(state) && ((state & MARK) != 0 || word(content, DIED_AT) != 0);
        }

        @Override
        public boolean isHeldBy(MemorySegment content, long process) {
            long state = word(content, 0);
            for (int seat = 0; process != 0 && seat < SEATS; seat++) {
                long at = MEMBERS_AT + seat * STRIDE;
                long member = word(content, at);
                if ((member & PROCESS) == process) {
                    boolean isLast = (state & LAST) >>> LAST_SHIFT == seat + 1;
                    boolean writes = hasWriter && isLast && (state & MARK) != 0;
                    return writes || ((isLast ? state : member) & HELD) != 0 || word(content, at + Long.BYTES) != 0;
                }
            }
            return false;
        }

        @Override
        public boolean seal(MemorySegment content) {
            long state = word(content, 0);
            while (!isSealed(state)) {
                boolean isInUse = isHeld(content) || isHeldByAny(content, state);
                if (isInUse) {
                    return false;
                }
                long found = (long) LONG.compareAndExchange(content, 0L, state, SEALED | (state + 1 & VERSION));
                if (found == state) {
                    return true;
                }
                state = found;
            }
            return true;
        }

        private static boolean isHeldByAny(MemorySegment content, long state) {
            boolean isHeld = (state & HELD) != 0;
            for (int seat = 0; !isHeld && seat < SEATS; seat++) {
                long at = MEMBERS_AT + seat * STRIDE;
                boolean isLast = (state & LAST) >>> LAST_SHIFT == seat + 1;
                isHeld = (!isLast && (word(content, at) & HELD) != 0) || word(content, at + Long.BYTES) != 0;
            }
            return isHeld;
        }
    }
}
