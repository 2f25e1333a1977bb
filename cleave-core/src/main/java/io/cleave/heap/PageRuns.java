package io.cleave.heap;

/**
 * The free runs of pages: lists by the power of two of their length, links and lengths in the {@link PageTable}. A run
 * that becomes free joins its free neighbours at once, so no two of them touch. Everything here is collected in a log of
 * whoever holds the central lock.
 */
final class PageRuns {
    /** How far a list is searched for a run that is just long enough before a longer one is split. */
    private static final int GLANCE = 16;

    private final HeapMemory memory;
    private final PageTable table;

    PageRuns(HeapMemory memory, PageTable table) {
        this.memory = memory;
        this.table = table;
    }

    static int bin(long pages) {
        return Math.min(HeapLayout.BINS - 1, Long.SIZE - 1 - Long.numberOfLeadingZeros(pages));
    }

    /** The first of so many pages, which are in no list any more; 0 where there is no such run. */
    long take(RedoLog log, long pages) {
        long run = find(log, pages);
        if (run != 0) {
            long length = PageTable.length(log.get(table.stateAt(run)));
            unlink(log, run, length);
            if (length > pages) {
                link(log, run + pages, length - pages);
            }
        }
        return run;
    }

    private long find(RedoLog log, long pages) {
        int own = bin(pages);
        long run = search(log, own, pages, GLANCE);
        for (int bin = own + 1; run == 0 && bin < HeapLayout.BINS; bin++) {
            run = search(log, bin, pages, 1);
        }
        return run != 0 ? run : search(log, own, pages, Long.MAX_VALUE);
    }

    private long search(RedoLog log, int bin, long pages, long most) {
        long run = log.get(HeapLayout.binAt(bin));
        for (long i = 0; i < most && run != 0; i++) {
            checkList(run, i);
            if (PageTable.length(log.get(table.stateAt(run))) >= pages) {
                return run;
            }
            run = log.get(table.nextAt(run));
        }
        return 0;
    }

    /** Refuses what cannot be in a list of runs. */
    private void checkList(long run, long runsBefore) {
        long end = endPage();
        if (run < table.firstPage() || run >= end || runsBefore > end - table.firstPage()) {
            throw Central.damaged("a list of free pages leads to page " + run + " after " + runsBefore + " others");
        }
    }

    private long endPage() {
        return PageTable.page(memory.getPlain(HeapLayout.COMMITTED_AT));
    }

    /** Makes pages free that are in no list. */
    void give(RedoLog log, long page, long pages) {
        long first = page;
        long end = page + pages;
        if (first > table.firstPage()) {
            long before = log.get(table.stateAt(first - 1));
            int kind = PageTable.kind(before);
            if (kind == PageTable.FREE_TAIL || kind == PageTable.FREE_HEAD) { // a head here is a run of one page
                first -= PageTable.length(before);
                unlink(log, first, PageTable.length(before));
            }
        }
        if (end < endPage(log)) {
            long behind = log.get(table.stateAt(end));
            if (PageTable.kind(behind) == PageTable.FREE_HEAD) {
                unlink(log, end, PageTable.length(behind));
                end += PageTable.length(behind);
            }
        }
        link(log, first, end - first);
    }

    private static long endPage(RedoLog log) {
        return PageTable.page(log.get(HeapLayout.COMMITTED_AT));
    }

    /** How many pages at the end are free. */
    long freeAtEnd() {
        long end = endPage();
        if (end == table.firstPage()) {
            return 0;
        }
        long last = memory.getPlain(table.stateAt(end - 1));
        int kind = PageTable.kind(last);
        return kind == PageTable.FREE_TAIL || kind == PageTable.FREE_HEAD ? PageTable.length(last) : 0;
    }

    private void link(RedoLog log, long run, long length) {
        long headAt = HeapLayout.binAt(bin(length));
        long next = log.get(headAt);
        log.replace(table.stateAt(run), PageTable.state(PageTable.FREE_HEAD, 0, length));
        if (length > 1) {
            log.replace(table.stateAt(run + length - 1), PageTable.state(PageTable.FREE_TAIL, 0, length));
        }
        log.replace(table.previousAt(run), 0);
        log.replace(table.nextAt(run), next);
        if (next != 0) {
            log.replace(table.previousAt(next), run);
        }
        log.replace(headAt, run);
    }

    private void unlink(RedoLog log, long run, long length) {
        long previous = log.get(table.previousAt(run));
        long next = log.get(table.nextAt(run));
        log.replace(previous == 0 ? HeapLayout.binAt(bin(length)) : table.nextAt(previous), next);
        if (next != 0) {
            log.replace(table.previousAt(next), previous);
        }
    }

    /** All free pages, and the length of the longest free run, in pages. */
    record Free(long total, long longest) {}

    /** What is free. */
    Free free() {
        long total = 0;
        long longest = 0;
        for (int bin = 0; bin < HeapLayout.BINS; bin++) {
            long run = memory.getPlain(HeapLayout.binAt(bin));
            for (long i = 0; run != 0; i++) {
                checkList(run, i);
                long length = PageTable.length(memory.getPlain(table.stateAt(run)));
                total += length;
                longest = Math.max(longest, length);
                run = memory.getPlain(table.nextAt(run));
            }
        }
        return new Free(total, longest);
    }
}
