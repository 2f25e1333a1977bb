package io.cleave.heap;

import io.cleave.IncompatibleBlockException;
import java.lang.foreign.MemorySegment;

/** What a heap looks like when it is made, and what is refused when it is opened. */
final class HeapFormat {
    /** The least that a heap can be. */
    static final long LEAST_BYTES = 1 << 20;
    private static final int LEAST_CONTEXTS = 4;
    private static final int MOST_CONTEXTS = 64;
    /** For each so many bytes of a heap there is a context. */
    private static final long BYTES_PER_CONTEXT = 4 << 20;

    private HeapFormat() {
    }

    static int contexts(long maximum) {
        long wanted = Long.highestOneBit(Math.max(1, maximum / BYTES_PER_CONTEXT));
        return Math.clamp(wanted, LEAST_CONTEXTS, MOST_CONTEXTS);
    }

    static void format(HeapSpace space, long seed) {
        MemorySegment memory = space.memory();
        long maximum = memory.byteSize();
        if (maximum < LEAST_BYTES || memory.address() % HeapLayout.PAGE_BYTES != 0) {
            throw new IllegalArgumentException("a heap of " + maximum + " bytes at " + memory.address()
                    + "; it needs at least " + LEAST_BYTES + ", from the beginning of a page on");
        }
        int contexts = contexts(maximum);
        long tableAt = tableAt(maximum);
        long dataAt = dataAt(maximum);
        space.reserve(0, tableAt);
        HeapLayout.longPlain(memory, HeapLayout.MAXIMUM_AT, maximum);
        HeapLayout.longPlain(memory, HeapLayout.PAGE_BYTES_AT, HeapLayout.PAGE_BYTES);
        HeapLayout.longPlain(memory, HeapLayout.SEED_AT, seed);
        HeapLayout.longPlain(memory, HeapLayout.CONTEXTS_AT, contexts);
        HeapLayout.longPlain(memory, HeapLayout.TABLE_AT, tableAt);
        HeapLayout.longPlain(memory, HeapLayout.DATA_AT, dataAt);
        HeapLayout.longPlain(memory, HeapLayout.COMMITTED_AT, dataAt);
        HeapLayout.longPlain(memory, HeapLayout.MAGIC_AT, HeapLayout.MAGIC);
    }

    static void check(MemorySegment memory) {
        long magic = HeapLayout.longPlain(memory, HeapLayout.MAGIC_AT);
        if (magic != HeapLayout.MAGIC && magic << Byte.SIZE == HeapLayout.MAGIC << Byte.SIZE) {
            throw new IncompatibleBlockException("the heap has the format's version "
                    + (magic >>> HeapLayout.VERSION_SHIFT) + ", this version of Cleave reads version "
                    + (HeapLayout.MAGIC >>> HeapLayout.VERSION_SHIFT)
                    + "; remove the heap, or open it by the version of Cleave that made it");
        }
        if (magic != HeapLayout.MAGIC) {
            throw new IncompatibleBlockException(
                    "the heap begins with " + Long.toHexString(magic) + ", this version of "
                            + "Cleave reads heaps that begin with " + Long.toHexString(HeapLayout.MAGIC)
                            + "; remove it, or open it by the version that made it");
        }
        long maximum = HeapLayout.longPlain(memory, HeapLayout.MAXIMUM_AT);
        long contexts = HeapLayout.longPlain(memory, HeapLayout.CONTEXTS_AT);
        if (maximum < LEAST_BYTES || maximum != memory.byteSize() || contexts != contexts(maximum)
                || HeapLayout.longPlain(memory, HeapLayout.TABLE_AT) != tableAt(maximum)
                || HeapLayout.longPlain(memory, HeapLayout.DATA_AT) != dataAt(maximum)
                || !isCommitted(HeapLayout.longPlain(memory, HeapLayout.COMMITTED_AT), maximum)) {
            throw new IncompatibleBlockException("the heap's header is damaged: it speaks of " + maximum
                    + " bytes with "
                    + contexts + " contexts, in a block of " + memory.byteSize() + "; remove it, and make a new one");
        }
    }

    private static boolean isCommitted(long committed, long maximum) {
        return committed % HeapLayout.PAGE_BYTES == 0 && committed >= dataAt(maximum) && committed <= maximum;
    }

    static long tableAt(long maximum) {
        return HeapLayout.FIRST_CONTEXT_AT + contexts(maximum) * ContextLayout.BYTES;
    }

    static long dataAt(long maximum) {
        long pages = (maximum - tableAt(maximum)) / (HeapLayout.PAGE_BYTES + HeapLayout.ENTRY_BYTES) + 1;
        return (tableAt(maximum) + pages * HeapLayout.ENTRY_BYTES + HeapLayout.PAGE_BYTES - 1) & -HeapLayout.PAGE_BYTES;
    }
}
