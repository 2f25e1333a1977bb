package io.cleave.objects;

import io.cleave.HeapFullException;
import io.cleave.heap.Change;
import io.cleave.heap.Heap;
import io.cleave.heap.HeapMemory;
import java.lang.foreign.MemorySegment;

/** What changes a list's slots, for who holds its lock; see {@link SlotList}. */
final class SlotChanges {
    /** How many bytes of slots one change can insert. */
    static final int MOST_INSERTED_BYTES = 4 * ListLayout.LEAF_BYTES;
    /** How many blocks of values one change can allocate, or free, beside those of the tree. */
    static final int MOST_BLOCKS = 10;

    private final Heap heap;
    private final HeapMemory memory;
    private final long header;
    private final SlotList list;
    private final SlotKind kind;
    private final int widthShift;
    private final ListTree trees;
    private final ListSpare spare;
    private final ListPath path;

    SlotChanges(SlotList list) {
        this.list = list;
        this.heap = list.heap();
        this.memory = list.memory();
        this.header = list.header();
        this.kind = list.kind();
        this.widthShift = kind.widthShift();
        this.trees = new ListTree(memory, kind);
        this.spare = new ListSpare(heap, header, kind);
        this.path = new ListPath(memory, header, kind);
    }

    /** Frees what one who died has left beside the list. */
    void finish() {
        if (spare.isThere()) {
            boolean _ = spare.free(SweepLimit.all());
        }
    }

    private long stateAt() {
        return ListLayout.stateAt(header, ListLayout.versionAcquire(memory, header));
    }

    private long tree() {
        return memory.getPlain(stateAt() + ListLayout.TREE_IN_STATE);
    }

    long count() {
        return memory.getPlain(stateAt() + ListLayout.COUNT_IN_STATE);
    }

    /** Where an element has its slot. */
    long slotAt(long index) {
        return list.slotAt(index);
    }

    /** The number of the first element of the leaf with an element that is there. */
    long leafStart(long index) {
        boolean _ = path.find(ListLayout.versionAcquire(memory, header), tree(), count(), index);
        return path.leafStart();
    }

    /** How many more elements the last leaf has room for. */
    long room() {
        return Math.min(memory.getPlain(stateAt() + ListLayout.TAIL_END_IN_STATE), Integer.MAX_VALUE) - count();
    }

    private long tailAt(long index) {
        return memory.getPlain(stateAt() + ListLayout.TAIL_IN_STATE) + (index << widthShift);
    }

    /**
     * Adds an element without a block at the end, where the last leaf has room.
     *
     * @return whether it has
     */
    boolean appendInPlace(long bits) {
        if (room() <= 0) {
            return false;
        }
        long count = count();
        if (widthShift == 2) {
            memory.setIntOpaque(tailAt(count), (int) bits);
        } else {
            memory.setOpaque(tailAt(count), bits);
        }
        memory.setRelease(stateAt() + ListLayout.COUNT_IN_STATE, count + 1); // SYNC: list-count
        return true;
    }

    /**
     * Inserts elements, as a part of a change that allocates their blocks.
     *
     * @param index before which; the number of elements for the end, where not more than the last leaf has {@link #room}
     *        for are inserted if it has any
     * @param elements their slots, at most {@link #MOST_INSERTED_BYTES}
     */
    void insert(Change change, long index, byte[] elements) {
        long count = count();
        int inserted = elements.length >>> widthShift;
        if (count + inserted > Integer.MAX_VALUE) {
            throw new IllegalStateException("the list has " + count + " elements, and " + inserted
                    + " more are more than 2^31-1; use several lists");
        }
        if (index == count && inserted <= room()) {
            memory.copyIn(elements, 0, tailAt(count), elements.length); // nobody reads there yet
            HeapMemory.stored();
            change.set(stateAt() + ListLayout.COUNT_IN_STATE, count + inserted); // SYNC: list-count
        } else {
            replace(change, index, 0, elements);
        }
    }

    /**
     * Replaces elements of one leaf by others, as a part of a change that frees and allocates their blocks.
     *
     * @param from the first to go
     * @param removed how many
     * @param elements the slots of those that come
     */
    void replace(Change change, long from, int removed, byte[] elements) {
        long count = count();
        long left = count - removed + (elements.length >>> widthShift);
        if (elements.length == 0 && from + removed == count && from > leafStart(count - 1)) {
            publish(change, tree(), left);
        } else {
            publish(change, trees.replace(change, tree(), count, from, removed, elements), left);
        }
    }

    /** Removes all elements, which with their blocks become the spare tree. */
    void clear() {
        if (count() == 0) {
            return;
        }
        try (Change change = heap.change()) {
            spare.set(change, ListLayout.SPARE_ELEMENTS, tree(), count());
            publish(change, 0, 0);
            change.commit();
        }
        finish();
    }

    /**
     * Puts as many other slots in the place of all, by one change. Blocks are none of its business: they are the same.
     *
     * @param slots the new ones, in the order of the machine
     */
    void replaceAll(MemorySegment slots) {
        try {
            replaceAllOnce(slots);
        } catch (HeapFullException e) {
            if (!heap.makeRoom()) {
                throw e;
            }
            replaceAllOnce(slots);
        }
    }

    private void replaceAllOnce(MemorySegment slots) {
        boolean isDone = false;
        try {
            long bytes = slots.byteSize();
            for (long at = 0; at < bytes; at += ListLayout.LEAF_BYTES) {
                long length = Math.min(ListLayout.LEAF_BYTES, bytes - at);
                try (Change change = heap.change()) {
                    long leaf = change.allocate(bytes > length ? ListLayout.LEAF_BYTES : ListTree.leafBytes(length));
                    memory.copyIn(slots, at, leaf, length);
                    long tree = at == 0 ? 0 : spare.tree();
                    spare.set(change, ListLayout.SPARE_NODES,
                            trees.append(change, tree, at >>> widthShift, leaf, length >>> widthShift),
                            (at + length) >>> widthShift);
                    change.commit();
                }
            }
            try (Change change = heap.change()) {
                long tree = spare.tree();
                long count = spare.count();
                spare.set(change, ListLayout.SPARE_NODES, tree(), count());
                publish(change, tree, count);
                change.commit();
            }
            isDone = true;
        } finally {
            if (isDone || spare.isThere()) {
                finish();
            }
        }
    }

    /**
     * The list is none any more: all it had becomes the spare tree, and is freed.
     *
     * @return whether all of it is; if not, the limit was reached
     */
    boolean end(SweepLimit limit) {
        if (!spare.free(limit)) {
            return false;
        }
        if (count() != ListLayout.ENDED) {
            try (Change change = heap.change()) {
                spare.set(change, ListLayout.SPARE_ELEMENTS, tree(), count());
                publish(change, 0, ListLayout.ENDED);
                change.commit();
            }
        }
        if (!spare.free(limit)) {
            return false;
        }
        long schema = memory.getPlain(header + ListLayout.SCHEMA);
        if (schema != 0) {
            try (Change change = heap.change()) {
                change.set(header + ListLayout.SCHEMA, 0);
                change.free(schema);
                change.commit();
            }
        }
        return true;
    }

    /** Lets readers find another tree, by the last word of a change. */
    private void publish(Change change, long tree, long count) {
        long version = ListLayout.versionAcquire(memory, header);
        long next = ListLayout.stateAt(header, version + 1);
        long tail = 0;
        long tailEnd = 0;
        if (tree != 0) {
            boolean _ = path.find(version, tree, count, count - 1); // a new tree's blocks are readable to who made it
            long leafBytes = Math.min(ListLayout.LEAF_BYTES, heap.sizeOf(path.leaf()));
            tail = path.leaf() - (path.leafStart() << widthShift);
            tailEnd = path.leafStart() + (leafBytes >>> widthShift);
        }
        change.set(next + ListLayout.TREE_IN_STATE, tree);
        change.set(next + ListLayout.COUNT_IN_STATE, count);
        change.set(next + ListLayout.TAIL_IN_STATE, tail);
        change.set(next + ListLayout.TAIL_END_IN_STATE, tailEnd);
        change.set(header + ListLayout.VERSION, version + 1); // SYNC: list-version
    }
}
