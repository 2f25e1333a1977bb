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

    /** What says who holds the object in a block with a header. */
    static Holders of(BlockHeader header) {
        return header.kind() == BlockKind.MUTEX.number() ? LOCK_WORD : NONE;
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
        static final long SEALED = ((1L << 36) - 1) << 2;
        private static final long PROCESS = -1L << 38;
        private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

        @Override
        public long byteSize() {
            return Long.BYTES;
        }

        @Override
        public boolean isHeld(MemorySegment content) {
            long word = (long) LONG.getAcquire(content, 0L);
            return word >>> 1 != 0 && word >>> 2 != SEALED >>> 2;
        }

        @Override
        public boolean isHeldBy(MemorySegment content, long process) {
            long word = (long) LONG.getAcquire(content, 0L);
            return process != 0 && (word & PROCESS) == process;
        }

        @Override
        public boolean seal(MemorySegment content) {
            long found = (long) LONG.compareAndExchange(content, 0L, 0L, SEALED);
            return found == 0 || found >>> 2 == SEALED >>> 2;
        }
    }
}
