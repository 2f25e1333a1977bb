package io.cleave.heap;

/**
 * The sizes that blocks come in: multiples of 16 up to 128, then eight steps for each doubling up to 32 KiB, and one of
 * its own for headers. What is larger takes whole pages. Blocks of a class lie side by side in spans of a few pages, of
 * which at most an eighth is left over at the end.
 */
final class SizeClasses {
    static final int GRANULE_SHIFT = 4;
    static final long GRANULE_BYTES = 1L << GRANULE_SHIFT;
    /** The largest block that is no run of pages. */
    static final long LARGEST_BYTES = 32768;
    /** The class of headers. Its pages are never used for anything else. */
    static final int HEADER = 72;
    static final int COUNT = 73;

    private static final int STEPS_SHIFT = 3;
    private static final int LINEAR = 8;
    private static final int LINEAR_SHIFT = 7;
    private static final int MOST_PAGES = 16;
    private static final int ENOUGH_BLOCKS = 8;
    private static final int MOST_STOCK = 64;
    private static final int LEAST_STOCK = 2;
    private static final long STOCK_BYTES = 16384;

    private static final int[] SIZE = new int[COUNT];
    private static final int[] PAGES = new int[COUNT];
    private static final int[] STOCK = new int[COUNT];
    private static final int[] STOCK_AT = new int[COUNT + 1];

    static {
        int at = 0;
        for (int i = 0; i < COUNT; i++) {
            SIZE[i] = i == HEADER ? (int) Heap.HEADER_BYTES : sizeOfStep(i);
            PAGES[i] = pagesFor(SIZE[i]);
            STOCK[i] = i == HEADER ? LEAST_STOCK : Math.clamp(STOCK_BYTES / SIZE[i], LEAST_STOCK, MOST_STOCK);
            STOCK_AT[i] = at;
            at += STOCK[i] * Long.BYTES;
        }
        STOCK_AT[COUNT] = at;
    }

    private SizeClasses() {
    }

    private static int sizeOfStep(int sizeClass) {
        if (sizeClass < LINEAR) {
            return (sizeClass + 1) << GRANULE_SHIFT;
        }
        int doubling = (sizeClass - LINEAR) >>> STEPS_SHIFT;
        int step = (sizeClass - LINEAR) & (LINEAR - 1);
        return (LINEAR + step + 1) << (doubling + GRANULE_SHIFT);
    }

    private static int pagesFor(int size) {
        int best = 0;
        for (int pages = 1; pages <= MOST_PAGES; pages++) {
            long bytes = pages * HeapLayout.PAGE_BYTES;
            long waste = bytes % size;
            if (waste * 8 <= bytes && bytes >= size
                    && (best == 0 || best * HeapLayout.PAGE_BYTES / size < ENOUGH_BLOCKS)) {
                best = pages;
            }
        }
        return best;
    }

    /** The class for a size from 1 to {@link #LARGEST_BYTES}. */
    static int of(long bytes) {
        if (bytes <= 1L << LINEAR_SHIFT) {
            return (int) (bytes - 1) >>> GRANULE_SHIFT;
        }
        int last = (int) bytes - 1;
        int doubling = Integer.SIZE - 1 - LINEAR_SHIFT - Integer.numberOfLeadingZeros(last);
        return LINEAR * doubling + (last >>> (doubling + GRANULE_SHIFT));
    }

    static int size(int sizeClass) {
        return SIZE[sizeClass];
    }

    /** How many pages a span has. */
    static int pages(int sizeClass) {
        return PAGES[sizeClass];
    }

    /** How many blocks a span has. */
    static int blocks(int sizeClass) {
        return (int) (PAGES[sizeClass] * HeapLayout.PAGE_BYTES / SIZE[sizeClass]);
    }

    /** How many free blocks a context keeps at most. */
    static int stock(int sizeClass) {
        return STOCK[sizeClass];
    }

    /** Where a context keeps them, from the first of its stocks on. */
    static int stockAt(int sizeClass) {
        return STOCK_AT[sizeClass];
    }

    /** What all stocks of a context take. */
    static int stockBytes() {
        return STOCK_AT[COUNT];
    }
}
