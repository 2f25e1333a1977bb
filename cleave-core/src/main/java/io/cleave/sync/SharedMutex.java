package io.cleave.sync;

import io.cleave.CleaveException;
import io.cleave.OwnerDiedException;
import io.cleave.memory.BlockKind;
import io.cleave.memory.Lifetime;
import io.cleave.owner.LockWord;
import io.cleave.owner.LockWord.News;
import io.cleave.owner.LockWord.Outcome;
import io.cleave.owner.Participants;
import io.cleave.owner.Patience;
import io.cleave.owner.SharedCell;
import java.io.InvalidObjectException;
import java.io.NotSerializableException;
import java.io.ObjectInputStream;
import java.io.Serial;
import java.io.Serializable;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import org.jspecify.annotations.Nullable;

/**
 * A reentrant lock in shared memory, between the threads of one or many processes, that survives its owner's death. It
 * lies on memory that the caller has shared ({@link #at}) or in a block of its own ({@link #named}).
 *
 * <p>
 * The owner is a thread, platform or virtual, of a process, or a {@link Hold} that {@link #acquireAsync} gave. When the
 * process of an owner ends, in whatever way and at whatever moment, waiters notice within 100 ms, and the lock is handed
 * over <em>with the news</em>: to one who asks by {@link #hold}, {@link #acquire}, {@link #tryAcquire} or
 * {@link #acquireAsync}, which tell it. What the lock guards may be half-changed then; the new owner repairs it and says
 * so by {@link #consistent}. Until somebody has said so, each next owner is told, so a repair that failed, or that died
 * with its process, is not forgotten. Those who ask by {@link #lock}, {@link #lockInterruptibly} or {@link #tryLock()}
 * cannot be told by a value: they get an {@link OwnerDiedException} and not the lock, until somebody has said that all is
 * consistent. {@snippet :
 * try (Hold held = mutex.hold()) {
 *     if (held.ownerDied()) {
 *         // check and repair what the lock guards
 *         held.consistent();
 *     }
 *     // work
 * }
 * }
 * A thread that ends while its process goes on keeps its locks for ever, as with {@code ReentrantLock}. A process that
 * is stopped lives. A forked child is a process of its own: it does not hold what its parent holds.
 *
 * <p>
 * The lock is not fair: who comes may overtake who waits. A thread holds it as long as it has unlocked it less often than
 * locked, up to 2<sup>31</sup> times, whichever handles it uses; who holds it already gets it again without being told
 * of a death once more. Closing a handle does not unlock.
 *
 * <p>
 * All processes that share a lock must know each other: they run as one user, with one {@code CLEAVE_DIR}. One that does
 * not is refused when it attaches, by an {@link io.cleave.IncompatibleBlockException}.
 *
 * <h2>Threads and processes</h2> All methods may be called by any thread of any process at any time. Timed waits end at
 * a moment fixed by the call; 0 and negative times mean to try once. A platform thread that waits notices an interrupt,
 * or the closing of its handle, within 50 ms, a virtual one at once; virtual threads that wait do not hold their carrier.
 *
 * <h2>Memory consistency effects</h2> What a thread does before it unlocks, or closes a hold, happens before what a thread
 * of whatever process does after it has got the lock next; by {@link #acquireAsync}, before what depends on the future.
 * After an owner's death, what the dead did before it died is visible, complete up to some point of its program.
 *
 * <h2>Cost</h2> Uncontended, locking and unlocking are one compare-and-set each and no system call. Waiting costs a
 * system call, and a look every 40 ms whether the owner lives.
 *
 * @see <a href="https://www.akkadia.org/drepper/futex.pdf">U. Drepper, Futexes Are Tricky (2011)</a>, from which the
 *      three states come; the owner in the word and the hand-over are this class's own
 */
public final class SharedMutex implements Lock, AutoCloseable, Serializable {
    /** The size of a mutex: {@value} bytes, aligned to 8; zeroes are a fresh one. */
    public static final long BYTES = MutexLayout.BYTES;

    private static final long serialVersionUID = 1L;

    private final transient MemorySegment memory;
    private final transient SharedCell word;
    private final transient LockWord lock;
    private final transient Named named;
    /** Where threads sleep through this handle: the word, and the conditions that were asked for. */
    private final transient List<SharedCell> cells = new CopyOnWriteArrayList<>();
    private final transient AtomicReferenceArray<@Nullable SharedCondition> conditions = new AtomicReferenceArray<>(
            MutexLayout.CONDITIONS);
    private final transient AtomicInteger nextCondition = new AtomicInteger();

    SharedMutex(MemorySegment memory, Named named) {
        Participants.join(memory, MutexLayout.STAMP_AT, SharedMutex.class);
        this.memory = memory;
        this.named = named;
        this.word = new SharedCell(memory, MutexLayout.WORD_AT);
        this.lock = new LockWord(word, Participants::isDead);
        cells.add(word);
    }

    /**
     * The mutex on a caller's memory. Attaching changes nothing, but for a mark in a fresh one that says which processes
     * can share it.
     *
     * @param block at least {@link #BYTES} of native memory, writable, aligned to 8
     * @return the mutex
     * @throws IllegalArgumentException where the memory is not like that
     * @throws io.cleave.IncompatibleBlockException where those who share it run as another user or with another
     *         {@code CLEAVE_DIR}
     */
    public static SharedMutex at(MemorySegment block) {
        return new SharedMutex(Segments.check(block, BYTES, Long.BYTES, SharedMutex.class), Named.none());
    }

    /**
     * The mutex of a name, made where there is none. The last handle that is closed, in whatever process, removes it,
     * unless it is held then, or bears the news of an owner's death: then it stays, and so does the name, until a handle
     * is closed with nobody holding it.
     *
     * <p>
     * A handle that is not kept need not be closed: the collector does that, but not while this process holds the lock.
     * So a program that is to run once at a time needs no more than {@code named("x").tryLock()}. At the normal end of a
     * JVM its handles are closed in the same way. A lock that nobody holds is taken for good then, so that no thread that
     * still runs can have it beside one who opens the name anew.
     *
     * <p>
     * Where another process has been stopped in the middle of opening or closing the same name, this waits for it, up to ten
     * seconds, and then throws.
     *
     * @param name 1 to 200 of the characters {@code A-Z a-z 0-9 . _ -}, not beginning with a dot
     * @return a handle on it
     * @throws io.cleave.IncompatibleBlockException where something else bears the name, or those who share it run with
     *         another table of participants
     * @throws IllegalArgumentException where it cannot be a name
     * @throws CleaveException where the system refuses
     */
    public static SharedMutex named(String name) {
        return named(name, Lifetime.ATTACHED);
    }

    /**
     * As {@link #named(String)}, with a lifetime.
     *
     * @param name as there
     * @param lifetime how long a mutex that is made here lives; one that exists keeps its own
     * @return a handle on it
     * @throws io.cleave.IncompatibleBlockException as there
     * @throws IllegalArgumentException as there
     * @throws CleaveException as there
     */
    public static SharedMutex named(String name, Lifetime lifetime) {
        return Named.open(name, BlockKind.MUTEX, BYTES, lifetime, SharedMutex::new);
    }

    /**
     * Waits for the lock, and returns it as something to close. An interrupt does not end the wait.
     *
     * @return the calling thread's hold, with the news if there is any
     * @throws IllegalStateException where the handle is closed, before or meanwhile
     */
    public Hold hold() {
        return new Hold(acquire(), this::consistent, this::unlock);
    }

    /**
     * Waits for the lock, and takes the news of an owner's death. An interrupt does not end the wait.
     *
     * @return how it came to be held; {@link Acquisition#OWNER_DIED} also where the caller has held it already, and has
     *         not said yet that all is {@link #consistent}
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
     * Waits for the lock without keeping a thread. The hold that the future completes with is an owner of its own: it
     * belongs to no thread, any thread may use and close it, and it shuts out all others, the calling thread included.
     * Where the calling thread holds the lock, the future completes after it has unlocked.
     *
     * <p>
     * Cancelling the future, or completing it otherwise, ends the wait; a lock that arrives after that is given up at
     * once, and so is one that had arrived before the future was cancelled, unless somebody has asked for the hold or
     * whether it is there, by {@code get}, {@code join}, {@code isDone} or a dependent stage. To
     * {@code CompletableFuture.anyOf} pass a {@code copy()}: it takes the hold without asking. A hold that is lost without being closed keeps the lock until its process ends, as a thread would that never
     * unlocks, and keeps its handle from being closed.
     *
     * @return completes with the hold, or with what ended the wait, an {@link IllegalStateException} where the handle was
     *         closed; a wait costs a virtual thread
     */
    public CompletableFuture<Hold> acquireAsync() {
        long owner = Participants.newOwner();
        return Async.start(() -> {
            enter();
            boolean isHeld = false;
            try {
                Outcome outcome = acquireFirst(owner, News.TAKE, Patience.FOREVER);
                isHeld = true;
                return new Hold(held(outcome), () -> consistent(owner), () -> release(owner));
            } finally {
                if (!isHeld) {
                    exit();
                }
            }
        }, Hold::close);
    }

    /** Ends a hold that is an owner of its own, and leaves the gate that it kept open. */
    private void release(long owner) {
        Participants.checkOwn(owner);
        if (!lock.release(owner)) {
            throw notMine("unlock it");
        }
        exit();
    }

    /**
     * {@inheritDoc}
     *
     * @throws OwnerDiedException where an owner's process has died and nobody has said since that all is
     *         {@link #consistent}; the lock is not held
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
     * @throws OwnerDiedException where an owner's process has died and nobody has said since that all is
     *         {@link #consistent}; the lock is not held
     * @throws IllegalStateException where the handle is closed, before or meanwhile
     */
    @Override
    public void lockInterruptibly() throws InterruptedException {
        refuseDeath(acquire(News.REFUSE, Patience.FOREVER));
    }

    /**
     * {@inheritDoc}
     *
     * @throws OwnerDiedException where an owner's process has died and nobody has said since that all is
     *         {@link #consistent}; the lock is not held
     */
    @Override
    public boolean tryLock() {
        long me = Participants.me();
        return word.cas(0, me) || refuseDeath(acquireUninterruptibly(me, News.REFUSE, Patience.TRY));
    }

    /**
     * {@inheritDoc}
     *
     * @throws OwnerDiedException where an owner's process has died and nobody has said since that all is
     *         {@link #consistent}; the lock is not held
     * @throws IllegalStateException where the handle is closed, before or meanwhile
     */
    @Override
    public boolean tryLock(long time, TimeUnit unit) throws InterruptedException {
        return refuseDeath(acquire(News.REFUSE, Patience.of(time, unit)));
    }

    /**
     * Waits for the lock for a while, as {@link #tryLock(long, TimeUnit)} does.
     *
     * @param timeout how long; 0 or negative to try once
     * @return whether the lock is held
     * @throws InterruptedException where the thread is interrupted, before or meanwhile
     * @throws OwnerDiedException where an owner's process has died and nobody has said since that all is
     *         {@link #consistent}; the lock is not held
     * @throws IllegalStateException where the handle is closed, before or meanwhile
     */
    public boolean tryLock(Duration timeout) throws InterruptedException {
        return refuseDeath(acquire(News.REFUSE, Patience.of(timeout)));
    }

    private Outcome acquire(News news, Patience wait) throws InterruptedException {
        if (wait.isInterruptible() && Thread.interrupted()) {
            throw new InterruptedException();
        }
        return acquire(Participants.me(), news, wait);
    }

    private Outcome acquire(long me, News news, Patience wait) throws InterruptedException {
        enter();
        try {
            return lock.owner() == me ? acquireAgain() : acquireFirst(me, news, wait);
        } finally {
            exit();
        }
    }

    private Outcome acquireFirst(long me, News news, Patience wait) throws InterruptedException {
        Outcome outcome = lock.acquire(me, news, wait);
        if (outcome == Outcome.OWNER_DIED) {
            MutexLayout.intOpaque(memory, MutexLayout.HOLDS_AT, 0); // what the dead held beyond the first time
        }
        return outcome;
    }

    private Outcome acquireAgain() {
        int holds = holds();
        if (holds == Integer.MAX_VALUE) {
            throw new IllegalStateException("the lock is held 2^31 times already");
        }
        MutexLayout.intOpaque(memory, MutexLayout.HOLDS_AT, holds + 1);
        return lock.hasDied() ? Outcome.OWNER_DIED : Outcome.CLEAN;
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
                    + "half-changed; take the lock by acquire(), repair, say consistent(), and unlock");
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
        enter();
        try {
            checkOwner(me, "unlock it");
            int holds = holds();
            if (holds > 0) {
                MutexLayout.intOpaque(memory, MutexLayout.HOLDS_AT, holds - 1);
            } else {
                lock.release(me);
            }
        } finally {
            exit();
        }
    }

    /**
     * Says that what the lock guards is as it should be, after the death of an owner: the owner that was told of it says
     * so when it has repaired. The next to get the lock is told of no death then. Where there is no news, nothing
     * happens. An unlock without it leaves the news to the next.
     *
     * @throws IllegalMonitorStateException where the calling thread does not hold the lock
     * @throws IllegalStateException where the handle is closed
     */
    public void consistent() {
        consistent(Participants.me());
    }

    private void consistent(long owner) {
        Participants.checkOwn(owner);
        if (!lock.consistent(owner)) {
            throw notMine("say that it is consistent");
        }
    }

    private void checkOwner(long me, String what) {
        if (lock.owner() != me) {
            throw notMine(what);
        }
    }

    private IllegalMonitorStateException notMine(String what) {
        long owner = lock.owner();
        String holder = owner == 0 ? "nobody holds it" : "it is held by " + describe(owner);
        return new IllegalMonitorStateException("only the owner may " + what + ": " + holder + ", the caller is "
                + describe(Participants.me()));
    }

    private static String describe(long owner) {
        return Participants.describe(owner);
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
     * One of the lock's conditions. A signal wakes one of those that were waiting when it was sent, in no certain order,
     * never one that came later. A wait may end for no reason: rarely, after a waiter was killed, or was stopped for long
     * before it could take its signal. A signal that a process takes with it into death lets another waiter go. Up to
     * 1,048,575 threads wait for a condition.
     *
     * <p>
     * Where the lock comes back with the news of an owner's death, of which the caller knew nothing when it began to
     * wait, {@code await} throws {@link OwnerDiedException}, with the lock held: repair, say {@link #consistent}, and
     * unlock. A caller that waits for another's repair, and sees the news whenever it looks, cannot tell a second death
     * from the first. Where the handle is closed, {@code await} throws {@link IllegalStateException}, and the lock is
     * <em>not</em> held then, so that it is not lost with the handle: an {@code unlock()} in a {@code finally} throws, and
     * harms nobody.
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
        SharedCondition known = conditions.get(index);
        if (known == null) {
            SharedCondition made = new SharedCondition(this, memory, index);
            known = conditions.compareAndExchange(index, null, made);
            if (known == null) {
                cells.addAll(made.turns()); // before anybody can sleep there
                known = made;
            }
        }
        return known;
    }

    /** For a condition: gives the lock up altogether, and returns how often it was held beyond the first time. */
    int releaseAll(String what) {
        long me = Participants.me();
        checkOwner(me, what);
        int holds = holds();
        if (holds != 0) {
            MutexLayout.intOpaque(memory, MutexLayout.HOLDS_AT, 0);
        }
        lock.release(me);
        return holds;
    }

    /** For a condition: takes the lock back, and says whether it comes with the news of a death. */
    boolean takeBack(int holds) {
        Outcome outcome = acquireUninterruptibly(Participants.me(), News.TAKE);
        if (holds != 0) {
            MutexLayout.intOpaque(memory, MutexLayout.HOLDS_AT, holds);
        }
        return outcome == Outcome.OWNER_DIED;
    }

    /** For a condition: refuses callers that do not hold the lock. */
    void checkHeld(String what) {
        checkOwner(Participants.me(), what);
    }

    /** For a condition: whether somebody holds the lock who will give it up. */
    boolean isHeldByLiving() {
        return lock.isHeldByLiving();
    }

    /** For a condition: whether the lock bears the news of a death. */
    boolean hasDied() {
        return lock.hasDied();
    }

    /** Begins a call of several steps; {@link #exit} follows. */
    void enter() {
        named.enter();
    }

    void exit() {
        named.exit();
    }

    /**
     * Removes the name at once: it is the way to end a {@link Lifetime#PERSISTENT} mutex. Those who have a handle keep it.
     * Where the name has been removed already, and for one {@link #at} a caller's memory, nothing happens.
     *
     * @throws IllegalStateException where this handle is closed, or was inherited through a fork
     * @throws io.cleave.CleaveException where the system refuses it
     */
    public void unlink() {
        named.unlink();
    }

    /**
     * Gives up this handle on a named mutex; the last one out removes it, as {@link #named(String)} says. Threads that
     * wait through it leave with an {@link IllegalStateException}, those that wait for a condition without the lock. A
     * lock that a thread holds stays held, and other handles can unlock it. The second and later calls, and calls on a
     * mutex {@link #at} a caller's memory, do nothing.
     *
     * @throws IllegalStateException where waiters did not leave within 5 s, or a hold that {@link #acquireAsync} gave is
     *         open for as long; nothing was closed then, and the handle can be used, or closed again
     */
    @Override
    public void close() {
        named.close(cells);
    }

    /**
     * Says who holds the lock.
     *
     * @return a text for people; of a closed handle, that it is closed
     */
    @Override
    public String toString() {
        return named.describe("SharedMutex", () -> {
            long owner = lock.owner();
            return (owner == 0 ? "free" : "held by " + describe(owner)) + (lock.hasDied() ? ", an owner died" : "");
        });
    }

    /** Another process opens the object by its name. */
    @Serial
    private Object writeReplace() throws NotSerializableException {
        return named.travelling(BlockKind.MUTEX, false);
    }

    @Serial
    private void readObject(ObjectInputStream in) throws InvalidObjectException {
        throw new InvalidObjectException("it travels by its name only");
    }
}
