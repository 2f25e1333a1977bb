package io.cleave.heap;

import io.cleave.owner.Participants;
import io.cleave.owner.ParticipantsLayout;
import io.cleave.owner.Patience;

/**
 * Finishes what dead processes had begun.
 *
 * <h2>Overview</h2>
 *
 * A process that has died may have left contexts whose log has a status, and locks of what the words of those logs belong
 * to. Whoever waits for any lock of it comes here first. Each context of the dead process is recovered: its logs are
 * applied where they have a status, and then it is free. Only when no context has an owner of that process any more is
 * the lock replaced. So what a lock guards is always as it was between two changes.
 *
 * <p>
 * <b>Not twice at once.</b> A recoverer names itself in the context by a compare-and-set, from 0 or from one who is
 * dead, and looks again then whether the owner is. A second one waits, or goes away and comes again: it may not take the
 * lock as long as the owner's word is there. A recoverer that dies leaves the status, and its word, for the next.
 *
 * <p>
 * <b>Why a log is not applied too late.</b> The words of a log belong to what its owner holds locks of, and to its
 * context. Those locks are not released by the dead, and not replaced before the log is done; the context has the owner's
 * word until then. A recoverer that is stopped in the middle holds up those who want these locks, as any owner does that
 * is stopped; nobody goes on beside it. Who stores in the same places without those locks, as live objects have it, looks
 * at a mark that is there as long as the log may have a status, and then comes for the lock.
 *
 * <p>
 * <b>Death at each step.</b> Before the status: the change has not happened. After it, until the status is 0 again: any
 * recoverer stores the words from the first one on. After that: nothing is left to do but to free the context. Blocks
 * that are pending are brought back by its next owner ({@link Context}).
 */
final class Recovery {
    /** How often to look whether another recoverer is ready, which takes it microseconds. */
    private static final int LOOKS = 40;
    private static final long NAP_NANOS = 20_000;

    private final HeapMemory memory;
    private final int contexts;

    Recovery(HeapMemory memory, int contexts) {
        this.memory = memory;
        this.contexts = contexts;
    }

    private static long contextAt(int context) {
        return HeapLayout.FIRST_CONTEXT_AT + context * ContextLayout.BYTES;
    }

    private long owner(int context) {
        return memory.getAcquire(contextAt(context) + ContextLayout.OWNER_AT); // SYNC: context
    }

    /** Whether an owner's process is dead, and nothing of what it had begun is left. */
    boolean isOver(long owner) {
        checkOwner(owner);
        if (!Participants.isDead(owner)) {
            return false;
        }
        long process = owner & ParticipantsLayout.PROCESS;
        for (int i = 0; i < contexts; i++) {
            if ((owner(i) & ParticipantsLayout.PROCESS) == process && !recover(i)) {
                return false;
            }
        }
        return true;
    }

    /** Recovers all contexts whose owners are dead. */
    void recoverAll() {
        for (int i = 0; i < contexts; i++) {
            boolean _ = recover(i); // what another is at is being recovered
        }
    }

    /**
     * Recovers a context if its owner is dead.
     *
     * @return false where another is at it
     */
    boolean recover(int context) {
        long owner = owner(context);
        if (owner == 0) {
            return true;
        }
        checkOwner(owner);
        if (!Participants.isDead(owner)) {
            return true;
        }
        if (!enter(context)) {
            return false;
        }
        try {
            owner = owner(context);
            if (owner != 0 && Participants.isDead(owner)) {
                long at = contextAt(context);
                replay(at + ContextLayout.INNER_STATUS_AT, at + ContextLayout.INNER_PAIRS_AT);
                replay(at + ContextLayout.STATUS_AT, at + ContextLayout.PAIRS_AT);
                memory.setOpaque(at + ContextLayout.STARVING_AT, 0);
                memory.setRelease(at + ContextLayout.OWNER_AT, 0); // SYNC: context
            }
        } finally {
            memory.setRelease(contextAt(context) + ContextLayout.RECOVERER_AT, 0); // SYNC: recoverer
        }
        return true;
    }

    /** Refuses to wait for what was never an owner. */
    private static void checkOwner(long owner) {
        if ((owner & ParticipantsLayout.PROCESS) == 0) {
            throw Central.damaged("a lock or a context is owned by " + Long.toHexString(owner));
        }
    }

    private boolean enter(int context) {
        long recovererAt = contextAt(context) + ContextLayout.RECOVERER_AT;
        long me = Participants.me();
        for (int look = 0; look < LOOKS; look++) {
            long other = memory.getAcquire(recovererAt);
            if (other != 0) {
                checkOwner(other);
            }
            boolean isFree = other == 0 || (look % (LOOKS / 2) == 0 && Participants.isDead(other));
            if (isFree && memory.cas(recovererAt, other, me)) { // SYNC: recoverer
                return true;
            }
            Patience.nap(NAP_NANOS);
        }
        return false;
    }

    /** Applies a log that has a status. */
    private void replay(long statusAt, long pairsAt) {
        long count = memory.getAcquire(statusAt); // SYNC: log-committed
        if (count == 0) {
            return;
        }
        if (count < 0 || count > RedoLog.CAPACITY) {
            throw Central.damaged("a log of " + count + " words");
        }
        for (long pair = pairsAt; pair < pairsAt + count * RedoLog.PAIR_BYTES; pair += RedoLog.PAIR_BYTES) {
            long at = memory.getPlain(pair);
            if (!isWord(at)) {
                throw Central.damaged("a log with a word for " + at);
            }
            memory.setRelease(at, memory.getPlain(pair + Long.BYTES));
        }
        memory.setRelease(statusAt, 0); // SYNC: log-applied
    }

    private boolean isWord(long at) {
        long tableAt = memory.getPlain(HeapLayout.TABLE_AT);
        long dataAt = memory.getPlain(HeapLayout.DATA_AT);
        long committed = HeapLayout.committedAcquire(memory);
        long entries = (committed - dataAt) / HeapLayout.PAGE_BYTES * HeapLayout.ENTRY_BYTES;
        return (at & (Long.BYTES - 1)) == 0 && at >= HeapLayout.COMMITTED_AT
                && (at < tableAt + entries || (at >= dataAt && at < committed));
    }
}
