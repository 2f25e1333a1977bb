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
 * by the owner, and a lock of a dead owner is taken over only when none of its process's logs has a status. Where others
 * store without that lock, as they do the primitives of live objects, a mark that is set before the status and taken away
 * after it has to keep them from it.
 *
 * <p>
 * <b>A change of a single word</b> is that store itself, and needs no status.
 *
 * <p>
 * <b>No error ends it half-way.</b> There is stack for it ({@link io.cleave.owner.StackReserve}), it allocates nothing, and
 * what its code needs when it first runs is there once the status has been stored, by the same calls.
 */
final class RedoLog {
    /** How many words one change may store. */
    static final int CAPACITY = 250;
    static final long PAIR_BYTES = 2 * Long.BYTES;

    private final HeapMemory memory;
    private final long statusAt;
    private final long pairsAt;
    private int count;

    /**
     * The log at a place.
     *
     * @param statusAt where its status lies
     * @param pairsAt where its pairs begin
     */
    RedoLog(HeapMemory memory, long statusAt, long pairsAt) {
        this.memory = memory;
        this.statusAt = statusAt;
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
        if (!memory.isWord(at)) { // here, as nothing may fail once the change has happened
            throw Central.damaged("a word of a change would be stored at " + at);
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
            memory.setRelease(statusAt, count); // SYNC: log-committed
            for (long pair = pairsAt, end = pairsAt + count * PAIR_BYTES; pair < end; pair += PAIR_BYTES) {
                memory.setRelease(memory.getPlain(pair), memory.getPlain(pair + Long.BYTES));
            }
            memory.setRelease(statusAt, 0); // SYNC: log-applied
        } else if (count == 1) {
            memory.setRelease(memory.getPlain(pairsAt), memory.getPlain(pairsAt + Long.BYTES));
        }
        count = 0;
    }
}
