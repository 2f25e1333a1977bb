package io.cleave.heap;

import io.cleave.owner.Participants;
import io.cleave.owner.Patience;
import io.cleave.owner.StackReserve;
import java.util.ArrayList;
import java.util.List;

/**
 * The walk through all of a heap.
 *
 * <p>
 * Whoever has all contexts and the central lock has the heap to himself, as every change needs a context. Then each page
 * belongs to a run, each block of a span is either free in its span, or in a stock, or pending, or in use; and what is in
 * use is what can be reached. Each block gets a mark when it is met, so none is met twice, and what has no mark in the
 * end is lost.
 */
final class HeapCheck implements Check {
    private static final long NAP_NANOS = 20_000;
    private static final int GRANULES = 256;
    private static final int WORDS = GRANULES / Long.SIZE;
    private static final int CHUNK_SHIFT = 6;

    private final Heap heap;
    private final HeapMemory memory;
    private final Central central;
    private final PageTable table;
    private final long end;
    /** A bit for each granule where a block begins that was met, for 64 pages each. */
    private final long[][] marks;
    private final List<String> faults = new ArrayList<>();
    private final long[] blocks = new long[SizeClasses.COUNT];
    private final long[] pages = new long[SizeClasses.COUNT];
    private final long[] free = new long[SizeClasses.COUNT];
    private final long[] spansWithFree = new long[SizeClasses.COUNT];
    private long freeRuns;
    private long usedBytes;
    private long freeBytes;
    private long wasteBytes;

    private HeapCheck(Heap heap) {
        this.heap = heap;
        this.memory = heap.memory();
        this.central = heap.central();
        this.table = central.table();
        this.end = PageTable.page(memory.getAcquire(HeapLayout.COMMITTED_AT));
        this.marks = new long[(int) ((end - table.firstPage()) >>> CHUNK_SHIFT) + 1][];
    }

    static HeapReport verify(Heap heap, Walk walk) {
        StackReserve.check();
        int held = 0;
        try {
            while (held < heap.contexts().length) {
                held = take(heap, held);
            }
            heap.central().lock();
            try {
                HeapCheck check = new HeapCheck(heap);
                check.run(walk);
                return check.report();
            } finally {
                heap.central().unlock();
            }
        } finally {
            release(heap, held);
        }
    }

    /**
     * Takes one context more, or waits for a moment; or gives all back where its owner may be waiting for them, because it
     * looks for free blocks.
     *
     * @return how many are held now
     */
    private static int take(Heap heap, int held) {
        Context next = heap.contexts()[held];
        if (heap.memory().cas(next.ownerAt(), 0, Participants.me())) { // SYNC: context
            return held + 1;
        }
        int kept = held;
        if (next.isStarving()) {
            release(heap, held);
            kept = 0;
        }
        heap.recovery().recoverAll();
        Patience.nap(NAP_NANOS);
        return kept;
    }

    private static void release(Heap heap, int held) {
        for (int i = 0; i < held; i++) {
            heap.memory().setRelease(heap.contexts()[i].ownerAt(), 0); // SYNC: context
        }
    }

    private HeapReport report() {
        long committed = PageTable.offset(end) - central.dataAt();
        if (faults.isEmpty() && usedBytes + freeBytes + wasteBytes != committed) {
            fault(usedBytes + " bytes in use, " + freeBytes + " free and " + wasteBytes + " of waste are not the "
                    + committed + " bytes that are committed");
        }
        return new HeapReport(List.copyOf(faults), committed, usedBytes, freeBytes, wasteBytes);
    }

    private void run(Walk walk) {
        walkPages();
        if (!faults.isEmpty()) {
            return; // what lies in pages that are not what they say cannot be told
        }
        walkRuns();
        walkSpanLists();
        for (int i = 0; i < heap.contexts().length; i++) {
            walkContext(i, heap.contexts()[i]);
        }
        walk.walk(this);
        findLost();
    }

    @Override
    public void fault(String what) {
        if (faults.size() < HeapReport.MOST_FAULTS) {
            faults.add(what);
        }
    }

    /** All pages, run after run. */
    private void walkPages() {
        boolean wasFree = false;
        for (long page = table.firstPage(); page < end;) {
            long state = memory.getPlain(table.stateAt(page));
            long length = PageTable.length(state);
            if (length <= 0 || length > end - page) {
                fault("page " + page + " begins a run of " + length + " pages, of " + (end - page));
                return;
            }
            switch (PageTable.kind(state)) {
                case PageTable.FREE_HEAD -> {
                    expectLast(page, length, PageTable.FREE_TAIL);
                    if (wasFree) {
                        fault("the free run at page " + page + " follows another");
                    }
                    freeRuns++;
                    freeBytes += PageTable.offset(length);
                }
                case PageTable.LARGE_HEAD -> expectLast(page, length, PageTable.LARGE_TAIL);
                case PageTable.SPAN_HEAD -> walkSpan(page, state);
                default -> {
                    fault("page " + page + " begins a run and is of kind " + PageTable.kind(state));
                    return;
                }
            }
            wasFree = PageTable.kind(state) == PageTable.FREE_HEAD;
            page += length;
        }
    }

    private void expectLast(long page, long length, int kind) {
        long last = memory.getPlain(table.stateAt(page + length - 1));
        if (length > 1 && last != PageTable.state(kind, 0, length)) {
            fault("the last page of the run at page " + page + " of " + length + " says " + Long.toHexString(last));
        }
    }

    private void walkSpan(long span, long state) {
        int sizeClass = PageTable.sizeClass(state);
        if (sizeClass >= SizeClasses.COUNT || PageTable.length(state) != SizeClasses.pages(sizeClass)) {
            fault("the span at page " + span + " says " + Long.toHexString(state));
            return;
        }
        long found = 0;
        for (int i = 0; i < SizeClasses.pages(sizeClass); i++) {
            long own = memory.getPlain(table.stateAt(span + i));
            if (i > 0 && own != PageTable.state(PageTable.SPAN_BODY, sizeClass, i)) {
                fault("page " + (span + i) + " of the span at page " + span + " says " + Long.toHexString(own));
            }
            found += walkMap(span, span + i, sizeClass);
        }
        long counted = memory.getPlain(table.freeAt(span));
        if (counted != found) {
            fault("the span at page " + span + " counts " + counted + " free blocks and has " + found);
        }
        pages[sizeClass] += SizeClasses.pages(sizeClass);
        blocks[sizeClass] += SizeClasses.blocks(sizeClass);
        free[sizeClass] += found;
        spansWithFree[sizeClass] += found > 0 ? 1 : 0;
        freeBytes += found * SizeClasses.size(sizeClass);
        wasteBytes += SizeClasses.pages(sizeClass) * HeapLayout.PAGE_BYTES
                - (long) SizeClasses.blocks(sizeClass) * SizeClasses.size(sizeClass);
    }

    /** The free blocks that begin in a page; how many. */
    private int walkMap(long span, long page, int sizeClass) {
        int found = 0;
        for (int word = 0; word < PageTable.MAP_WORDS; word++) {
            long bits = memory.getPlain(table.entryAt(page) + PageTable.MAP_IN_ENTRY + (long) word * Long.BYTES);
            for (; bits != 0; bits &= bits - 1) {
                found++;
                long granule = (long) word * Long.SIZE + Long.numberOfTrailingZeros(bits);
                long block = PageTable.offset(page) + granule * SizeClasses.GRANULE_BYTES;
                if (isBlock(block, span, sizeClass)) {
                    mark(block, "free in its span");
                } else {
                    fault("the map of the span at page " + span + " has a free block at " + block
                            + ", where none begins");
                }
            }
        }
        return found;
    }

    private static boolean isBlock(long block, long span, int sizeClass) {
        long in = block - PageTable.offset(span);
        return in % SizeClasses.size(sizeClass) == 0
                && in / SizeClasses.size(sizeClass) < SizeClasses.blocks(sizeClass);
    }

    private void walkRuns() {
        long listed = 0;
        for (int bin = 0; bin < HeapLayout.BINS; bin++) {
            long previous = 0;
            for (long run = memory.getPlain(HeapLayout.binAt(bin)); run != 0 && listed <= freeRuns; listed++) {
                long state = isPage(run) ? memory.getPlain(table.stateAt(run)) : 0;
                if (PageTable.kind(state) != PageTable.FREE_HEAD || PageRuns.bin(PageTable.length(state)) != bin
                        || memory.getPlain(table.previousAt(run)) != previous) {
                    fault("the list of free runs " + bin + " has page " + run + " after " + previous + ", which says "
                            + Long.toHexString(state));
                    return;
                }
                previous = run;
                run = memory.getPlain(table.nextAt(run));
            }
        }
        if (listed != freeRuns) {
            fault(listed + " of " + freeRuns + " free runs are listed");
        }
    }

    private boolean isPage(long page) {
        return page >= table.firstPage() && page < end;
    }

    private void walkSpanLists() {
        for (int sizeClass = 0; sizeClass < SizeClasses.COUNT; sizeClass++) {
            long at = HeapLayout.classAt(sizeClass);
            expect("pages", sizeClass, memory.getPlain(at + HeapLayout.PAGES_IN_CLASS), pages[sizeClass]);
            expect("blocks", sizeClass, memory.getPlain(at + HeapLayout.BLOCKS_IN_CLASS), blocks[sizeClass]);
            expect("free blocks", sizeClass, memory.getPlain(at + HeapLayout.FREE_IN_CLASS), free[sizeClass]);
            long listed = 0;
            long previous = 0;
            long span = memory.getPlain(at + HeapLayout.FIRST_SPAN_IN_CLASS);
            while (span != 0 && listed <= spansWithFree[sizeClass]) {
                long state = isPage(span) ? memory.getPlain(table.stateAt(span)) : 0;
                if (PageTable.kind(state) != PageTable.SPAN_HEAD || PageTable.sizeClass(state) != sizeClass
                        || memory.getPlain(table.previousAt(span)) != previous
                        || memory.getPlain(table.freeAt(span)) == 0) {
                    fault("the list of spans of " + SizeClasses.size(sizeClass) + " bytes has page " + span + " after "
                            + previous + ", which says " + Long.toHexString(state));
                    return;
                }
                listed++;
                previous = span;
                span = memory.getPlain(table.nextAt(span));
            }
            expect("spans with free blocks", sizeClass, listed, spansWithFree[sizeClass]);
        }
    }

    private void expect(String what, int sizeClass, long said, long found) {
        if (said != found) {
            fault("the class of " + SizeClasses.size(sizeClass) + " bytes counts " + said + " " + what + " and has "
                    + found);
        }
    }

    private void walkContext(int number, Context context) {
        for (int sizeClass = 0; sizeClass < SizeClasses.COUNT; sizeClass++) {
            long count = context.stock(sizeClass);
            if (count < 0 || count > SizeClasses.stock(sizeClass)) {
                fault("context " + number + " has a stock of " + count + " blocks of " + SizeClasses.size(sizeClass));
                continue;
            }
            for (long i = 0; i < count; i++) {
                long block = context.stocked(sizeClass, i);
                if (classAt(block) != sizeClass) {
                    fault("context " + number + " has " + block + " in its stock of " + SizeClasses.size(sizeClass)
                            + " bytes, where no such block begins");
                } else if (mark(block, "in the stock of context " + number)) {
                    freeBytes += SizeClasses.size(sizeClass);
                }
            }
        }
        for (long mask = context.pendingMask(); mask != 0; mask &= mask - 1) {
            long block = context.pending(Long.numberOfTrailingZeros(mask));
            if (classAt(block) == NONE) {
                fault("context " + number + " has " + block + " pending, where no block begins");
            } else if (mark(block, "pending in context " + number)) {
                freeBytes += heap.sizeOf(block);
            }
        }
    }

    private static final int LARGE = -1;
    private static final int NONE = -2;

    /** The class of the block that begins somewhere, if one does. */
    private int classAt(long block) {
        long page = PageTable.page(block);
        if (!isPage(page) || block % SizeClasses.GRANULE_BYTES != 0) {
            return NONE;
        }
        long state = memory.getPlain(table.stateAt(page));
        int sizeClass = PageTable.sizeClass(state);
        return switch (PageTable.kind(state)) {
            case PageTable.LARGE_HEAD -> block % HeapLayout.PAGE_BYTES == 0 ? LARGE : NONE;
            case PageTable.SPAN_HEAD -> isBlock(block, page, sizeClass) ? sizeClass : NONE;
            case PageTable.SPAN_BODY -> isBlock(block, page - PageTable.length(state), sizeClass) ? sizeClass : NONE;
            default -> NONE;
        };
    }

    @Override
    public long reached(long block) {
        if (classAt(block) == NONE) {
            fault("the block at " + block + " can be reached, and none begins there");
            return 0;
        }
        if (!mark(block, "reached")) {
            return 0;
        }
        usedBytes += heap.sizeOf(block);
        return heap.sizeOf(block);
    }

    /** Marks a block as met; a fault where it was before. */
    private boolean mark(long block, String how) {
        if (isMarked(block)) {
            fault("the block at " + block + " is " + how + ", and was met before");
            return false;
        }
        long granule = granule(block);
        int chunk = (int) (granule >>> (CHUNK_SHIFT + Integer.numberOfTrailingZeros(GRANULES)));
        long[] words = marks[chunk];
        if (words == null) {
            words = new long[WORDS << CHUNK_SHIFT];
            marks[chunk] = words;
        }
        words[(int) (granule >>> 6) & (words.length - 1)] |= 1L << granule;
        return true;
    }

    private boolean isMarked(long block) {
        long granule = granule(block);
        long[] words = marks[(int) (granule >>> (CHUNK_SHIFT + Integer.numberOfTrailingZeros(GRANULES)))];
        return words != null && (words[(int) (granule >>> 6) & (words.length - 1)] & (1L << granule)) != 0;
    }

    private long granule(long block) {
        return (block - central.dataAt()) >>> SizeClasses.GRANULE_SHIFT;
    }

    /** Every block that was not met is in use by nobody, unless it is a raw one. */
    private void findLost() {
        for (long page = table.firstPage(); page < end;) {
            long state = memory.getPlain(table.stateAt(page));
            if (PageTable.kind(state) == PageTable.SPAN_HEAD) {
                int sizeClass = PageTable.sizeClass(state);
                for (int i = 0; i < SizeClasses.blocks(sizeClass); i++) {
                    checkMet(PageTable.offset(page) + (long) i * SizeClasses.size(sizeClass),
                            SizeClasses.size(sizeClass));
                }
            } else if (PageTable.kind(state) == PageTable.LARGE_HEAD) {
                checkMet(PageTable.offset(page), PageTable.offset(PageTable.length(state)));
            }
            page += PageTable.length(state);
        }
    }

    private void checkMet(long block, long size) {
        if (isMarked(block)) {
            return;
        }
        if (RawBlocks.isLive(memory, block)) {
            usedBytes += size;
        } else {
            fault("the block at " + block + " of " + size + " bytes is lost: neither free nor to be reached");
        }
    }
}
