package io.cleave.heap;

/**
 * A change of the heap that happens as a whole or not at all, whatever process dies at whatever moment.
 *
 * {@snippet :
 * heap.locks().lock(lockAt);
 * try (Change change = heap.change()) {
 *     long block = change.allocate(bytes);
 *     heap.memory().setPlain(block, ...);     // nobody else can reach it yet
 *     change.set(linkAt, block);
 *     change.free(old);
 *     change.commit();
 * } finally {
 *     heap.locks().unlock(lockAt);
 * }
 * }
 *
 * <p>
 * Whoever makes a change holds the locks of all that it stores in outside of blocks that it has allocated itself, from
 * before {@link Heap#change} until after {@link #commit}. Locks are never among the words of a change. Nothing is waited
 * for, and no code of a user's runs, between {@link Heap#change} and {@link #close}; a thread has one change at a time.
 *
 * <p>
 * <b>What readers without a lock see.</b> The words appear in the order in which they were set, each by a release store,
 * and with time in between. Blocks that were freed are used again at the earliest after all words have appeared. So a
 * reader that has followed a word to a block, has read, and then (after {@code VarHandle.loadLoadFence}) finds <em>that
 * word and a version</em> as they were before has read what was in the block, if each change of the word also raises the
 * version, and sets the version first. To look at the version alone is not enough: it may be raised before the first
 * look, and the word stored after it.
 */
public final class Change implements AutoCloseable {
    /** How many blocks one change may free. */
    public static final int MOST_FREES = 40;
    /** How many blocks one change may allocate. */
    public static final int MOST_ALLOCATIONS = 24;
    /** How many words one change may set, beside those for its blocks. */
    public static final int MOST_WORDS = 150;

    private final HeapMemory memory;
    private final Central central;
    private final Context context;
    private final RedoLog log;
    private final long[] freed = new long[MOST_FREES];
    private final int[] freedClasses = new int[MOST_FREES];
    private int frees;

    Change(Heap heap, Context context) {
        this.memory = heap.inside();
        this.central = heap.central();
        this.context = context;
        this.log = context.outer();
    }

    /** Begins; the context is the caller's. */
    void begin() {
        frees = 0;
        context.begin();
    }

    /**
     * Takes a block out of what is free. It becomes part of the heap's content by the commit; without one it is free
     * again. Its content is whatever was there.
     *
     * @param bytes its size, at least 1
     * @return its offset, a multiple of 16; of 64 for more than 512 bytes, of 4096 for more than 32768
     * @throws io.cleave.HeapFullException where there is no room; what else was collected stays as it is
     */
    public long allocate(long bytes) {
        if (bytes <= 0) {
            throw new IllegalArgumentException("a block of " + bytes + " bytes; it needs at least 1");
        }
        int sizeClass = classFor(bytes);
        return sizeClass >= 0 ? context.allocate(sizeClass) : context.allocateLarge(bytes);
    }

    /**
     * Allocates a block of zeroes.
     *
     * @param bytes its size, at least 1
     * @return its offset
     * @throws io.cleave.HeapFullException where there is no room
     */
    public long allocateZeroed(long bytes) {
        long block = allocate(bytes);
        memory.clear(block, bytes);
        return block;
    }

    /**
     * Takes a header: a block of {@link Heap#HEADER_BYTES} in memory that is only ever used for headers. Its first word
     * is its generation, which only {@code allocateHeader} and {@link #free} write: odd while it is in use, raised at
     * either. So whoever has kept offset and generation can look, at any time, whether it is still the same.
     *
     * @return its offset, a multiple of 256; all but the generation is whatever was there
     * @throws io.cleave.HeapFullException where there is no room
     */
    public long allocateHeader() {
        long header = context.allocate(SizeClasses.HEADER);
        log.set(header, memory.getPlain(header) + 1);
        return header;
    }

    /**
     * The generation that a header will have after the commit; the one it has, where it is not of this change.
     *
     * @param header its offset
     * @return the generation
     */
    public long generation(long header) {
        return log.get(header);
    }

    /**
     * Gives a block or a header back, after all words of this change have been stored. At most {@link #MOST_FREES} a
     * change.
     *
     * @param block its offset
     * @throws io.cleave.IncompatibleBlockException where no block is there
     */
    public void free(long block) {
        int sizeClass = central.classOf(block);
        if (sizeClass == SizeClasses.HEADER) {
            log.set(block, log.get(block) + 1);
        }
        free(block, sizeClass);
    }

    /**
     * Gives a block back, as {@link #free(long)} does, without having to look up how large it is.
     *
     * @param block its offset, of a block that is in use and no header
     * @param bytes the size that it was allocated with
     */
    public void free(long block, long bytes) {
        free(block, classFor(bytes));
    }

    private void free(long block, int sizeClass) {
        if (frees == MOST_FREES) {
            throw new IllegalStateException("a change frees at most " + MOST_FREES + " blocks; split it into several");
        }
        freed[frees] = block;
        freedClasses[frees] = sizeClass;
        frees++;
    }

    /** The size class for so many bytes; -1 where they take pages of their own. */
    private static int classFor(long bytes) {
        return bytes <= SizeClasses.LARGEST_BYTES ? SizeClasses.of(bytes) : -1;
    }

    /**
     * Collects a word, which is stored by {@link #commit}. Of two for one place both are stored, in their order.
     *
     * @param at its offset
     * @param word what is to be there
     * @throws IllegalStateException where it is one too many, see {@link #MOST_WORDS}
     */
    public void set(long at, long word) {
        log.set(at, word);
    }

    /**
     * A word as it will be after the commit.
     *
     * @param at its offset
     * @return the word
     */
    public long get(long at) {
        return log.get(at);
    }

    /** Makes all that was collected happen. The change is empty then, and may go on. */
    public void commit() {
        context.collectBlocks(freed, freedClasses, frees);
        frees = 0;
        log.commit();
        context.committed();
    }

    /** Ends the change. What was not committed has not happened. */
    @Override
    public void close() {
        context.end();
    }
}
