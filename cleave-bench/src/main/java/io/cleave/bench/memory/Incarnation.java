package io.cleave.bench.memory;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * One block under torture: each that is ever made gets a stamp of its own, a name, and content that follows from the
 * stamp. The first one who is attached and claims it writes all of it; killed before the end, it stays unstamped.
 *
 * <pre>
 *  0  claim, 1 when somebody is writing or has written what follows
 *  8  stamp, written last
 * 16  1 + the number of the name
 * 24  1 when the name is being removed on purpose
 * 32  words that follow from the stamp, to the end
 * </pre>
 */
final class Incarnation {
    private static final long CLAIM_AT = 0;
    private static final long STAMP_AT = 8;
    private static final long NAME_AT = 16;
    private static final long UNLINKED_AT = 24;
    private static final long WORDS_AT = 32;
    private static final long MIXER = 0x9e37_79b9_7f4a_7c15L;
    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

    private final MemorySegment memory;

    Incarnation(MemorySegment memory) {
        this.memory = memory;
    }

    /** How large the blocks of a name are: from less than a page to several. */
    static long byteSize(int name) {
        return 512 + name * 4096L;
    }

    /** The stamp, or 0 where it has none yet. */
    long stampAcquire() {
        return (long) LONG.getAcquire(memory, STAMP_AT); // SYNC: stamp
    }

    /** Whether the caller is the one who has to stamp it. */
    boolean claimVolatile() {
        return LONG.compareAndSet(memory, CLAIM_AT, 0L, 1L);
    }

    void stampRelease(long stamp, int name) {
        LONG.set(memory, NAME_AT, name + 1L);
        for (long at = WORDS_AT; at < memory.byteSize(); at += 8) {
            LONG.set(memory, at, (stamp ^ at) * MIXER);
        }
        LONG.setRelease(memory, STAMP_AT, stamp); // SYNC: stamp
    }

    /** Whether a stamped block has the right size, name and content. */
    boolean isWhole(int name) {
        long stamp = stampAcquire();
        if (memory.byteSize() != byteSize(name) || (long) LONG.get(memory, NAME_AT) != name + 1L) {
            return false;
        }
        for (long at = WORDS_AT; at < memory.byteSize(); at += 8) {
            if ((long) LONG.get(memory, at) != (stamp ^ at) * MIXER) {
                return false;
            }
        }
        return true;
    }

    boolean unlinkedVolatile() {
        return (long) LONG.getVolatile(memory, UNLINKED_AT) != 0;
    }

    void unlinkedVolatile(boolean unlinked) {
        LONG.setVolatile(memory, UNLINKED_AT, unlinked ? 1L : 0L);
    }
}
