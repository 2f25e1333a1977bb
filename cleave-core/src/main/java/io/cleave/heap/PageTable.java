package io.cleave.heap;

/**
 * The layout of the table of pages: an entry of 64 bytes for each.
 *
 * <pre>
 *   0                8                16               24
 *   +----------------+----------------+----------------+----------------+
 *   | state          | previous       | next           | free           |
 *   +----------------+----------------+----------------+----------------+
 *   | map: a bit for each 16 bytes of the page, set where a free block begins |
 *   +-------------------------------------------------------------------+
 *
 * state    63                    16 15        8 7         0
 *         +------------------------+-----------+-----------+
 *         | length                 | class     | kind      |
 *         +------------------------+-----------+-----------+
 * </pre>
 *
 * Pages are numbered from the beginning of the heap, so none has the number 0. Runs of pages are free, or a span of
 * blocks of one class, or a large block. {@code length} is that of the run in pages; in the body of a span it is how far
 * the span's first page is behind. The first and the last page of each run say truly what they are. What other pages of
 * free runs and of large blocks say means nothing.
 *
 * <p>
 * {@code previous} and {@code next} link free runs of about one length ({@link PageRuns}), and spans of one class that
 * have free blocks ({@link Spans}); 0 ends a list. {@code free} is the number of free blocks of a span, in its first
 * page. A map speaks of blocks that begin in its page, and only of those that lie with the span: a free block in a
 * context's stock has no bit.
 *
 * <p>
 * All is read and written under the central lock, but for the states of spans and of the first pages of large blocks,
 * which do not change while one of their blocks is in use.
 */
final class PageTable {
    static final int FREE_HEAD = 1;
    static final int FREE_TAIL = 2;
    static final int SPAN_HEAD = 3;
    static final int SPAN_BODY = 4;
    static final int LARGE_HEAD = 5;
    static final int LARGE_TAIL = 6;

    static final long STATE_IN_ENTRY = 0;
    static final long PREVIOUS_IN_ENTRY = 8;
    static final long NEXT_IN_ENTRY = 16;
    static final long FREE_IN_ENTRY = 24;
    static final long MAP_IN_ENTRY = 32;
    static final int MAP_WORDS = 4;
    private static final int CLASS_SHIFT = 8;
    private static final int LENGTH_SHIFT = 16;
    private static final int BYTE_MASK = 0xff;

    private final long base;
    private final long firstPage;

    /**
     * The table at a place.
     *
     * @param tableAt where the entry of the first page lies
     * @param dataAt where the first page lies
     */
    PageTable(long tableAt, long dataAt) {
        this.firstPage = dataAt >>> HeapLayout.PAGE_SHIFT;
        this.base = tableAt - firstPage * HeapLayout.ENTRY_BYTES;
    }

    long firstPage() {
        return firstPage;
    }

    long entryAt(long page) {
        return base + page * HeapLayout.ENTRY_BYTES;
    }

    long stateAt(long page) {
        return entryAt(page) + STATE_IN_ENTRY;
    }

    long previousAt(long page) {
        return entryAt(page) + PREVIOUS_IN_ENTRY;
    }

    long nextAt(long page) {
        return entryAt(page) + NEXT_IN_ENTRY;
    }

    long freeAt(long page) {
        return entryAt(page) + FREE_IN_ENTRY;
    }

    /** Where the bit of a block's first granule lies. */
    long mapWordAt(long block) {
        return entryAt(page(block)) + MAP_IN_ENTRY + ((block >>> 10) & 3) * Long.BYTES;
    }

    static long mapBit(long block) {
        return 1L << (block >>> SizeClasses.GRANULE_SHIFT);
    }

    static long page(long offset) {
        return offset >>> HeapLayout.PAGE_SHIFT;
    }

    static long offset(long page) {
        return page << HeapLayout.PAGE_SHIFT;
    }

    static long state(int kind, int sizeClass, long length) {
        return (length << LENGTH_SHIFT) | ((long) sizeClass << CLASS_SHIFT) | kind;
    }

    static int kind(long state) {
        return (int) state & BYTE_MASK;
    }

    static int sizeClass(long state) {
        return (int) (state >>> CLASS_SHIFT) & BYTE_MASK;
    }

    static long length(long state) {
        return state >>> LENGTH_SHIFT;
    }
}
