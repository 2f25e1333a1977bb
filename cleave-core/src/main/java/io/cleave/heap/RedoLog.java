package io.cleave.heap;

/**
 * The words that a change is to store, and the mark that says that it has happened.
 *
 * <h2>Overview</h2>
 *
 * <pre>
 * status        meaning                                                      leaves it
 * 0             nothing has happened; the pairs are nobody's business        commit, by its owner
 * count         the change has happened; its words are being stored          its owner, or who recovers it, to 0
 * </pre>
 *
 * Pairs of an offset and a new word are collected where only the owner looks. One store of the status makes the change:
 * before it, a death leaves nothing changed, as nobody reads pairs under a status of 0. After it, the words can be
 * stored by anybody who has the log for himself, any number of times and beginning anew after any death, because they do
 * not depend on what was there, and because nobody else stores in the same places: what the words belong to is locked
 * by the owner, and a lock of a dead owner is taken over only when none of its process's logs has a status.
 *
 * <p>
 * <b>A change of a single word</b> is that store itself, and needs no status.
 *
 * <p>
 * <b>No error ends it half-way.</b> An overflow of the stack, or a lack of memory for the code that the store needs when
 * it first runs, would come at the first word as at any other: so a store of the same kind is made before the status,
 * by the same calls, where an error is still one of a change that has not happened. What comes nevertheless is met by
 * trying again, for as long as it takes: the code needs less stack once it is compiled, which a loop brings about.
 */
final class RedoLog {
    /** How many words one change may store. */
    static final int CAPACITY = 250;
    static final long PAIR_BYTES = 2 * Long.BYTES;

    private final HeapMemory memory;
    private final long statusAt;
    private final long rehearsalAt;
    private final long pairsAt;
    private int count;

    /**
     * The log at a place.
     *
     * @param statusAt where its status lies
     * @param rehearsalAt a pair that stores a word without a meaning
     * @param pairsAt where its pairs begin
     */
    RedoLog(HeapMemory memory, long statusAt, long rehearsalAt, long pairsAt) {
        this.memory = memory;
        this.statusAt = statusAt;
        this.rehearsalAt = rehearsalAt;
        this.pairsAt = pairsAt;
    }

    /** Forgets what was collected. */
    void clear() {
        count = 0;
    }

    boolean isEmpty() {
        return count == 0;
    }

    /** How many words can still be collected. */
    int room() {
        return CAPACITY - count;
    }

    /** Collects a word. Of two for one place the later counts. */
    void set(long at, long word) {
        if (count == CAPACITY) {
            throw new IllegalStateException("a change of more than " + CAPACITY + " words; split it into several");
        }
        long pair = pairsAt + count * PAIR_BYTES;
        memory.setPlain(pair, at);
        memory.setPlain(pair + Long.BYTES, word);
        count++;
    }

    /** Collects a word in the place of one that was collected before, if there is one. */
    void replace(long at, long word) {
        long pair = find(at);
        if (pair < 0) {
            set(at, word);
        } else {
            memory.setPlain(pair + Long.BYTES, word);
        }
    }

    /** Whether a word was collected for a place. */
    boolean contains(long at) {
        return find(at) >= 0;
    }

    /** A word as it will be. */
    long get(long at) {
        long pair = count == 0 ? -1 : find(at);
        return memory.getPlain(pair < 0 ? at : pair + Long.BYTES);
    }

    private long find(long at) {
        for (long pair = pairsAt + (count - 1) * PAIR_BYTES; pair >= pairsAt; pair -= PAIR_BYTES) {
            if (memory.getPlain(pair) == at) {
                return pair;
            }
        }
        return -1;
    }

    /** Makes the change, and forgets it. */
    void commit() {
        if (count > 1) {
            store(rehearsalAt, 1);
            memory.setRelease(statusAt, count); // SYNC: log-committed
            apply(pairsAt, count);
            memory.setRelease(statusAt, 0); // SYNC: log-applied
        } else if (count == 1) {
            memory.setRelease(memory.getPlain(pairsAt), memory.getPlain(pairsAt + Long.BYTES));
        }
        count = 0;
    }

    /** Stores words, whatever stack or memory there is. An error of the memory itself, such as a file cut short, it throws. */
    private void apply(long from, int words) {
        boolean isDone = false;
        while (!isDone) {
            try {
                store(from, words);
                isDone = true;
            } catch (StackOverflowError | OutOfMemoryError e) {
                isDone = false;
            }
        }
    }

    private void store(long from, int words) {
        for (long pair = from, end = from + words * PAIR_BYTES; pair < end; pair += PAIR_BYTES) {
            memory.setRelease(memory.getPlain(pair), memory.getPlain(pair + Long.BYTES));
        }
    }
}
