package io.cleave.heap;

import io.cleave.IncompatibleBlockException;

/**
 * The spans of the size classes, and their free blocks. Spans that have some are linked in a list for each class. A span
 * of which all blocks are free becomes free pages again, unless it is the only one in its class's list, or holds headers.
 * Everything here is collected in a log of whoever holds the central lock.
 */
final class Spans {
    /** The most words that {@link #give} collects. */
    static final int WORDS_TO_GIVE = 28;
    /** The most words that taking from one more span collects, beside one for each word of its maps. */
    private static final int WORDS_TO_TAKE = 8;
    /** How many spans of each class are looked at for one that is wholly free, where there is no hurry. */
    static final int GLANCE = 8;

    private final HeapMemory memory;
    private final PageTable table;
    private final PageRuns runs;

    Spans(HeapMemory memory, PageTable table, PageRuns runs) {
        this.memory = memory;
        this.table = table;
        this.runs = runs;
    }

    private static void add(RedoLog log, long at, long by) {
        log.replace(at, log.get(at) + by);
    }

    /** Takes up to so many free blocks of a class out of its spans. */
    int take(RedoLog log, int sizeClass, long[] into, int most) {
        long classAt = HeapLayout.classAt(sizeClass);
        int taken = 0;
        while (taken < most && log.room() > WORDS_TO_TAKE + most) {
            long span = log.get(classAt + HeapLayout.FIRST_SPAN_IN_CLASS);
            if (span == 0) {
                break;
            }
            int before = taken;
            taken = takeFrom(log, span, sizeClass, into, taken, most);
            if (taken == before) {
                throw damaged(span, "it is listed as having free blocks and has none");
            }
            long free = log.get(table.freeAt(span)) - (taken - before);
            log.replace(table.freeAt(span), free);
            add(log, classAt + HeapLayout.FREE_IN_CLASS, before - taken);
            if (free == 0) {
                unlink(log, span, sizeClass);
            }
        }
        return taken;
    }

    private int takeFrom(RedoLog log, long span, int sizeClass, long[] into, int from, int most) {
        int taken = from;
        for (long page = span; page < span + SizeClasses.pages(sizeClass) && taken < most; page++) {
            for (int word = 0; word < PageTable.MAP_WORDS && taken < most; word++) {
                long wordAt = table.entryAt(page) + PageTable.MAP_IN_ENTRY + (long) word * Long.BYTES;
                long bits = log.get(wordAt);
                if (bits != 0) {
                    for (; bits != 0 && taken < most; bits &= bits - 1) {
                        long granule = (long) word * Long.SIZE + Long.numberOfTrailingZeros(bits);
                        into[taken++] = PageTable.offset(page) + (granule << SizeClasses.GRANULE_SHIFT);
                    }
                    log.replace(wordAt, bits);
                }
            }
        }
        return taken;
    }

    /**
     * Makes a span of free pages, and takes up to so many of its blocks.
     *
     * @return how many; 0 where there are no such pages
     */
    int make(RedoLog log, int sizeClass, long[] into, int most) {
        int pages = SizeClasses.pages(sizeClass);
        long span = runs.take(log, pages);
        if (span == 0) {
            return 0;
        }
        int blocks = SizeClasses.blocks(sizeClass);
        int taken = Math.min(most, blocks);
        if (sizeClass == SizeClasses.HEADER) {
            memory.clear(PageTable.offset(span), pages * HeapLayout.PAGE_BYTES); // generations begin with 0
        }
        log.replace(table.stateAt(span), PageTable.state(PageTable.SPAN_HEAD, sizeClass, pages));
        for (int i = 1; i < pages; i++) {
            long state = PageTable.state(PageTable.SPAN_BODY, sizeClass, i);
            if (i == pages - 1) {
                log.replace(table.stateAt(span + i), state);
            } else {
                memory.setPlain(table.stateAt(span + i), state); // inside of a free run: nobody looks
            }
        }
        memory.setPlain(table.freeAt(span), blocks - taken);
        for (int i = 0; i < pages; i++) {
            for (int word = 0; word < PageTable.MAP_WORDS; word++) {
                memory.setPlain(table.entryAt(span + i) + PageTable.MAP_IN_ENTRY + (long) word * Long.BYTES, 0);
            }
        }
        long block = PageTable.offset(span);
        for (int i = 0; i < blocks; i++) {
            if (i < taken) {
                into[i] = block;
            } else {
                long wordAt = table.mapWordAt(block);
                memory.setPlain(wordAt, memory.getPlain(wordAt) | PageTable.mapBit(block));
            }
            block += SizeClasses.size(sizeClass);
        }
        long classAt = HeapLayout.classAt(sizeClass);
        add(log, classAt + HeapLayout.PAGES_IN_CLASS, pages);
        add(log, classAt + HeapLayout.BLOCKS_IN_CLASS, blocks);
        add(log, classAt + HeapLayout.FREE_IN_CLASS, blocks - taken);
        if (blocks > taken) {
            link(log, span, sizeClass);
        }
        return taken;
    }

    /** Makes a block free. */
    void give(RedoLog log, long block) {
        long state = memory.getPlain(table.stateAt(PageTable.page(block)));
        int sizeClass = PageTable.sizeClass(state);
        long span = first(block, state);
        long wordAt = table.mapWordAt(block);
        long word = log.get(wordAt);
        if ((word & PageTable.mapBit(block)) != 0) {
            throw damaged(span, "the block at " + block + " is freed and was free before");
        }
        log.replace(wordAt, word | PageTable.mapBit(block));
        long free = log.get(table.freeAt(span)) + 1;
        log.replace(table.freeAt(span), free);
        add(log, HeapLayout.classAt(sizeClass) + HeapLayout.FREE_IN_CLASS, 1);
        if (free == 1) {
            link(log, span, sizeClass);
        }
        if (isWhollyFree(log, span, sizeClass) && !isAlone(log, span)) {
            release(log, span, sizeClass);
        }
    }

    private static long first(long block, long state) {
        long page = PageTable.page(block);
        return PageTable.kind(state) == PageTable.SPAN_BODY ? page - PageTable.length(state) : page;
    }

    private boolean isWhollyFree(RedoLog log, long span, int sizeClass) {
        return sizeClass != SizeClasses.HEADER && log.get(table.freeAt(span)) == SizeClasses.blocks(sizeClass);
    }

    private boolean isAlone(RedoLog log, long span) {
        return log.get(table.previousAt(span)) == 0 && log.get(table.nextAt(span)) == 0;
    }

    /** Makes free pages of a span that is wholly free. */
    private void release(RedoLog log, long span, int sizeClass) {
        unlink(log, span, sizeClass);
        long classAt = HeapLayout.classAt(sizeClass);
        add(log, classAt + HeapLayout.PAGES_IN_CLASS, -SizeClasses.pages(sizeClass));
        add(log, classAt + HeapLayout.BLOCKS_IN_CLASS, -SizeClasses.blocks(sizeClass));
        add(log, classAt + HeapLayout.FREE_IN_CLASS, -SizeClasses.blocks(sizeClass));
        runs.give(log, span, SizeClasses.pages(sizeClass));
    }

    /**
     * Makes free pages of spans that are wholly free, each by a change of its own.
     *
     * @param most how many of each class are looked at
     * @return whether there were any
     */
    boolean releaseAll(RedoLog log, long most) {
        boolean isAny = false;
        long limit = Math.min(most, PageTable.page(memory.getPlain(HeapLayout.COMMITTED_AT))); // no list is longer
        log.clear();
        for (int sizeClass = 0; sizeClass < SizeClasses.COUNT; sizeClass++) {
            long span = memory.getPlain(HeapLayout.classAt(sizeClass) + HeapLayout.FIRST_SPAN_IN_CLASS);
            for (long i = 0; i < limit && span != 0; i++) {
                long next = memory.getPlain(table.nextAt(span));
                if (isWhollyFree(log, span, sizeClass)) {
                    release(log, span, sizeClass);
                    log.commit();
                    isAny = true;
                }
                span = next;
            }
        }
        return isAny;
    }

    private void link(RedoLog log, long span, int sizeClass) {
        long headAt = HeapLayout.classAt(sizeClass) + HeapLayout.FIRST_SPAN_IN_CLASS;
        long next = log.get(headAt);
        log.replace(table.previousAt(span), 0);
        log.replace(table.nextAt(span), next);
        if (next != 0) {
            log.replace(table.previousAt(next), span);
        }
        log.replace(headAt, span);
    }

    private void unlink(RedoLog log, long span, int sizeClass) {
        long previous = log.get(table.previousAt(span));
        long next = log.get(table.nextAt(span));
        log.replace(previous == 0 ? HeapLayout.classAt(sizeClass) + HeapLayout.FIRST_SPAN_IN_CLASS
                : table.nextAt(previous), next);
        if (next != 0) {
            log.replace(table.previousAt(next), previous);
        }
    }

    private static IncompatibleBlockException damaged(long span, String what) {
        return new IncompatibleBlockException("the heap is damaged at page " + span + ": " + what + "; verify it");
    }
}
