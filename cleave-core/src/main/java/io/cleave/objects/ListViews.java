package io.cleave.objects;

import io.cleave.StaleReferenceException;
import io.cleave.heap.HeapMemory;
import java.lang.invoke.VarHandle;
import java.util.ConcurrentModificationException;
import org.jspecify.annotations.Nullable;

/**
 * The versions of a list as a handle has read them, and the way through the tree of one to the slot of an element. That what
 * is found so is what was there: {@link SlotList}.
 */
final class ListViews {
    /** The answer where a version is not the list's any more. */
    static final long CHANGED = Long.MIN_VALUE;

    private final HeapMemory memory;
    private final long header;
    private final long generation;
    private final int widthShift;
    private final int leafShift;
    /** The last view that any thread has read, which may be an old one. */
    private ListView view = new ListView(0, 0, 0, null);

    ListViews(HeapMemory memory, long header, long generation, SlotKind kind) {
        this.memory = memory;
        this.header = header;
        this.generation = generation;
        this.widthShift = kind.widthShift();
        this.leafShift = kind.leafShift();
    }

    /** Whether the header is still the list's. */
    boolean isInUse() {
        return ListLayout.generationAcquire(memory, header) == generation;
    }

    static StaleReferenceException stale() {
        return new StaleReferenceException("the list was dropped; nothing may use it any more");
    }

    /** The look whether what was read before is of a version. */
    boolean isCurrent(ListView seen) {
        return ListLayout.isCurrent(memory, header, seen.version());
    }

    /**
     * The list as it is now.
     *
     * @throws StaleReferenceException where it was dropped
     */
    ListView current() {
        while (true) {
            long version = ListLayout.versionAcquire(memory, header); // SYNC: list-version
            if (!isInUse()) {
                throw stale();
            }
            long stateAt = ListLayout.stateAt(header, version);
            long count = memory.getAcquire(stateAt + ListLayout.COUNT_IN_STATE); // SYNC: list-count
            long tree = memory.getPlain(stateAt + ListLayout.TREE_IN_STATE);
            if (ListLayout.isCurrent(memory, header, version)) {
                if (count < 0) {
                    throw stale();
                }
                ListView last = view;
                if (last.version() != version || last.count() != count) {
                    if (count > memory.segment().byteSize() >>> widthShift) {
                        throw SlotList.damaged("it has " + count + " elements");
                    }
                    last = new ListView(version, tree, count, last.version() == version ? last.leaves() : null);
                    view = last;
                }
                return last;
            }
        }
    }

    /**
     * A view to begin with: any, where it has an element, as the last look finds out whether it is current.
     *
     * @param last the one that was not; null at first
     * @throws IndexOutOfBoundsException where there is no such element
     */
    ListView view(@Nullable ListView last, long index) {
        ListView seen = last == null ? view : current();
        while (index < 0 || index >= seen.count()) {
            ListView now = current();
            if (now.equals(seen)) {
                throw SlotList.outOfBounds(index, now.count());
            }
            seen = now;
        }
        return seen;
    }

    /**
     * Where a view has an element that it has.
     *
     * @return the place of its slot; {@link #CHANGED} where the view is not current
     */
    long slotAt(ListView seen, long index) {
        long[] leaves = seen.leaves();
        return leaves != null ? leaves[(int) (index >>> leafShift)] + ((index & (1L << leafShift) - 1) << widthShift)
                : walkTo(seen, index);
    }

    /**
     * The way through the tree. When a view has been asked for as many elements as it has leaves, it is worth a table of
     * those.
     */
    private long walkTo(ListView seen, long index) {
        if (seen.isWorthTable(leafShift)) {
            addTable(seen);
        }
        return walk(seen, index);
    }

    private void addTable(ListView seen) {
        long[] leaves = new long[(int) ((seen.count() - 1) >>> leafShift) + 1];
        for (int i = 0; i < leaves.length; i++) {
            leaves[i] = walk(seen, (long) i << leafShift);
        }
        if (isCurrent(seen)) {
            view = new ListView(seen.version(), seen.tree(), seen.count(), leaves);
        }
    }

    private long walk(ListView seen, long index) {
        long node = seen.tree();
        long rest = index;
        for (int shift = leafShift + (ListLayout.height(seen.tree()) - 1)
                * ListLayout.FANOUT_SHIFT; shift >= leafShift; shift -= ListLayout.FANOUT_SHIFT) {
            long child = rest >>> shift & ListLayout.FANOUT - 1;
            if (ListLayout.isIrregular(node)) {
                if (!memory.isCommitted(ListLayout.offset(node), ListLayout.IRREGULAR_BYTES)) {
                    return changed(seen, node);
                }
                child = ListLayout.childWith(memory, node, rest, shift);
                rest -= child == 0 ? 0 : memory.getPlain(ListLayout.endAt(node, child - 1));
            } else {
                rest -= child << shift;
            }
            long childAt = ListLayout.childAt(node, child);
            if (!memory.isCommitted(childAt, Long.BYTES)) {
                return changed(seen, node);
            }
            node = memory.getPlain(childAt);
        }
        long slotAt = ListLayout.offset(node) + (rest << widthShift);
        return memory.isCommitted(slotAt, Long.BYTES) && (slotAt & (1L << widthShift) - 1) == 0 ? slotAt
                : changed(seen, node);
    }

    private long changed(ListView seen, long node) {
        if (isCurrent(seen)) {
            throw SlotList.damaged("its tree leads to " + node);
        }
        return CHANGED;
    }

    /**
     * Refuses to go on with what was begun with another list.
     *
     * @throws ConcurrentModificationException where elements have come or gone, or were sorted
     */
    void check(ListView seen) {
        if (!current().equals(seen)) {
            throw new ConcurrentModificationException(
                    "elements were added, removed or sorted, by this process or another, "
                            + "since the view of a part of the list was made; make it anew");
        }
    }
}
