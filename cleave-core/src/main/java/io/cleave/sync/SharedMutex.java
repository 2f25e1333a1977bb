package io.cleave.sync;

import io.cleave.CleaveException;
import io.cleave.OwnerDiedException;
import io.cleave.memory.BlockKind;
import io.cleave.os.Errno;
import io.cleave.sync.LockWord.News;
import io.cleave.sync.LockWord.Outcome;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;

/**
 * A reentrant lock in shared memory, between the threads of one or many processes, that survives its owner's death. It
 * lies on memory that the caller has shared ({@link #at}) or in a block of its own ({@link #named}).
 *
 * <p>
 * The owner is a thread, platform or virtual, of a process. When the process of an owner ends, in whatever way and at
 * whatever moment, waiters notice within 100 ms, and the lock is handed over <em>with the news</em>: to one who asks by
 * {@link #acquire}, {@link #tryAcquire} or {@link #acquireAsync}, which return {@link Acquisition#OWNER_DIED}. What the
 * lock guards may be half-changed then; the new owner repairs it before it unlocks. Those who ask by {@link #lock},
 * {@link #lockInterruptibly} or {@link #tryLock()} cannot be told by a value: they get an {@link OwnerDiedException} and
 * not the lock, until somebody has acquired it. {@snippet :
 * mutex.acquire();
 * try {
 *     // check and repair where that returned OWNER_DIED, then work
 * } finally {
 *     mutex.unlock();
 * }
 * }
 * A thread that ends while its process goes on keeps its locks for ever, as with {@code ReentrantLock}. A process that
 * is stopped lives. A forked child is a process of its own: it does not hold what its parent holds.
 *
 * <p>
 * The lock is not fair: who comes may overtake who waits. It is held as long as it is unlocked less often than locked,
 * up to 2<sup>31</sup> times, whichever handles the thread uses. Closing a handle does not unlock.
 *
 * <h2>Threads and processes</h2> All methods may be called by any thread of any process at any time. Timed waits end at
 * a moment fixed by the call; 0 and negative times mean to try once. A platform thread that waits notices an interrupt,
 * or the closing of its handle, within 50 ms, a virtual one at once; virtual threads that wait do not hold their carrier.
 *
 * <h2>Memory consistency effects</h2> What a thread does before it unlocks happens before what a thread of whatever
 * process does after it has locked next. After an owner's death, what the dead did before it died is visible, complete
 * up to some point of its program.
 *
 * <h2>Cost</h2> Uncontended, locking and unlocking are one compare-and-set each and no system call. Waiting costs a
 * system call, and a look every 40 ms whether the owner lives.
 *
 * @see <a href="https://www.akkadia.org/drepper/futex.pdf">U. Drepper, Futexes Are Tricky (2011)</a>, from which the
 *      three states come; the owner in the word and the hand-over are this class's own
 */
public final class SharedMutex implements Lock, AutoCloseable {
    /** The size of a mutex: {@value} bytes, aligned to 8; zeroes are a fresh one. */
    public static final long BYTES = MutexLayout.BYTES;

    private final MemorySegment memory;
    private final SharedCell word;
    private final LockWord lock;
    private final Named named;
    private final List<SharedCell> conditions = new ArrayList<>();
    private final AtomicInteger nextCondition = new AtomicInteger();

    private SharedMutex(MemorySegment memory, Named named) {
        this.memory = memory;
        this.named = named;
        this.word = new SharedCell(memory, MutexLayout.WORD_AT);
        this.lock = new LockWord(word, Participants::isDead);
        for (int i = 0; i < MutexLayout.CONDITIONS; i++) {
            conditions.add(new SharedCell(memory, MutexLayout.conditionAt(i)));
        }
    }

    /**
     * The mutex on a caller's memory. Attaching changes nothing.
     *
     * @param block at least {@link #BYTES} of native memory, writable, aligned to 8
     * @return the mutex
     * @throws IllegalArgumentException where the memory is not like that
     */
    public static SharedMutex at(MemorySegment block) {
        return new SharedMutex(Segments.check(block, BYTES, Long.BYTES, SharedMutex.class), Named.none());
    }

    /**
     * The mutex of a name, made where there is none. The last handle that is closed, in whatever process, removes it.
     *
     * @param name 1 to 200 of the characters {@code A-Z a-z 0-9 . _ -}, not beginning with a dot
     * @return a handle on it
     * @throws io.cleave.IncompatibleBlockException where something else bears the name
     * @throws IllegalArgumentException where it cannot be a name
     * @throws CleaveException where the system refuses
     */
    public static SharedMutex named(String name) {
        return Named.open(name, BlockKind.MUTEX, BYTES, SharedMutex::new);
    }

    /**
     * Waits for the lock, and takes the news of an owner's death. An interrupt does not end the wait.
     *
     * @return how it came to be held; {@link Acquisition#OWNER_DIED} also where the caller has held it already, without
     *         having been told, after {@link Condition#await}
     * @throws IllegalStateException where the handle is closed, before or meanwhile
     */
    public Acquisition acquire() {
        long me = Participants.me();
        return word.cas(0, me) ? Acquisition.CLEAN : held(acquireUninterruptibly(me, News.TAKE));
    }

    /**
     * Waits for the lock, and takes the news of an owner's death.
     *
     * @return how it came to be held
     * @throws InterruptedException where the thread is interrupted, before or meanwhile
     * @throws IllegalStateException where the handle is closed, before or meanwhile
     */
    public Acquisition acquireInterruptibly() throws InterruptedException {
        return held(acquire(News.TAKE, Patience.FOREVER));
    }

    /**
     * Waits for the lock for a while, and takes the news of an owner's death.
     *
     * @param timeout how long; 0 or negative to try once
     * @return how it came to be held, or empty where it was not
     * @throws InterruptedException where the thread is interrupted, before or meanwhile
     * @throws IllegalStateException where the handle is closed, before or meanwhile
     */
    public Optional<Acquisition> tryAcquire(Duration timeout) throws InterruptedException {
        Outcome outcome = acquire(News.TAKE, Patience.of(timeout));
        return outcome.isHeld() ? Optional.of(held(outcome)) : Optional.empty();
    }

    /**
     * Waits for the lock without keeping a thread. When the future completes, the lock is held by the thread that called
     * this method, which is the one that has to unlock. A wait does not count as a hold: where the caller holds the lock
     * already, or comes to hold it by another call meanwhile, the future completes after it has unlocked. Cancelling the
     * future ends the wait; a lock that arrives after that is given up.
     *
     * @return completes with how the lock came to be held, or with the exception that ended the wait
     */
    public CompletableFuture<Acquisition> acquireAsync() {
        long me = Participants.me();
        return Async.start(() -> {
            Outcome outcome = lock.acquire(me, News.TAKE, Patience.FOREVER);
            if (outcome == Outcome.OWNER_DIED) {
                MutexLayout.intOpaque(memory, MutexLayout.HOLDS_AT, 0);
            }
            return held(outcome);
        }, _ -> lock.release(me));
    }

    /**
     * {@inheritDoc}
     *
     * @throws OwnerDiedException where an owner's process has died and nobody has acquired since; the lock is not held
     * @throws IllegalStateException where the handle is closed, before or meanwhile
     */
    @Override
    public void lock() {
        long me = Participants.me();
        if (!word.cas(0, me)) {
            refuseDeath(acquireUninterruptibly(me, News.REFUSE));
        }
    }

    /**
     * {@inheritDoc}
     *
     * @throws OwnerDiedException where an owner's process has died and nobody has acquired since; the lock is not held
     * @throws IllegalStateException where the handle is closed, before or meanwhile
     */
    @Override
    public void lockInterruptibly() throws InterruptedException {
        refuseDeath(acquire(News.REFUSE, Patience.FOREVER));
    }

    /**
     * {@inheritDoc}
     *
     * @throws OwnerDiedException where an owner's process has died and nobody has acquired since; the lock is not held
     */
    @Override
    public boolean tryLock() {
        long me = Participants.me();
        return word.cas(0, me) || refuseDeath(acquireUninterruptibly(me, News.REFUSE, Patience.TRY));
    }

    /**
     * {@inheritDoc}
     *
     * @throws OwnerDiedException where an owner's process has died and nobody has acquired since; the lock is not held
     * @throws IllegalStateException where the handle is closed, before or meanwhile
     */
    @Override
    public boolean tryLock(long time, TimeUnit unit) throws InterruptedException {
        return refuseDeath(acquire(News.REFUSE, Patience.of(time, unit)));
    }

    private Outcome acquire(News news, Patience wait) throws InterruptedException {
        if (wait.isInterruptible() && Thread.interrupted()) {
            throw new InterruptedException();
        }
        return acquire(Participants.me(), news, wait);
    }

    private Outcome acquire(long me, News news, Patience wait) throws InterruptedException {
        if (lock.owner() == me) {
            return acquireAgain(news);
        }
        Outcome outcome = lock.acquire(me, news, wait);
        if (outcome == Outcome.OWNER_DIED) {
            MutexLayout.intOpaque(memory, MutexLayout.HOLDS_AT, 0); // what the dead held beyond the first time
        }
        return outcome;
    }

    private Outcome acquireAgain(News news) {
        int holds = holds();
        if (holds == Integer.MAX_VALUE) {
            throw new IllegalStateException("the lock is held 2^31 times already");
        }
        if (news == News.REFUSE && lock.hasDied()) {
            return Outcome.REFUSED;
        }
        MutexLayout.intOpaque(memory, MutexLayout.HOLDS_AT, holds + 1);
        return news == News.TAKE && lock.takeNews() ? Outcome.OWNER_DIED : Outcome.CLEAN;
    }

    private Outcome acquireUninterruptibly(long me, News news) {
        return acquireUninterruptibly(me, news, Patience.UNINTERRUPTIBLY);
    }

    private Outcome acquireUninterruptibly(long me, News news, Patience wait) {
        try {
            return acquire(me, news, wait);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e); // this wait was not to be interruptible
        }
    }

    private static Acquisition held(Outcome outcome) {
        return outcome == Outcome.OWNER_DIED ? Acquisition.OWNER_DIED : Acquisition.CLEAN;
    }

    private static boolean refuseDeath(Outcome outcome) {
        if (outcome == Outcome.REFUSED) {
            throw new OwnerDiedException("a process died while it held this lock, so what the lock guards may be "
                    + "half-changed; take the lock by acquire(), repair, and unlock");
        }
        return outcome.isHeld();
    }

    private int holds() {
        return MutexLayout.intPlain(memory, MutexLayout.HOLDS_AT);
    }

    /**
     * Gives the lock up, once.
     *
     * @throws IllegalMonitorStateException where the calling thread does not hold it; the message names who does
     */
    @Override
    public void unlock() {
        long me = Participants.me();
        if (holds() != 0 || !word.cas(me, 0)) {
            unlockSlowly(me);
        }
    }

    private void unlockSlowly(long me) {
        if (lock.owner() != me) {
            throw notMine("unlock it");
        }
        int holds = holds();
        if (holds > 0) {
            MutexLayout.intOpaque(memory, MutexLayout.HOLDS_AT, holds - 1);
        } else {
            lock.release(me);
        }
    }

    private IllegalMonitorStateException notMine(String what) {
        long owner = lock.owner();
        String holder = owner == 0 ? "nobody holds it" : "it is held by " + describe(owner);
        return new IllegalMonitorStateException("only the owner may " + what + ": " + holder + ", the caller is "
                + describe(Participants.me()));
    }

    private static String describe(long owner) {
        return "thread " + (owner % (1L << ParticipantsLayout.GENERATION_SHIFT) >>> ParticipantsLayout.THREAD_SHIFT)
                + " of process " + Participants.pid(owner);
    }

    /**
     * Who holds the lock.
     *
     * @return the owner's process, as its own pid namespace has it; empty where nobody holds the lock. It may be one
     *         that has died.
     */
    public OptionalLong ownerPid() {
        long owner = lock.owner();
        return owner == 0 ? OptionalLong.empty() : OptionalLong.of(Participants.pid(owner));
    }

    /**
     * Whether the calling thread holds the lock.
     *
     * @return true where it does
     */
    public boolean isHeldByCurrentThread() {
        return lock.owner() == Participants.me();
    }

    /**
     * Whether anybody holds the lock; a dead owner counts until somebody has noticed.
     *
     * @return true where it is held
     */
    public boolean isLocked() {
        return lock.owner() != 0;
    }

    /**
     * How often the calling thread holds the lock.
     *
     * @return 0 where it does not
     */
    public int getHoldCount() {
        return isHeldByCurrentThread() ? holds() + 1 : 0;
    }

    /**
     * The next of the lock's 8 conditions: the first call on a handle returns condition 0, the second condition 1.
     * Processes that make theirs in the same order share them; {@link #condition} takes the number.
     *
     * @return the condition
     * @throws IllegalStateException where all 8 have been made through this handle
     */
    @Override
    public Condition newCondition() {
        int index = nextCondition.getAndIncrement();
        if (index < 0 || index >= MutexLayout.CONDITIONS) {
            throw new IllegalStateException("a lock has " + MutexLayout.CONDITIONS + " conditions, and all were made");
        }
        return condition(index);
    }

    /**
     * One of the lock's conditions. It wakes exactly those that were signalled, in no certain order, but for a rare
     * spurious wake-up after a waiter's process has died. A signal that a process takes with it into death goes to
     * another waiter. Where the lock comes back from a dead owner, {@code await} throws {@link OwnerDiedException}; the
     * caller holds the lock then, without having taken the news: {@link #acquire} takes it, and unlocking instead leaves
     * it to the next.
     *
     * @param index which one, 0 to 7
     * @return the condition, the same in all processes
     * @throws IllegalArgumentException where there is no such condition
     */
    public Condition condition(int index) {
        if (index < 0 || index >= MutexLayout.CONDITIONS) {
            throw new IllegalArgumentException("a lock has conditions 0 to " + (MutexLayout.CONDITIONS - 1) + ", not "
                    + index);
        }
        return new SharedCondition(this, conditions.get(index), MutexLayout.conditionAt(index));
    }

    /** For a condition: gives the lock up altogether, and returns how often it was held beyond the first time. */
    int releaseAll(String what) {
        long me = Participants.me();
        if (lock.owner() != me) {
            throw notMine(what);
        }
        int holds = holds();
        if (holds != 0) {
            MutexLayout.intOpaque(memory, MutexLayout.HOLDS_AT, 0);
        }
        lock.release(me);
        return holds;
    }

    /** For a condition: takes the lock back, and says whether an owner has died. */
    boolean takeBack(int holds) {
        Outcome outcome = acquireUninterruptibly(Participants.me(), News.KEEP);
        if (holds != 0) {
            MutexLayout.intOpaque(memory, MutexLayout.HOLDS_AT, holds);
        }
        return outcome == Outcome.OWNER_DIED;
    }

    /** For a condition: refuses callers that do not hold the lock. */
    void checkHeld(String what) {
        if (!isHeldByCurrentThread()) {
            throw notMine(what);
        }
    }

    MemorySegment memory() {
        return memory;
    }

    /**
     * Gives up this handle on a named mutex; the last one out removes it. Threads that wait through it leave with an
     * {@link IllegalStateException}; a lock that is held stays held, and other handles can unlock it. The second and
     * later calls, and calls on a mutex {@link #at} a caller's memory, do nothing.
     *
     * @throws IllegalStateException where waiters did not leave within 5 s; nothing was closed then
     */
    @Override
    public void close() {
        List<SharedCell> all = new ArrayList<>(conditions);
        all.add(word);
        named.close(all);
    }

    /**
     * Says who holds the lock.
     *
     * @return a text for people
     */
    @Override
    public String toString() {
        long owner = lock.owner();
        return "SharedMutex[" + (owner == 0 ? "free" : "held by " + describe(owner))
                + (lock.hasDied() ? ", an owner died" : "")
                + "]";
    }
}
