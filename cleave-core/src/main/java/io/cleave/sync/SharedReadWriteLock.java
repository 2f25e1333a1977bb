package io.cleave.sync;

import io.cleave.OwnerDiedException;
import io.cleave.memory.BlockKind;
import io.cleave.memory.Lifetime;
import io.cleave.owner.LockWord.News;
import io.cleave.owner.LockWord.Outcome;
import io.cleave.owner.Participants;
import io.cleave.owner.Patience;
import java.io.InvalidObjectException;
import java.io.NotSerializableException;
import java.io.ObjectInputStream;
import java.io.Serial;
import java.io.Serializable;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;

/**
 * A reentrant read-write lock in shared memory, between the threads of one or many processes. It lies on memory that the
 * caller has shared ({@link #at}) or in a block of its own ({@link #named}).
 *
 * <p>
 * <b>When a reader's process ends</b>, in whatever way, waiters notice within 100 ms, and its holds are given back: it
 * changed nothing, so there is no news. <b>When a writer's process ends</b>, the lock is handed over with the news to a
 * writer that asks by {@link WriteLock#acquire} or {@link WriteLock#hold}; what the lock guards may be half-changed then,
 * and the new owner repairs it and says so by {@link WriteLock#consistent}. Until then each next owner is told, and all
 * who cannot be told, readers too, get an {@link OwnerDiedException} and not the lock.
 *
 * <p>
 * A writer may acquire the read lock as well, and keep it when it gives the write lock up. A reader that waits for the
 * write lock waits for itself, and so for ever; {@code tryLock} fails. Readers who wait, and do not read already, let waiting
 * writers go first, unless these have been stopped for 120 ms; {@code tryLock()} does not. Otherwise the lock is not fair. At most 56 processes that
 * live can have used one lock {@link #at} a caller's memory, 248 one that has a name. Holds belong to a thread of a
 * process, whichever handles it uses. A process that is stopped in the middle of a call keeps nobody else waiting, unless
 * it holds the lock.
 *
 * <h2>Threads and processes</h2> All methods may be called by any thread of any process at any time. Timed waits end at
 * a moment fixed by the call; 0 and negative times mean to try once. A platform thread that waits notices an interrupt,
 * or the closing of its handle, within 50 ms, a virtual one at once; virtual threads that wait do not hold their carrier.
 *
 * <h2>Memory consistency effects</h2> What a thread does before it gives the write lock up happens before what a thread
 * of whatever process does after it has acquired either lock next. What a reader does before it gives the read lock up
 * happens before what the next writer does after it has acquired.
 *
 * <h2>Cost</h2> Uncontended, each operation is one atomic operation in shared memory, two where another process was the
 * last, and no system call. Waiting, and giving up where somebody waits, cost a system call.
 */
public final class SharedReadWriteLock implements ReadWriteLock, AutoCloseable, Serializable {
    /** The size of a read-write lock: {@value} bytes, aligned to 8; zeroes are a fresh one. */
    public static final long BYTES = TallyLayout.BYTES;

    private static final long serialVersionUID = 1L;

    private final transient ReadWriteState state;
    private final transient ReadLock reading;
    private final transient WriteLock writing;

    SharedReadWriteLock(MemorySegment memory, int seats, Named named) {
        this.state = new ReadWriteState(memory, seats, named);
        this.reading = new ReadLock(state);
        this.writing = new WriteLock(state);
    }

    /**
     * The lock on a caller's memory. Attaching changes nothing, but for a mark in a fresh one that says which
     * processes can share it.
     *
     * @param block at least {@link #BYTES} of native memory, writable, aligned to 8
     * @return the lock
     * @throws IllegalArgumentException where the memory is not like that
     * @throws io.cleave.IncompatibleBlockException where those who share it run as another user or with another
     *         {@code CLEAVE_DIR}
     */
    public static SharedReadWriteLock at(MemorySegment block) {
        return new SharedReadWriteLock(Segments.check(block, BYTES, Long.BYTES, SharedReadWriteLock.class),
                TallyLayout.SEATS, Named.none());
    }

    /**
     * The lock of a name, made where there is none. The last handle that is closed removes it.
     *
     * @param name 1 to 200 of the characters {@code A-Z a-z 0-9 . _ -}, not beginning with a dot
     * @return a handle on it
     * @throws io.cleave.IncompatibleBlockException where something else bears the name
     * @throws IllegalArgumentException where it cannot be a name
     * @throws io.cleave.CleaveException where the system refuses
     */
    public static SharedReadWriteLock named(String name) {
        return named(name, Lifetime.ATTACHED);
    }

    /**
     * The lock of a name, made where there is none, of a lifetime. A persistent one keeps the news of a writer's death for
     * whoever comes next, whenever that is.
     *
     * @param name 1 to 200 of the characters {@code A-Z a-z 0-9 . _ -}, not beginning with a dot
     * @param lifetime how long it stays when nobody has a handle; of no meaning where it exists
     * @return a handle on it
     * @throws io.cleave.IncompatibleBlockException where something else bears the name
     * @throws IllegalArgumentException where it cannot be a name
     * @throws io.cleave.CleaveException where the system refuses
     */
    public static SharedReadWriteLock named(String name, Lifetime lifetime) {
        return Named.open(name, BlockKind.READ_WRITE_LOCK, TallyLayout.NAMED_BYTES, lifetime,
                (memory, named) -> new SharedReadWriteLock(memory, TallyLayout.NAMED_SEATS, named));
    }

    @Override
    public ReadLock readLock() {
        return reading;
    }

    @Override
    public WriteLock writeLock() {
        return writing;
    }

    /**
     * How often the lock is held for reading, by all threads of all processes. What the dead held counts until somebody
     * has noticed.
     *
     * @return 0 where nobody reads
     */
    public int getReadLockCount() {
        return (int) state.readers();
    }

    /**
     * How often the calling thread holds the read lock, through whatever handle.
     *
     * @return 0 where it does not
     */
    public int getReadHoldCount() {
        return state.readHolds(Participants.me());
    }

    /**
     * Whether anybody holds the write lock; a dead owner counts until somebody has noticed.
     *
     * @return true where it is held
     */
    public boolean isWriteLocked() {
        return state.isWritten();
    }

    /**
     * Whether the calling thread holds the write lock.
     *
     * @return true where it does
     */
    public boolean isWriteLockedByCurrentThread() {
        return state.isWriter(Participants.me());
    }

    /**
     * How often the calling thread holds the write lock.
     *
     * @return 0 where it does not
     */
    public int getWriteHoldCount() {
        return state.writeHolds(Participants.me());
    }

    /** Whether somebody waits to write. */
    boolean hasQueuedWriters() {
        return state.isWanted();
    }

    /**
     * The process of the writer.
     *
     * @return its pid, as its own pid namespace has it; empty where nobody writes
     */
    public OptionalLong writerPid() {
        long writer = state.writer();
        return writer == 0 ? OptionalLong.empty() : OptionalLong.of(Participants.pid(writer));
    }

    /**
     * Removes the name at once: it is the way to end a {@link Lifetime#PERSISTENT} lock. Those who have a handle keep it.
     * Where the name has been removed already, and for one {@link #at} a caller's memory, nothing happens.
     *
     * @throws IllegalStateException where this handle is closed, or was inherited through a fork
     * @throws io.cleave.CleaveException where the system refuses it
     */
    public void unlink() {
        state.named().unlink();
    }

    /**
     * Gives up this handle on a named lock; the last one out removes it. Threads that wait through it leave with an
     * {@link IllegalStateException}; what is held stays held until the process ends. The second and later calls, and
     * calls on a lock {@link #at} a caller's memory, do nothing.
     *
     * @throws IllegalStateException where waiters did not leave within 5 s; nothing was closed then
     */
    @Override
    public void close() {
        state.close();
    }

    /**
     * Says who holds the lock.
     *
     * @return a text for people
     */
    @Override
    public String toString() {
        return state.describe("SharedReadWriteLock", () -> "readers " + getReadLockCount() + ", "
                + (isWriteLocked() ? "a writer" : "no writer") + (state.hasDied() ? ", a writer died" : ""));
    }

    /** Another process opens the object by its name. */
    @Serial
    private Object writeReplace() throws NotSerializableException {
        return state.named().travelling(BlockKind.READ_WRITE_LOCK, false);
    }

    @Serial
    private void readObject(ObjectInputStream in) throws InvalidObjectException {
        throw new InvalidObjectException("it travels by its name only");
    }

    private static boolean refuseDeath(Outcome outcome) {
        if (outcome == Outcome.REFUSED) {
            throw new OwnerDiedException("a process died while it held this write lock, so what the lock guards may be "
                    + "half-changed; take the write lock by acquire(), repair, say consistent(), and unlock");
        }
        return outcome.isHeld();
    }

    /** The lock that many may hold at once, while nobody writes. Its methods throw {@link OwnerDiedException} where a
     * writer's process has died and nobody has said since that all is {@link WriteLock#consistent}. */
    public static final class ReadLock implements Lock {
        private final ReadWriteState state;

        ReadLock(ReadWriteState state) {
            this.state = state;
        }

        private Outcome uninterruptibly(Patience patience) {
            try {
                return state.read(Participants.me(), patience);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e); // this wait was not to be interruptible
            }
        }

        @Override
        public void lock() {
            refuseDeath(uninterruptibly(Patience.UNINTERRUPTIBLY));
        }

        @Override
        public void lockInterruptibly() throws InterruptedException {
            refuseDeath(state.read(Participants.me(), Patience.FOREVER));
        }

        @Override
        public boolean tryLock() {
            return refuseDeath(uninterruptibly(Patience.TRY));
        }

        @Override
        public boolean tryLock(long time, TimeUnit unit) throws InterruptedException {
            return refuseDeath(state.read(Participants.me(), Patience.of(time, unit)));
        }

        /**
         * Gives one hold back.
         *
         * @throws IllegalMonitorStateException where the calling thread holds none
         */
        @Override
        public void unlock() {
            state.unread(Participants.me());
        }

        /**
         * Waits for the lock for a while.
         *
         * @param timeout how long; 0 or negative to try once
         * @return whether it is held
         * @throws InterruptedException where the thread is interrupted, before or meanwhile
         * @throws OwnerDiedException where a writer has died and nobody has said that all is consistent
         */
        public boolean tryLock(Duration timeout) throws InterruptedException {
            return refuseDeath(state.read(Participants.me(), Patience.of(timeout)));
        }

        /**
         * Waits for the lock, and holds it until the hold is closed, by the same thread.
         *
         * @return the hold
         * @throws OwnerDiedException where a writer has died and nobody has said that all is consistent
         */
        public Hold hold() {
            lock();
            return new Hold(Acquisition.CLEAN, () -> {}, this::unlock);
        }

        /**
         * Waits for the lock without keeping a thread. The hold belongs to whoever has it: any thread may close it, and no
         * thread holds the lock by it.
         *
         * @return completes with the hold, or with the exception that ended the wait; cancelling it ends the wait, and a
         *         lock that arrives after that is given up; see {@link SharedMutex#acquireAsync}. The handle cannot be
         *         closed while the hold is open
         */
        public CompletableFuture<Hold> acquireAsync() {
            long owner = Participants.newOwner();
            return Async.start(() -> state.keepOpen(() -> {
                boolean _ = refuseDeath(state.read(owner, Patience.FOREVER)); // without an end it is held or refused
                return new Hold(Acquisition.CLEAN, () -> {}, () -> state.letClose(() -> state.giveUpRead(owner)));
            }), Hold::close);
        }

        /**
         * Read locks have no conditions.
         *
         * @throws UnsupportedOperationException always
         */
        @Override
        public Condition newCondition() {
            throw new UnsupportedOperationException("a read lock has no conditions");
        }
    }

    /** The lock that one holds alone. */
    public static final class WriteLock implements Lock {
        private final ReadWriteState state;

        WriteLock(ReadWriteState state) {
            this.state = state;
        }

        private Outcome uninterruptibly(News news, Patience patience) {
            try {
                return state.write(Participants.me(), news, patience);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e); // this wait was not to be interruptible
            }
        }

        /**
         * Says that what the lock guards is whole again, after an owner's death: the news is over, for all. Without that it
         * stays when the lock is given up, and the next who acquires hears {@link Acquisition#OWNER_DIED} again.
         *
         * @throws IllegalMonitorStateException where the calling thread does not hold the lock
         */
        public void consistent() {
            boolean _ = state.consistent(Participants.me()); // where there was no news nothing changes
        }

        /**
         * Waits for the lock, and takes the news of a writer's death. An interrupt does not end the wait.
         *
         * @return how it came to be held
         */
        public Acquisition acquire() {
            return acquisition(uninterruptibly(News.TAKE, Patience.UNINTERRUPTIBLY));
        }

        /**
         * Waits for the lock for a while, and takes the news of a writer's death.
         *
         * @param timeout how long; 0 or negative to try once
         * @return how it came to be held, or empty where it was not
         * @throws InterruptedException where the thread is interrupted, before or meanwhile
         */
        public Optional<Acquisition> tryAcquire(Duration timeout) throws InterruptedException {
            Outcome outcome = state.write(Participants.me(), News.TAKE, Patience.of(timeout));
            return outcome.isHeld() ? Optional.of(acquisition(outcome)) : Optional.empty();
        }

        /**
         * Waits for the lock, and takes the news of an owner's death.
         *
         * @return how it came to be held
         * @throws InterruptedException where the thread is interrupted, before or meanwhile
         */
        public Acquisition acquireInterruptibly() throws InterruptedException {
            return acquisition(state.write(Participants.me(), News.TAKE, Patience.FOREVER));
        }

        private static Acquisition acquisition(Outcome outcome) {
            return outcome == Outcome.OWNER_DIED ? Acquisition.OWNER_DIED : Acquisition.CLEAN;
        }

        /**
         * {@inheritDoc}
         *
         * @throws OwnerDiedException where a writer's process has died and nobody has said since that all is
         *         {@link #consistent}
         */
        @Override
        public void lock() {
            refuseDeath(uninterruptibly(News.REFUSE, Patience.UNINTERRUPTIBLY));
        }

        /**
         * {@inheritDoc}
         *
         * @throws OwnerDiedException where a writer's process has died and nobody has said since that all is
         *         {@link #consistent}
         */
        @Override
        public void lockInterruptibly() throws InterruptedException {
            refuseDeath(state.write(Participants.me(), News.REFUSE, Patience.FOREVER));
        }

        /**
         * {@inheritDoc}
         *
         * @throws OwnerDiedException where a writer's process has died and nobody has said since that all is
         *         {@link #consistent}
         */
        @Override
        public boolean tryLock() {
            return refuseDeath(uninterruptibly(News.REFUSE, Patience.TRY));
        }

        /**
         * {@inheritDoc}
         *
         * @throws OwnerDiedException where a writer's process has died and nobody has said since that all is
         *         {@link #consistent}
         */
        @Override
        public boolean tryLock(long time, TimeUnit unit) throws InterruptedException {
            return refuseDeath(state.write(Participants.me(), News.REFUSE, Patience.of(time, unit)));
        }

        /**
         * Gives one hold back.
         *
         * @throws IllegalMonitorStateException where the calling thread does not hold the lock; the message names who
         *         does
         */
        @Override
        public void unlock() {
            state.unwrite(Participants.me());
        }

        /**
         * Waits for the lock for a while.
         *
         * @param timeout how long; 0 or negative to try once
         * @return whether it is held
         * @throws InterruptedException where the thread is interrupted, before or meanwhile
         * @throws OwnerDiedException where a writer has died and nobody has said that all is {@link #consistent}
         */
        public boolean tryLock(Duration timeout) throws InterruptedException {
            return refuseDeath(state.write(Participants.me(), News.REFUSE, Patience.of(timeout)));
        }

        /**
         * Waits for the lock, takes the news of an owner's death, and holds the lock until the hold is closed, by the same
         * thread.
         *
         * @return the hold, which says whether an owner has died
         */
        public Hold hold() {
            return new Hold(acquire(), this::consistent, this::unlock);
        }

        /**
         * Waits for the lock without keeping a thread, and takes the news of an owner's death. The hold belongs to whoever
         * has it: any thread may close it, and no thread holds the lock by it.
         *
         * @return completes with the hold, or with the exception that ended the wait; cancelling it ends the wait, and a
         *         lock that arrives after that is given up; see {@link SharedMutex#acquireAsync}. The handle cannot be
         *         closed while the hold is open
         */
        public CompletableFuture<Hold> acquireAsync() {
            long owner = Participants.newOwner();
            return Async.start(() -> state.keepOpen(() -> {
                Outcome outcome = state.write(owner, News.TAKE, Patience.FOREVER);
                return new Hold(acquisition(outcome), () -> state.consistent(owner),
                        () -> state.letClose(() -> state.giveUpWrite(owner)));
            }), Hold::close);
        }

        /**
         * This lock has no conditions; {@link SharedMutex} has.
         *
         * @throws UnsupportedOperationException always
         */
        @Override
        public Condition newCondition() {
            throw new UnsupportedOperationException("a shared read-write lock has no conditions, SharedMutex has");
        }
    }
}
