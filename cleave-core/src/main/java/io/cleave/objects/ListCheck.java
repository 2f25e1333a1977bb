package io.cleave.objects;

import io.cleave.heap.Check;
import io.cleave.heap.Heap;
import io.cleave.heap.HeapMemory;

/** The walk of {@link Heap#verify} through a list. */
final class ListCheck {
    private final Heap heap;
    private final HeapMemory memory;
    private final SlotKind kind;
    private final boolean isHolding;
    private final Check check;

    private ListCheck(Heap heap, long header, SlotKind kind, Check check) {
        this.heap = heap;
        this.memory = heap.memory();
        this.isHolding = memory.getPlain(header + ListLayout.HOLDS) != 0;
        this.kind = kind;
        this.check = check;
    }

    /**
     * Names all blocks of a list.
     *
     * @param header its header, which may be any number
     */
    static void walk(Heap heap, long header, SlotKind kind, Check check) {
        if (check.reached(header) >= Heap.HEADER_BYTES) {
            new ListCheck(heap, header, kind, check).walk(header);
        }
    }

    private void walk(long header) {
        long schema = memory.getPlain(header + ListLayout.SCHEMA);
        if (schema != 0) {
            long _ = check.reached(schema);
        }
        long stateAt = ListLayout.stateAt(header, memory.getPlain(header + ListLayout.VERSION));
        long tree = memory.getPlain(stateAt + ListLayout.TREE_IN_STATE);
        long count = memory.getPlain(stateAt + ListLayout.COUNT_IN_STATE);
        boolean hasNone = count == 0 || count == ListLayout.ENDED;
        if (hasNone != (tree == 0) || count < ListLayout.ENDED) {
            check.fault("the list at " + header + " has " + count + " elements, and its tree is " + tree);
        } else {
            walkTree(tree, count, kind == SlotKind.VALUES);
            walkTail(stateAt, tree, count);
        }
        long spareKind = memory.getPlain(header + ListLayout.SPARE_KIND);
        if (spareKind != ListLayout.NO_SPARE) {
            walkTree(memory.getPlain(header + ListLayout.SPARE_TREE), memory.getPlain(header + ListLayout.SPARE_COUNT),
                    kind == SlotKind.VALUES && spareKind == ListLayout.SPARE_ELEMENTS);
        }
    }

    private void walkTail(long stateAt, long tree, long count) {
        long tailEnd = memory.getPlain(stateAt + ListLayout.TAIL_END_IN_STATE);
        if (tree != 0 && (tailEnd < count || tailEnd - count >= 1L << kind.leafShift())) {
            check.fault("the last leaf is full with element " + tailEnd + " of a list of " + count);
        }
    }

    private void walkTree(long tree, long count, boolean hasBlocks) {
        if (tree != 0 && count > 0) {
            walk(ListLayout.root(tree), ListLayout.height(tree), count, hasBlocks);
        }
    }

    private void walk(long node, int height, long count, boolean hasBlocks) {
        long size = check.reached(ListLayout.offset(node));
        if (height == 0) {
            walkLeaf(node, size, count, hasBlocks);
            return;
        }
        if (size < (ListLayout.isIrregular(node) ? ListLayout.IRREGULAR_BYTES : ListLayout.REGULAR_BYTES)) {
            if (size != 0) {
                check.fault("the node at " + node + " of a list has " + size + " bytes");
            }
            return;
        }
        int shift = kind.leafShift() + (height - 1) * ListLayout.FANOUT_SHIFT;
        long start = 0;
        for (int i = 0; i < ListLayout.FANOUT && start < count; i++) {
            long end = ListLayout.isIrregular(node) ? memory.getPlain(ListLayout.endAt(node, i)) : (i + 1L) << shift;
            boolean isLast = end == ListLayout.NO_END;
            if (end <= start || (!isLast && end - start > 1L << shift)) {
                check.fault("child " + i + " of the node at " + node + " begins with element " + start
                        + " and ends with " + end);
                return;
            }
            end = Math.min(end, count);
            walk(memory.getPlain(ListLayout.childAt(node, i)), height - 1, end - start, hasBlocks);
            start = end;
        }
        if (start != count) {
            check.fault("the node at " + node + " has " + start + " elements of " + count);
        }
    }

    private void walkLeaf(long leaf, long size, long count, boolean hasBlocks) {
        if (count << kind.widthShift() > size) {
            if (size != 0) {
                check.fault("the leaf at " + leaf + " has " + count + " elements in " + size + " bytes");
            }
            return;
        }
        for (long i = 0; i < count && hasBlocks; i++) {
            long word = memory.getPlain(leaf + i * Long.BYTES);
            if (word == StoredValue.NOTHING) {
                check.fault("element " + i + " of the leaf at " + leaf + " is missing");
            }
            StoredValue.walk(memory, word, check);
            if (isHolding && word != StoredValue.NULL) {
                StoredValue.walkStructure(heap, word, check);
            }
        }
    }
}
