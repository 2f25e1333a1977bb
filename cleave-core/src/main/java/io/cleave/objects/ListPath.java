package io.cleave.objects;

import io.cleave.heap.HeapMemory;

/** The way from the root of a list's tree to one of its leaves. */
final class ListPath {
    private static final int MOST_HEIGHT = 8;

    private final HeapMemory memory;
    private final long header;
    private final int leafShift;
    private final int widthShift;
    private final long[] nodes = new long[MOST_HEIGHT];
    private final long[] starts = new long[MOST_HEIGHT];
    private int height;
    private long end;

    /** A way to nowhere. */
    ListPath(HeapMemory memory, long header, SlotKind kind) {
        this.memory = memory;
        this.header = header;
        this.leafShift = kind.leafShift();
        this.widthShift = kind.widthShift();
    }

    /**
     * Finds the leaf with an element.
     *
     * @param version after each step it is looked whether the list still has it
     * @param count how many the tree has, at least one more than the element's number
     * @return false where the list has another version
     * @throws io.cleave.IncompatibleBlockException where it has not, and the way leads to no leaf with the element
     */
    boolean find(long version, long tree, long count, long element) {
        height = ListLayout.height(tree);
        long node = ListLayout.root(tree);
        long start = 0;
        end = count;
        for (int level = height; level > 0; level--) {
            nodes[level] = ListLayout.offset(node);
            starts[level] = start;
            require(nodes[level], ListLayout.isIrregular(node) ? ListLayout.IRREGULAR_BYTES : ListLayout.REGULAR_BYTES);
            int shift = leafShift + (level - 1) * ListLayout.FANOUT_SHIFT;
            long index;
            if (ListLayout.isIrregular(node)) {
                index = ListLayout.childWith(memory, node, element - start, shift);
                long childEnd = memory.getPlain(ListLayout.endAt(node, index));
                end = childEnd == ListLayout.NO_END ? end : start + childEnd;
                start += index == 0 ? 0 : memory.getPlain(ListLayout.endAt(node, index - 1));
            } else {
                index = (element - start) >>> shift & ListLayout.FANOUT - 1;
                start += index << shift;
                end = Math.min(end, start + (1L << shift));
            }
            node = memory.getPlain(ListLayout.childAt(node, index));
            if (!ListLayout.isCurrent(memory, header, version)) {
                return false;
            }
        }
        nodes[0] = ListLayout.offset(node);
        starts[0] = start;
        if (element < start || element >= end || end - start > 1L << leafShift) {
            throw SlotList.damaged("element " + element + " would be in a leaf from " + start + " to " + end);
        }
        require(nodes[0], (end - start) << widthShift);
        return true;
    }

    private void require(long at, long bytes) {
        if (!memory.isCommitted(at, bytes)) {
            throw SlotList.damaged("its tree leads to " + at);
        }
    }

    int height() {
        return height;
    }

    /** The node of a level on the way; that of level 0 is the leaf. */
    long node(int level) {
        return nodes[level];
    }

    /** The number of the first element below that node. */
    long start(int level) {
        return starts[level];
    }

    long leaf() {
        return nodes[0];
    }

    /** The number of the leaf's first element. */
    long leafStart() {
        return starts[0];
    }

    /** The number of the first element behind the leaf. */
    long leafEnd() {
        return end;
    }
}
