package io.cleave.heap;

/**
 * The layout of a context: the log of a change and the arena of who makes it, which are one owner's at a time.
 *
 * <pre>
 *        0                8                16               24
 *        +----------------+----------------+---------------------------------+
 *      0 | owner          | recoverer      | starving       | zeroes         |
 *        +----------------+----------------+----------------+----------------+
 *     64 | status         | inner status   | pending mask   | zeroes         |
 *        +----------------+----------------+----------------+----------------+
 *    128 | pending blocks, 64 words                                          |
 *        +-------------------------------------------------------------------+
 *    640 | counts of the stocks, 80 words                                    |
 *        +-------------------------------------------------------------------+
 *   1280 | pairs of the log, 250 of 16 bytes                                 |
 *        +-------------------------------------------------------------------+
 *   5280 | pairs of the inner log, 250 of 16 bytes                           |
 *        +-------------------------------------------------------------------+
 *   9280 | stocks: free blocks of each size class, as many words as {@link SizeClasses#stock} says |
 *        +-------------------------------------------------------------------+
 * </pre>
 *
 * {@code owner} is 0, or an owner in the form of {@link io.cleave.owner.Participants#me}; {@code recoverer} likewise. {@code starving}
 * is not 0 while the owner waits for the stocks of others, having given its own back. All else is read and written by the
 * owner only; where its process is dead, by the recoverer.
 */
final class ContextLayout {
    static final long OWNER_AT = 0;
    static final long RECOVERER_AT = 8;
    static final long STARVING_AT = 16;
    static final long STATUS_AT = 64;
    static final long INNER_STATUS_AT = 72;
    static final long PENDING_MASK_AT = 80;
    static final long PENDING_AT = 128;
    static final int PENDING = 64;
    static final long COUNTS_AT = 640;
    static final long PAIRS_AT = 1280;
    static final long INNER_PAIRS_AT = PAIRS_AT + RedoLog.CAPACITY * 16L;
    static final long STOCKS_AT = INNER_PAIRS_AT + RedoLog.CAPACITY * 16L;
    static final long BYTES = 32768;

    private ContextLayout() {
    }
}
