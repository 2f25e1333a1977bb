package io.cleave.owner;

import org.jspecify.annotations.Nullable;

/**
 * A lock in one word that is handed over when its owner's process dies.
 *
 * <h2>Overview</h2>
 *
 * <pre>
 * word                          meaning                                      leaves it
 * 0                             free                                         acquire
 * owner                         held, nobody sleeps                          release; a waiter that is to sleep
 * owner, WAITERS                held, somebody may sleep                     release, which wakes one
 * DIED                          free, an owner died and nobody repaired      acquire of those who take the news
 * owner, DIED [, WAITERS]       held by one that was told of it              consistent, to a word without DIED;
 *                                                                            release, back to DIED
 * dead owner, anything          as found when a process has died             the first waiter that notices
 * bias, BIASED                  kept by who has released it, for the next    a waiter that is to have it
 *                               time, or in use by it again
 * bias, BIASED, WAITERS         the same, and somebody wants it              release, which wakes one; a waiter, if it
 *                                                                            is not in use
 * </pre>
 *
 * It is the three-state futex lock of U. Drepper ("Futexes Are Tricky", 2011, section 6), with the owner in the place of
 * the state "locked", so that no moment exists at which the lock is held by nobody known or known to be held by one who
 * has given it up.
 *
 * <p>
 * <b>No wake-up is lost.</b> A waiter sleeps only on a word in which it has seen or set WAITERS; the kernel compares the
 * word once more. A release clears the word and, where WAITERS was set, wakes one. Whoever has slept acquires the word
 * with WAITERS set, because there may be others that sleep on, and whoever has slept and leaves without the lock wakes
 * another in its place. So while somebody sleeps, either WAITERS is set and the next release wakes one, or somebody who
 * was woken is on its way to the word.
 *
 * <p>
 * <b>Death.</b> Of the owner: its word stays, and a waiter that finds the process dead replaces it in one step, by itself
 * or by DIED. Between a release and its wake-up, or after being woken: the sleepers look at the word every
 * {@link Patience#SLICE_NANOS}. There is no step between which the word means something else than it says.
 *
 * <p>
 * <b>Bias.</b> Only words of locks that have a {@link Bias} are ever BIASED. Each has a name, an owner that never comes again. Who
 * waits for one sets WAITERS before it asks whether it is in use. So nobody begins to use it after the answer, and who
 * does use it finds WAITERS when it releases.
 */
public final class LockWord {
    /** Somebody may sleep on the word. */
    public static final long WAITERS = 1;
    /** An owner has died, and nobody has said since that what the lock guards was repaired. */
    public static final long DIED = 2;
    /** In the owner's place is a bias, whose owner keeps the word for the next time, and says elsewhere whether it uses it. */
    public static final long BIASED = 4;

    /** Looks that are taken before a sleep even where they have not paid: two microseconds or so, with their breaks. */
    private static final int LEAST_SPINS = 8;
    /** The most moments that pass between two looks, as a power of 2. */
    private static final int LONGEST_BREAK = 5;

    private final Cell word;
    private final Liveness liveness;
    private final Bias bias;
    /** How many looks it took lately until the lock was free, where that was before a sleep; a guess, so races do no harm. */
    private int usualSpins;

    /** Tells dead owners from living ones. */
    public interface Liveness {
        boolean isDead(long owner);
    }

    /** Tells whether a lock that is biased is in use. */
    public interface Bias {
        /** Of a lock that has none. */
        Bias NONE = _ -> {
            throw new IllegalStateException("the word of a lock without a bias is marked as biased");
        };

        /** Whether a bias is not in use, and will not be before its owner has looked at the word again. */
        boolean isIdle(long bias);
    }

    /** What to do with the news that an owner has died. */
    public enum News {
        /** Acquire, and be told. The mark stays until the owner says that it has repaired. */
        TAKE,
        /** Do not acquire. */
        REFUSE
    }

    /** How an attempt ended. */
    public enum Outcome {
        /** Held. */
        CLEAN,
        /** Held, and an owner has died before. */
        OWNER_DIED,
        /** Not held, because an owner has died. */
        REFUSED,
        /** Not held, the time is over. */
        TIMED_OUT;

        public boolean isHeld() {
            return this == CLEAN || this == OWNER_DIED;
        }
    }

    public LockWord(Cell word, Liveness liveness) {
        this(word, liveness, Bias.NONE);
    }

    public LockWord(Cell word, Liveness liveness, Bias bias) {
        this.word = word;
        this.liveness = liveness;
        this.bias = bias;
    }

    /** The owner, 0 where there is none. */
    public long owner() {
        return word.get() & ParticipantsLayout.OWNER;
    }

    /** Acquires for an owner that does not hold it. */
    public Outcome acquire(long me, News news, Patience wait) throws InterruptedException {
        if (word.cas(0, me)) {
            return Outcome.CLEAN;
        }
        long mark = 0;
        int budget = wait.isTry() ? 0 : Math.min(word.spins(), 2 * usualSpins + LEAST_SPINS);
        int spins = 0;
        long inUse = 0;
        Outcome outcome = null;
        try {
            while (outcome == null) {
                long seen = word.get();
                if ((seen & ParticipantsLayout.OWNER) == 0) {
                    outcome = take(seen, me | mark, news);
                } else if (spins < budget && (seen & WAITERS) == 0) {
                    backOff(spins);
                    spins++;
                } else if (liveness.isDead(seen & ParticipantsLayout.OWNER)) {
                    outcome = replaceDead(seen, me | mark, news);
                } else if ((seen & BIASED) != 0 && (seen & ParticipantsLayout.OWNER) != inUse) {
                    if ((seen & WAITERS) != 0 || word.cas(seen, seen | WAITERS)) {
                        boolean isIdle = bias.isIdle(seen & ParticipantsLayout.OWNER);
                        inUse = isIdle ? 0 : seen & ParticipantsLayout.OWNER;
                        outcome = isIdle && word.cas(seen | WAITERS, me | WAITERS) ? Outcome.CLEAN : null;
                    }
                } else if (wait.isOver()) {
                    outcome = Outcome.TIMED_OUT;
                } else if ((seen & WAITERS) != 0 || word.cas(seen, seen | WAITERS)) {
                    mark = WAITERS;
                    inUse = 0;
                    boolean _ = word.sleep(seen | WAITERS, wait, this::isSuspicious); // a late word is looked at again
                }
            }
            boolean hasPaid = mark == 0 && outcome.isHeld();
            usualSpins += ((hasPaid ? spins : 0) - usualSpins) / 8;
            return outcome;
        } finally {
            if (mark != 0 && (outcome == null || !outcome.isHeld())) {
                passOn();
            }
        }
    }

    /** Looks less and less often: each look takes the word away from an owner that may be about to lock again. */
    private void backOff(int spins) {
        for (int i = 1 << Math.min(spins, LONGEST_BREAK); i > 0; i--) {
            word.spin();
        }
    }

    private @Nullable Outcome take(long seen, long next, News news) {
        boolean hasDied = (seen & DIED) != 0;
        if (hasDied && news == News.REFUSE) {
            return Outcome.REFUSED;
        }
        if (!word.cas(seen, next | (seen & (WAITERS | DIED)))) {
            return null;
        }
        return hasDied ? Outcome.OWNER_DIED : Outcome.CLEAN;
    }

    private @Nullable Outcome replaceDead(long seen, long next, News news) {
        if (news == News.REFUSE) {
            if (!word.cas(seen, DIED)) {
                return null;
            }
            word.wake(Cell.ALL); // each decides for itself
            return Outcome.REFUSED;
        }
        boolean isMine = word.cas(seen, next | (seen & WAITERS) | DIED);
        return isMine ? Outcome.OWNER_DIED : null;
    }

    private boolean isSuspicious() {
        long seen = word.get();
        long owner = seen & ParticipantsLayout.OWNER;
        return owner != 0 && (liveness.isDead(owner) || ((seen & BIASED) != 0 && bias.isIdle(owner)));
    }

    private void passOn() {
        try {
            word.wake(1);
        } catch (IllegalStateException ignored) {
            // The handle was closed, and that woke everybody.
        }
    }

    /**
     * Releases.
     *
     * @return false where the caller is not the owner; nothing has changed then
     */
    public boolean release(long me) {
        while (true) {
            long seen = word.get();
            if ((seen & ParticipantsLayout.OWNER) != me) {
                return false;
            }
            if (word.cas(seen, seen & DIED)) {
                if ((seen & WAITERS) != 0) {
                    word.wake(1);
                }
                return true;
            }
        }
    }

    /** Whether the lock is marked, held or not. */
    public boolean hasDied() {
        return (word.get() & DIED) != 0;
    }

    /** Whether an owner that lives holds the lock. */
    public boolean isHeldByLiving() {
        long owner = owner();
        return owner != 0 && !liveness.isDead(owner);
    }

    /**
     * Clears the mark.
     *
     * @return false where the caller is not the owner; nothing has changed then
     */
    public boolean consistent(long me) {
        while (true) {
            long seen = word.get();
            if ((seen & ParticipantsLayout.OWNER) != me) {
                return false;
            }
            if ((seen & DIED) == 0 || word.cas(seen, seen & ~DIED)) {
                return true;
            }
        }
    }
}
