package io.cleave.heap;

import io.cleave.AllocationException;
import io.cleave.HeapFullException;
import io.cleave.IncompatibleBlockException;
import org.jspecify.annotations.Nullable;

/**
 * What all contexts of a heap share, and change under the central lock: the pages, the spans of the size classes, and how
 * far memory is committed.
 *
 * <p>
 * Each change is collected in the inner log of the context that makes it, and committed before the lock is released. What
 * leaves the pages and spans by such a change comes into the context by the same one, and the other way round, so that
 * at no moment a block is nobody's or two ones'.
 */
final class Central {
    /** What others may have to wait for at a time. */
    private static final long MOST_GROWTH = 16 << 20;
    /** A huge page of which a part had memory before may begin so far before what is added. */
    private static final long HUGE_PAGE_BYTES = 2 << 20;
    private static final int GROWTH_SHIFT = 3;

    private final HeapSpace space;
    private final HeapMemory memory;
    private final HeapLocks locks;
    private final PageTable table;
    private final PageRuns runs;
    private final Spans spans;
    private final long dataAt;
    private final long limit;

    Central(HeapSpace space, HeapMemory memory, HeapLocks locks) {
        this.space = space;
        this.memory = memory;
        this.locks = locks;
        this.dataAt = memory.getPlain(HeapLayout.DATA_AT);
        this.limit = memory.getPlain(HeapLayout.MAXIMUM_AT) & -HeapLayout.PAGE_BYTES;
        this.table = new PageTable(memory.getPlain(HeapLayout.TABLE_AT), dataAt);
        this.runs = new PageRuns(memory, table);
        this.spans = new Spans(memory, table, runs);
    }

    void lock() {
        locks.lock(HeapLayout.CENTRAL_LOCK_AT);
    }

    void unlock() {
        locks.unlock(HeapLayout.CENTRAL_LOCK_AT);
    }

    PageTable table() {
        return table;
    }

    PageRuns runs() {
        return runs;
    }

    Spans spans() {
        return spans;
    }

    /** Where pages begin. */
    long dataAt() {
        return dataAt;
    }

    /** Where pages end at most. */
    long limit() {
        return limit;
    }

    /**
     * The size class of a block that is in use; -1 for a large one.
     *
     * @throws IncompatibleBlockException where no block begins there
     */
    int classOf(long block) {
        if ((block & (SizeClasses.GRANULE_BYTES - 1)) == 0 && memory.isCommitted(block, SizeClasses.GRANULE_BYTES)) {
            long state = memory.getPlain(table.stateAt(PageTable.page(block)));
            int kind = PageTable.kind(state);
            int sizeClass = PageTable.sizeClass(state);
            if ((kind == PageTable.SPAN_HEAD || kind == PageTable.SPAN_BODY) && sizeClass < SizeClasses.COUNT) {
                return sizeClass;
            }
            if (kind == PageTable.LARGE_HEAD && (block & (HeapLayout.PAGE_BYTES - 1)) == 0) {
                return -1;
            }
        }
        throw damaged("no block that is in use begins at " + block);
    }

    /** The size of a block that is in use. */
    long sizeOf(long block) {
        int sizeClass = classOf(block);
        return sizeClass >= 0 ? SizeClasses.size(sizeClass)
                : PageTable.offset(PageTable.length(memory.getPlain(table.stateAt(PageTable.page(block)))));
    }

    /** Takes pages for a large block; 0 where there are none. */
    long takeLarge(RedoLog log, long pages) {
        long first = runs.take(log, pages);
        if (first != 0) {
            log.replace(table.stateAt(first), PageTable.state(PageTable.LARGE_HEAD, 0, pages));
            log.replace(table.stateAt(first + pages - 1), PageTable.state(PageTable.LARGE_TAIL, 0, pages));
        }
        return PageTable.offset(first);
    }

    /** Makes a block free, of whatever size. */
    void give(RedoLog log, long block) {
        if (classOf(block) >= 0) {
            spans.give(log, block);
        } else {
            long page = PageTable.page(block);
            runs.give(log, page, PageTable.length(memory.getPlain(table.stateAt(page))));
        }
    }

    /**
     * Commits memory until so many pages are free in one piece at the end.
     *
     * @return false where the heap may not grow that far
     * @throws AllocationException where the device is full; all is as it was
     */
    boolean grow(RedoLog log, long pages) {
        long end = memory.getPlain(HeapLayout.COMMITTED_AT);
        long needed = PageTable.offset(pages - Math.min(pages, runs.freeAtEnd()));
        if (needed > limit - end) {
            return false;
        }
        long wanted = Math.max(needed, Math.clamp((end - dataAt) >>> GROWTH_SHIFT, HeapLayout.STEP_BYTES, MOST_GROWTH));
        long rounded = Math.min((wanted + HeapLayout.STEP_BYTES - 1) & -HeapLayout.STEP_BYTES, limit - end);
        try {
            reserve(end, rounded);
        } catch (AllocationException e) {
            if (needed == rounded) {
                throw e;
            }
            rounded = needed;
            reserve(end, rounded);
        }
        log.clear();
        log.set(HeapLayout.COMMITTED_AT, end + rounded);
        runs.give(log, PageTable.page(end), PageTable.page(rounded));
        log.commit();
        return true;
    }

    private void reserve(long at, long bytes) {
        long entriesFrom = table.entryAt(PageTable.page(at)) & -HeapLayout.PAGE_BYTES;
        long entriesTo = (table.entryAt(PageTable.page(at + bytes)) + HeapLayout.PAGE_BYTES - 1)
                & -HeapLayout.PAGE_BYTES;
        space.reserve(entriesFrom, entriesTo - entriesFrom);
        space.reserve(at, bytes);
        long from = Math.max(dataAt, at - HUGE_PAGE_BYTES);
        space.unite(from, at + bytes - from);
    }

    /** The error where there is no room. Under the central lock. */
    HeapFullException full(long asked, long pages, @Nullable AllocationException refused) {
        PageRuns.Free pagesFree = runs.free();
        long free = PageTable.offset(pagesFree.total());
        for (int sizeClass = 0; sizeClass < SizeClasses.COUNT; sizeClass++) {
            free += memory.getPlain(HeapLayout.classAt(sizeClass) + HeapLayout.FREE_IN_CLASS)
                    * SizeClasses.size(sizeClass);
        }
        long committed = memory.getPlain(HeapLayout.COMMITTED_AT) - dataAt;
        long ungrown = refused == null ? limit - dataAt - committed : 0;
        long largest = Math.max(PageTable.offset(pagesFree.longest()), PageTable.offset(runs.freeAtEnd()) + ungrown);
        free += ungrown;
        boolean isFragmented = free >= PageTable.offset(pages);
        String state = isFragmented ? "fragmented" : "full";
        String figures = asked + " bytes were asked for, which need " + pages + " pages; " + free
                + " are free, at most " + largest
                + " of them in one piece, of " + committed + " that it has and " + (limit - dataAt)
                + " that it may have";
        String remedy = refused != null ? "the device has no more memory for it: free some there"
                : "remove something, or make a larger heap";
        return new HeapFullException("the heap is " + state + ": " + figures + "; " + remedy, asked, free, largest,
                limit - dataAt, isFragmented, refused);
    }

    /** The error where the heap is not as nobody but damage can have made it. */
    static IncompatibleBlockException damaged(String what) {
        return new IncompatibleBlockException("the heap is damaged: " + what + "; verify it, and make a new one");
    }
}
