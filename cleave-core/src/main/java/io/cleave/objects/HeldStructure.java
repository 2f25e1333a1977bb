package io.cleave.objects;

import io.cleave.heap.Change;
import io.cleave.heap.Check;
import io.cleave.heap.Heap;
import io.cleave.heap.HeapMemory;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * What an entry or an element has of the structure that it holds, in the place of a value's bytes.
 *
 * <pre>
 * offset of its header, 8 bytes | its generation, 8 bytes
 * </pre>
 */
final class HeldStructure {
    static final int BYTES = 16;
    /** How many structures can be one in the other. */
    static final int MOST_LEVELS = 16;
    /** How many structures one change can drop, beside some words and blocks of its own. */
    static final int MOST_DROPS = 16;

    private static final long GENERATION = 8;
    private static final VarHandle WORD = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private HeldStructure() {
    }

    /** Drops the structure, as a part of a change that takes its holder away. Under the lock of the loose ones. */
    static void drop(LooseLists loose, Change change, long at) {
        HeapMemory memory = loose.heap().memory();
        loose.drop(change, memory.getPlain(at), memory.getPlain(at + GENERATION));
    }

    /** Gives a structure that was made to who stores its bytes in a change. Under the lock of the loose ones. */
    static void adopt(LooseLists loose, Change change, byte[] bytes) {
        loose.adopt(change, (long) WORD.get(bytes, 0));
    }

    /** Drops a structure that was made and not stored. */
    static void discard(LooseLists loose, byte[] bytes) {
        loose.discard(header(bytes), generation(bytes));
    }

    /** Where the structure of such bytes is. */
    static long header(byte[] bytes) {
        return (long) WORD.get(bytes, 0);
    }

    static long generation(byte[] bytes) {
        return (long) WORD.get(bytes, (int) GENERATION);
    }

    /** A check that knows how many structures hold what it is told of. */
    private record Level(Check check, int level) implements Check {
        @Override
        public long reached(long block) {
            return check.reached(block);
        }

        @Override
        public void fault(String what) {
            check.fault(what);
        }
    }

    /**
     * Names all blocks of the structure.
     *
     * @param at where its holder has these bytes
     * @param length how many there are
     */
    static void walk(Heap heap, long at, long length, Check check) {
        HeapMemory memory = heap.memory();
        if (length != BYTES) {
            check.fault("what should hold a structure at " + at + " has " + length + " bytes");
            return;
        }
        long header = memory.getPlain(at);
        RootKind kind = RootLayout.isHeader(memory, header) ? RootLayout.kindOf(memory, header) : null;
        if (kind == null || memory.getPlain(header) != memory.getPlain(at + GENERATION)
                || RootLayout.isDropped(memory, header)) {
            check.fault("what holds a structure at " + at + " leads to " + header + ", which is none of its own");
            return;
        }
        int level = check instanceof Level inner ? inner.level + 1 : 1;
        if (level > MOST_LEVELS) {
            check.fault("the structure at " + header + " is held by more than " + MOST_LEVELS + " others");
            return;
        }
        kind.structure().walk(heap, header, new Level(check instanceof Level inner ? inner.check : check, level));
    }
}
