package io.cleave.heap;

import io.cleave.AllocationException;
import org.jspecify.annotations.Nullable;

/**
 * A context as the one process sees it that owns it for the moment: the stocks of free blocks, and the blocks that are
 * on their way between the content of the heap and what is free.
 *
 * <h2>Overview</h2>
 *
 * A stock holds free blocks of one class, as many as its count says. To take or add one is to change the count, so it is
 * one word of the change that it is for; what lies beyond the count has no meaning, and is written before.
 *
 * <p>
 * Where the stock does not do, a block is <b>pending</b>: it lies in one of 64 places of which a mask says whether they
 * are taken. A block that comes from the spans or pages gets such a place by a change of its own; the change that uses
 * it clears its bit. A block that the stock has no room for gets one by the change that frees it; a change of its own
 * brings it back later. So any number of blocks costs a change one word, and no change needs the central lock for its
 * own words. Pending blocks that an owner leaves behind, because it has died or has not committed, are as good as
 * free: the next owner brings them back first.
 *
 * <p>
 * The changes of its own, under the central lock, are collected in the inner log. They are complete before and while the
 * outer one is collected; at most one of the two logs has a status.
 */
final class Context {
    /** Something that needs the central lock, and that may find nothing to take. */
    private interface Attempt {
        boolean isDone();
    }

    private final Heap heap;
    private final HeapMemory memory;
    private final Central central;
    private final long at;
    private final long maskAt;
    private final RedoLog outer;
    private final RedoLog inner;
    private final long[] buffer = new long[ContextLayout.PENDING];
    /** The pending places whose blocks the change at hand uses. */
    private long taken;

    Context(Heap heap, long at) {
        this.heap = heap;
        this.memory = heap.inside();
        this.central = heap.central();
        this.at = at;
        this.maskAt = at + ContextLayout.PENDING_MASK_AT;
        this.outer = new RedoLog(memory, at + ContextLayout.STATUS_AT, at + ContextLayout.PAIRS_AT);
        this.inner = new RedoLog(memory, at + ContextLayout.INNER_STATUS_AT, at + ContextLayout.INNER_PAIRS_AT);
    }

    RedoLog outer() {
        return outer;
    }

    long ownerAt() {
        return at + ContextLayout.OWNER_AT;
    }

    /** The caller has become the owner. */
    void begin() {
        outer.clear();
        taken = 0;
        if (memory.getPlain(maskAt) != 0) {
            drain();
        }
    }

    /** The owner leaves; what it has not committed has not happened. */
    void end() {
        try {
            if (memory.getPlain(maskAt) != 0) {
                outer.clear();
                drain();
            }
        } finally {
            memory.setRelease(ownerAt(), 0); // SYNC: context
        }
    }

    private long countAt(int sizeClass) {
        return at + ContextLayout.COUNTS_AT + (long) sizeClass * Long.BYTES;
    }

    private long stockAt(int sizeClass, long index) {
        return at + ContextLayout.STOCKS_AT + SizeClasses.stockAt(sizeClass) + index * Long.BYTES;
    }

    private long pendingAt(int place) {
        return at + ContextLayout.PENDING_AT + (long) place * Long.BYTES;
    }

    /** Takes a block of a class, for the change at hand. */
    long allocate(int sizeClass) {
        long countAt = countAt(sizeClass);
        long count = outer.get(countAt);
        if (count <= 0 || count > SizeClasses.stock(sizeClass)) {
            if (count != 0) {
                throw Central.damaged("a stock of " + count + " blocks of " + SizeClasses.size(sizeClass));
            }
            if (memory.getPlain(countAt) != 0) { // all of them are used by this change
                return allocatePending(sizeClass, SizeClasses.pages(sizeClass), SizeClasses.size(sizeClass));
            }
            count = refill(sizeClass);
        }
        long block = memory.getPlain(stockAt(sizeClass, count - 1));
        if (!memory.isCommitted(block, SizeClasses.GRANULE_BYTES)) {
            throw Central.damaged("a free block at " + block);
        }
        outer.replace(countAt, count - 1);
        return block;
    }

    /** Takes a run of pages, for the change at hand. */
    long allocateLarge(long bytes) {
        long pages = (bytes + HeapLayout.PAGE_BYTES - 1) >>> HeapLayout.PAGE_SHIFT;
        return allocatePending(-1, pages, bytes);
    }

    private long allocatePending(int sizeClass, long pages, long bytes) {
        long mask = memory.getPlain(maskAt);
        if (mask == -1) {
            throw new IllegalStateException("a change allocates more blocks than there is a place for; split it into "
                    + "several");
        }
        int place = Long.numberOfTrailingZeros(~mask);
        obtain(() -> {
            inner.clear();
            long block = takeOne(sizeClass, pages);
            if (block == 0) {
                return false;
            }
            memory.setPlain(pendingAt(place), block); // means nothing before its bit is set
            inner.set(maskAt, mask | (1L << place));
            inner.commit();
            return true;
        }, pages, bytes);
        taken |= 1L << place;
        return memory.getPlain(pendingAt(place));
    }

    private long takeOne(int sizeClass, long pages) {
        if (sizeClass < 0) {
            return central.takeLarge(inner, pages);
        }
        int count = central.spans().take(inner, sizeClass, buffer, 1);
        if (count == 0) {
            count = central.spans().make(inner, sizeClass, buffer, 1);
        }
        return count == 0 ? 0 : buffer[0];
    }

    /** Fills an empty stock by half. */
    private long refill(int sizeClass) {
        obtain(() -> {
            inner.clear();
            int most = Math.max(1, SizeClasses.stock(sizeClass) / 2);
            int count = central.spans().take(inner, sizeClass, buffer, most);
            if (count == 0) {
                count = central.spans().make(inner, sizeClass, buffer, most);
            }
            if (count == 0) {
                return false;
            }
            for (int i = 0; i < count; i++) {
                memory.setPlain(stockAt(sizeClass, i), buffer[count - 1 - i]); // means nothing before the count is set
            }
            inner.set(countAt(sizeClass), count);
            inner.commit();
            return true;
        }, SizeClasses.pages(sizeClass), SizeClasses.size(sizeClass));
        return memory.getPlain(countAt(sizeClass));
    }

    /** Tries, and where there is nothing, makes room step by step: each step is a change of its own. */
    private void obtain(Attempt attempt, long pages, long asked) {
        boolean isLast = false;
        while (true) {
            AllocationException refused = null;
            central.lock();
            try {
                if (attempt.isDone()
                        || (central.spans().releaseAll(inner, isLast ? Long.MAX_VALUE : Spans.GLANCE)
                                && attempt.isDone())) {
                    return;
                }
                refused = grow(pages);
                if (attempt.isDone()) {
                    return;
                }
                if (isLast) {
                    throw central.full(asked, pages, refused);
                }
            } finally {
                central.unlock();
            }
            heap.reclaim(this);
            isLast = true;
        }
    }

    private @Nullable AllocationException grow(long pages) {
        try {
            boolean _ = central.grow(inner, pages); // if not, there is nothing to take
            return null;
        } catch (AllocationException e) {
            return e;
        }
    }

    /** Collects in the outer log what makes blocks free, and pending ones used. */
    void collectBlocks(long[] blocks, int[] sizeClasses, int count) {
        if (count == 0 && taken == 0) {
            return;
        }
        long mask = memory.getPlain(maskAt);
        long next = mask & ~taken;
        long places = ~mask;
        for (int i = 0; i < count; i++) {
            long block = blocks[i];
            int sizeClass = sizeClasses[i];
            if (sizeClass < 0 || !addToStock(sizeClass, block)) {
                if (places == 0) {
                    throw new IllegalStateException(
                            "a change frees more blocks than there is a place for; split it into "
                                    + "several");
                }
                int place = Long.numberOfTrailingZeros(places);
                places &= places - 1;
                next |= 1L << place;
                memory.setPlain(pendingAt(place), block); // means nothing before its bit is set
            }
        }
        if (next != mask) {
            outer.set(maskAt, next);
        }
    }

    private boolean addToStock(int sizeClass, long block) {
        long countAt = countAt(sizeClass);
        long count = outer.get(countAt);
        if (count >= SizeClasses.stock(sizeClass)) {
            return false;
        }
        long slotAt = stockAt(sizeClass, count);
        if (count >= memory.getPlain(countAt)) {
            memory.setPlain(slotAt, block); // means nothing before the count is set
        } else {
            outer.set(slotAt, block);
        }
        outer.replace(countAt, count + 1);
        return true;
    }

    /** The change was committed. */
    void committed() {
        taken = 0;
        if (Long.bitCount(memory.getPlain(maskAt)) > ContextLayout.PENDING / 4) {
            drain();
        }
    }

    /** Brings pending blocks back, and makes room in the stocks that had none for them. */
    private void drain() {
        taken = 0;
        central.lock();
        try {
            long mask = memory.getPlain(maskAt);
            while (mask != 0) {
                inner.clear();
                makeRoomFor(mask);
                inner.clear();
                while (mask != 0 && inner.room() > Spans.WORDS_TO_GIVE) {
                    central.give(inner, memory.getPlain(pendingAt(Long.numberOfTrailingZeros(mask))));
                    mask &= mask - 1;
                }
                inner.set(maskAt, mask);
                inner.commit();
            }
        } finally {
            central.unlock();
        }
    }

    private void makeRoomFor(long mask) {
        for (long left = mask; left != 0; left &= left - 1) {
            int sizeClass = central.classOf(memory.getPlain(pendingAt(Long.numberOfTrailingZeros(left))));
            if (sizeClass >= 0 && memory.getPlain(countAt(sizeClass)) == SizeClasses.stock(sizeClass)) {
                giveStock(sizeClass, SizeClasses.stock(sizeClass) / 2);
            }
        }
    }

    /** Gives a stock back but for so many blocks. Under the central lock. */
    private void giveStock(int sizeClass, long rest) {
        long count = memory.getPlain(countAt(sizeClass));
        while (count > rest) {
            inner.clear();
            while (count > rest && inner.room() > Spans.WORDS_TO_GIVE) {
                count--;
                central.give(inner, memory.getPlain(stockAt(sizeClass, count)));
            }
            inner.set(countAt(sizeClass), count);
            inner.commit();
        }
    }

    /** Gives all stocks back of which the change at hand uses nothing, and what is pending where there is no change. */
    void giveAll() {
        if (outer.isEmpty() && taken == 0 && memory.getPlain(maskAt) != 0) {
            drain();
        }
        central.lock();
        try {
            for (int sizeClass = 0; sizeClass < SizeClasses.COUNT; sizeClass++) {
                if (!outer.contains(countAt(sizeClass))) {
                    giveStock(sizeClass, 0);
                }
            }
        } finally {
            central.unlock();
        }
    }

    /** Whether the owner waits for the stocks of others; once it has the context no more, of no meaning. */
    boolean isStarving() {
        return memory.getOpaque(at + ContextLayout.STARVING_AT) != 0;
    }

    void setStarving(boolean isStarving) {
        memory.setOpaque(at + ContextLayout.STARVING_AT, isStarving ? 1 : 0);
    }

    /** How many blocks of a class are in stock; by others than the owner only as a guess. */
    long stock(int sizeClass) {
        return memory.getOpaque(countAt(sizeClass));
    }

    long stocked(int sizeClass, long index) {
        return memory.getPlain(stockAt(sizeClass, index));
    }

    long pendingMask() {
        return memory.getPlain(maskAt);
    }

    long pending(int place) {
        return memory.getPlain(pendingAt(place));
    }
}
