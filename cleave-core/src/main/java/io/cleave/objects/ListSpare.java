package io.cleave.objects;

import io.cleave.heap.Change;
import io.cleave.heap.Heap;
import io.cleave.heap.HeapMemory;
import org.jspecify.annotations.Nullable;

/**
 * The tree beside a list's own: one that is being made, to take the other's place, or what is left of one that had it.
 * Nobody reads it. It is freed from its end on, in changes of which each lowers its count: what lies behind that is free.
 */
final class ListSpare {
    private static final int MOST_FREES = 28;

    private final Heap heap;
    private final HeapMemory memory;
    private final long header;
    private final SlotKind kind;
    private final ListPath path;

    /** The spare tree of a list, whose lock is held for all that is done with it. */
    ListSpare(Heap heap, long header, SlotKind kind) {
        this.heap = heap;
        this.memory = heap.memory();
        this.header = header;
        this.kind = kind;
        this.path = new ListPath(memory, header, kind);
    }

    boolean isThere() {
        return memory.getPlain(header + ListLayout.SPARE_KIND) != ListLayout.NO_SPARE;
    }

    long tree() {
        return memory.getPlain(header + ListLayout.SPARE_TREE);
    }

    long count() {
        return memory.getPlain(header + ListLayout.SPARE_COUNT);
    }

    /** Lets a tree be the spare one, as a part of a change. */
    void set(Change change, long spareKind, long tree, long count) {
        change.set(header + ListLayout.SPARE_KIND, count == 0 ? ListLayout.NO_SPARE : spareKind);
        change.set(header + ListLayout.SPARE_TREE, tree);
        change.set(header + ListLayout.SPARE_COUNT, count);
    }

    /**
     * Frees it from its end on.
     *
     * @return whether all of it is free
     */
    boolean free(SweepLimit limit) {
        boolean isHolding = memory.getPlain(header + ListLayout.HOLDS) != 0;
        LooseLists loose = isHolding ? new LooseLists(heap) : null;
        while (isThere() && !limit.isReached()) {
            if (loose == null) {
                limit.count(freeSome(null));
            } else {
                loose.lock();
                try {
                    limit.count(freeSome(loose));
                } finally {
                    loose.unlock();
                }
            }
        }
        return !isThere();
    }

    private int freeSome(@Nullable LooseLists loose) {
        try (Change change = heap.change()) {
            int frees = freeSome(change, loose);
            change.commit();
            return frees;
        }
    }

    /** @param loose where the elements go that are structures; null where they are not */
    private int freeSome(Change change, @Nullable LooseLists loose) {
        long version = ListLayout.versionAcquire(memory, header);
        long spareKind = memory.getPlain(header + ListLayout.SPARE_KIND);
        boolean hasElements = spareKind == ListLayout.SPARE_ELEMENTS && kind == SlotKind.VALUES;
        long count = count();
        if (count <= 0) {
            throw SlotList.damaged("its spare tree has " + count + " elements");
        }
        int frees = 0;
        int mostFrees = loose == null ? MOST_FREES : HeldStructure.MOST_DROPS;
        while (count > 0 && frees + path.height() < mostFrees) {
            boolean _ = path.find(version, tree(), count, count - 1); // under the lock the version stays
            if (hasElements) {
                long slotAt = path.leaf() + ((count - path.leafStart()) << kind.widthShift());
                while (count > path.leafStart() && frees < mostFrees) {
                    count--;
                    slotAt -= 1L << kind.widthShift();
                    long word = memory.getPlain(slotAt);
                    if (StoredValue.isBlock(word)) {
                        StoredValue.free(word, change, loose);
                        frees++;
                    }
                }
                if (count > path.leafStart()) {
                    break;
                }
            }
            count = path.leafStart();
            for (int level = 0; level <= path.height() && path.start(level) == count; level++) {
                change.free(path.node(level));
                frees++;
            }
        }
        set(change, spareKind, count == 0 ? 0 : tree(), count);
        return frees;
    }
}
