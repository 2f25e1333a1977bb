package io.cleave.objects;

import io.cleave.heap.HeapMemory;
import java.lang.invoke.VarHandle;

/**
 * The layout of a list in a heap.
 *
 * <pre>
 * header       0                8                16               24
 *              +----------------+----------------+----------------+----------------+
 *            0 | as {@link RootLayout} says                       | version        |
 *              +----------------+----------------+----------------+----------------+
 *           32 | schema         | print          | spare kind     | holds          |
 *              +----------------+----------------+----------------+----------------+
 *           64 | state for even versions: tree   | count          | tail | tail end |
 *              +----------------+----------------+----------------+----------------+
 *           96 | state for odd versions                                            |
 *              +----------------+----------------+----------------+----------------+
 *          128 | spare tree     | spare count    | stripes, 8 words                |
 *              +----------------+----------------+---------------------------------+
 *          224 |                | sets           |                | lock           |
 *              +----------------+----------------+
 *
 * tree         offset of its root, a multiple of 16 | height, 3 bits | irregular, 1 bit; 0 where the list is empty
 *
 * tail         where the last leaf would have the list's element 0
 * tail end     the number of elements with which the last leaf is full
 *
 * node         128 words: its children, each an offset | irregular, 1 bit
 *              128 words, only in an irregular one: the end of each child, counted from the node's first element; for the
 *              last child, and behind it, {@link #NO_END}
 *
 * leaf         2048 bytes: elements of 4 or 8 bytes each; less, a power of 2 of at least 64, where the list has one leaf
 * </pre>
 *
 * A node is regular where all its children but the last are full, and all are regular: so the number of an element says
 * where it is. A list that has only grown at its end has only such nodes.
 */
final class ListLayout {
    static final long GENERATION = RootLayout.GENERATION_IN_HEADER;
    static final long VERSION = RootLayout.OWN_IN_HEADER;
    static final long SCHEMA = 32;
    static final long PRINT = 40;
    static final long SPARE_KIND = 48;
    /** Not 0 where elements that are not null are structures: {@link HeldStructure}. */
    static final long HOLDS = 56;
    static final long FIRST_STATE = 64;
    static final long STATE_BYTES = 32;
    static final long SPARE_TREE = 128;
    static final long SPARE_COUNT = 136;
    static final long FIRST_STRIPE = 144;
    static final int STRIPES = 8;
    static final long OWN_END = 208;
    /** How many elements were set by a store into their slot alone. It may begin with any number. */
    static final long SETS = 232;
    /** As in all headers. */
    static final long LOCK = MapLayout.LOCK;

    static final long TREE_IN_STATE = 0;
    static final long COUNT_IN_STATE = 8;
    static final long TAIL_IN_STATE = 16;
    static final long TAIL_END_IN_STATE = 24;
    /** The count of a list that was dropped. */
    static final long ENDED = -1;

    /** There is no spare tree. */
    static final long NO_SPARE = 0;
    /** The spare tree has elements that the list has too, or had. */
    static final long SPARE_NODES = 1;
    /** The spare tree's elements are no others'. */
    static final long SPARE_ELEMENTS = 2;

    static final int LEAF_SHIFT = 11;
    static final int LEAF_BYTES = 1 << LEAF_SHIFT;
    static final int LEAST_LEAF_BYTES = 64;
    static final int FANOUT_SHIFT = 7;
    static final int FANOUT = 1 << FANOUT_SHIFT;
    static final long ENDS_IN_NODE = FANOUT * (long) Long.BYTES;
    static final long REGULAR_BYTES = ENDS_IN_NODE;
    static final long IRREGULAR_BYTES = 2 * ENDS_IN_NODE;
    static final long NO_END = Long.MAX_VALUE;
    static final long IRREGULAR = 1;

    private static final int HEIGHT_SHIFT = 1;
    private static final int HEIGHT_MASK = 7;
    private static final long OFFSET_MASK = -16;

    private ListLayout() {
    }

    static long versionAcquire(HeapMemory memory, long header) {
        return memory.getAcquire(header + VERSION);
    }

    static long generationAcquire(HeapMemory memory, long header) {
        return memory.getAcquire(header + GENERATION);
    }

    /** The look whether what was read before is of a version. */
    static boolean isCurrent(HeapMemory memory, long header, long version) {
        VarHandle.loadLoadFence(); // what was read comes before the look
        return memory.getOpaque(header + VERSION) == version; // SYNC: list-version
    }

    /** Where the state for a version lies. */
    static long stateAt(long header, long version) {
        return header + FIRST_STATE + (version & 1) * STATE_BYTES;
    }

    /** Where the version lies that is raised when a slot gets or loses a block. */
    static long stripeAt(long header, long slotAt) {
        return header + FIRST_STRIPE + (slotAt >>> LEAF_SHIFT & STRIPES - 1) * Long.BYTES;
    }

    static long tree(long root, int height) {
        return root | (long) height << HEIGHT_SHIFT;
    }

    static int height(long tree) {
        return (int) (tree >>> HEIGHT_SHIFT) & HEIGHT_MASK;
    }

    /** The word that a parent would have for a tree's root. */
    static long root(long tree) {
        return tree & (OFFSET_MASK | IRREGULAR);
    }

    /** The offset of a tree's root, or of a child. */
    static long offset(long word) {
        return word & OFFSET_MASK;
    }

    static boolean isIrregular(long word) {
        return (word & IRREGULAR) != 0;
    }

    static long childAt(long node, long index) {
        return offset(node) + index * Long.BYTES;
    }

    static long endAt(long node, long index) {
        return offset(node) + ENDS_IN_NODE + index * Long.BYTES;
    }

    /** Which child of an irregular node has an element; any number from 0 to 127 where the node is rubbish. */
    static int childWith(HeapMemory memory, long node, long element, int shift) {
        long least = element >>> shift; // no child has more
        int low = (int) Math.min(least, FANOUT - 1) & FANOUT - 1;
        int high = FANOUT - 1;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (memory.getPlain(endAt(node, middle)) > element) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }
}
