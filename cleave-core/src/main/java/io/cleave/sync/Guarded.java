package io.cleave.sync;

import io.cleave.sync.LockWord.News;
import io.cleave.sync.LockWord.Outcome;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * What semaphore, read-write lock, latch and barrier have in common: a few fields and a table of member processes, all
 * written under a guard, and a word to sleep on.
 *
 * <h2>Overview</h2>
 *
 * It is a monitor. An operation takes the guard, looks, changes what it has to change, and gives the guard back. Who
 * cannot go on counts itself as a sleeper under the guard, remembers {@code turn}, gives the guard back and sleeps while
 * {@code turn} is the same. Who lets others go raises {@code turn} under the guard and wakes some after it. So either
 * the waiter sees the change under the guard, or it is counted before the change and its {@code turn} is old: no
 * wake-up is lost. A wake-up that comes to one who leaves at that moment for another reason is passed on.
 *
 * <p>
 * Death under the guard: the guard is a {@link LockWord}, so the next one is told, and calls {@link #repair}. Each
 * object has facts, each changed by one store, and figures that follow from them, which {@code repair} works out anew.
 * So an operation is done or not done by one store, in every case. Death of a member: whoever cannot go on, and every
 * waiter from time to time, looks after the members and gives back what the dead held, by {@link #bury}. Death between
 * a change and its wake-up: waiters look from time to time. A waiter that dies stays counted as a sleeper, which costs a
 * system call for each change and nothing else.
 */
abstract class Guarded {
    private static final long SWEEP_NANOS = 15_000_000;
    private static final long NAP_NANOS = 100_000;

    final MemorySegment memory;
    private final SharedCell guardWord;
    private final LockWord guard;
    private final SharedCell turn;
    private final Named named;
    /** When the members were last looked after through this handle; races cost a look. */
    private volatile long lastSweep;
    /** Where the calling process was found last; a guess, so races do no harm. */
    private int lastSelf;
    private final Spinner spinner;

    /** Threads of this process that are under the guard or on their way, through a named handle. */
    private final AtomicInteger inside = new AtomicInteger();
    private final AtomicBoolean hasDetached = new AtomicBoolean();
    /** Whether this handle takes nobody in any more. Written by {@link #closeHandle}. */
    private volatile boolean isClosed;

    /** Something that is tried under the guard until it succeeds. */
    interface Attempt<E extends Exception> {
        /** Does it where that can be done now. Called under the guard. */
        boolean isDone() throws E;

        /** Whether it seems worth trying. Called without the guard. */
        boolean isPromising();
    }

    Guarded(MemorySegment memory, Named named) {
        this.memory = memory;
        this.named = named;
        this.guardWord = new SharedCell(memory, GuardedLayout.GUARD_AT);
        this.guard = new LockWord(guardWord, Participants::isDead);
        this.turn = new SharedCell(memory, GuardedLayout.TURN_AT);
        this.spinner = new Spinner(turn);
        this.lastSweep = System.nanoTime() - SWEEP_NANOS;
    }

    /** Works out anew what follows from the facts. Called under the guard, after an owner of the guard has died. */
    abstract void repair();

    /** Takes note that a member has died, and returns whether that may let somebody go. Called under the guard. */
    abstract boolean bury(int member);

    /** Takes note of deaths that the table of members does not show. Called under the guard. */
    boolean buryOthers() {
        return false;
    }

    /** Whether there is a death that the table of members does not show. */
    boolean hasOtherDead() {
        return false;
    }

    long field(int index) {
        return GuardedLayout.longOpaque(memory, GuardedLayout.fieldAt(index));
    }

    void field(int index, long value) {
        GuardedLayout.longRelease(memory, GuardedLayout.fieldAt(index), value);
    }

    long member(int index) {
        return GuardedLayout.longOpaque(memory, GuardedLayout.memberAt(index));
    }

    private void member(int index, long value) {
        GuardedLayout.longRelease(memory, GuardedLayout.memberAt(index), value);
    }

    long count(int member) {
        return member(member) & GuardedLayout.COUNT;
    }

    /** Changes a member's count; a member that counts nothing is none any more. */
    void count(int member, long count) {
        member(member, count == 0 ? 0 : (member(member) & ParticipantsLayout.PROCESS) | count);
    }

    /** The sum of all members' counts. */
    long sum() {
        long sum = 0;
        for (int i = 0; i < GuardedLayout.MEMBERS; i++) {
            sum += count(i);
        }
        return sum;
    }

    /** The calling process among the members, -1 where it is none. Called under the guard. */
    int find() {
        long process = Participants.process();
        if ((member(lastSelf) & ParticipantsLayout.PROCESS) == process) {
            return lastSelf;
        }
        for (int i = 0; i < GuardedLayout.MEMBERS; i++) {
            if ((member(i) & ParticipantsLayout.PROCESS) == process) {
                lastSelf = i;
                return i;
            }
        }
        return -1;
    }

    /** The calling process among the members, or the place where it can become one. Called under the guard. */
    int self() {
        int found = find();
        for (int i = 0; i < GuardedLayout.MEMBERS && found < 0; i++) {
            if (member(i) == 0) {
                found = i;
            }
        }
        if (found < 0) {
            throw noPlace();
        }
        return found;
    }

    /** Sets the calling process's count. Called under the guard, with what {@link #self} returned. */
    void selfCount(int member, long count) {
        member(member, count == 0 ? 0 : Participants.process() | count);
    }

    /**
     * The calling process's place among the members, which it keeps, also while it counts nothing, until another needs
     * it: so it is found at once, and few processes write to the same line. Called under the guard.
     *
     * @return the place, -1 where all are taken by processes that count something
     */
    int seat() {
        int seat = find();
        if (seat < 0) {
            seat = freeSeat();
            if (seat >= 0) {
                member(seat, Participants.process());
                lastSelf = seat;
            }
        }
        return seat;
    }

    private int freeSeat() {
        int idle = -1;
        for (int i = 0; i < GuardedLayout.MEMBERS; i++) {
            int seat = GuardedLayout.spread(i);
            if (member(seat) == 0) {
                return seat;
            }
            if (idle < 0 && count(seat) == 0) {
                idle = seat;
            }
        }
        return idle;
    }

    /** As {@link #seat}, for those that cannot go on without. */
    int neededSeat() {
        int seat = seat();
        if (seat < 0) {
            throw noPlace();
        }
        return seat;
    }

    /** Sets what the calling process counts, with what {@link #seat} returned. Called under the guard. */
    void seatCount(int seat, long count) {
        member(seat, Participants.process() | count);
    }

    private static IllegalStateException noPlace() {
        return new IllegalStateException(GuardedLayout.MEMBERS + " processes use this object at once already");
    }

    /** Runs something once in the life of the memory. */
    void initialise(Runnable fields) {
        enter();
        try {
            if (GuardedLayout.longOpaque(memory, GuardedLayout.INITIALISED_AT) == 0) {
                fields.run();
                GuardedLayout.longRelease(memory, GuardedLayout.INITIALISED_AT, 1);
            }
        } finally {
            exit();
        }
    }

    /** Whether it makes sense to ask for the guard, which its owner can give back sooner where nobody does. */
    boolean isGuardFree() {
        return guard.owner() == 0;
    }

    void enter() {
        long me = Participants.me();
        if (named.isBlock()) {
            inside.getAndIncrement();
            if (isClosed) {
                inside.getAndDecrement();
                throw new IllegalStateException("this handle is closed");
            }
        }
        if (!guardWord.cas(0, me)) {
            enterSlowly(me);
        }
    }

    private void enterSlowly(long me) {
        boolean isHeld = false;
        try {
            Outcome outcome = guard.acquire(me, News.TAKE, Patience.UNINTERRUPTIBLY);
            if (outcome == Outcome.OWNER_DIED) {
                repair();
                boolean _ = guard.consistent(me); // it is the caller's
            }
            isHeld = true;
        } catch (InterruptedException e) {
            throw new IllegalStateException(e); // this wait was not to be interruptible
        } finally {
            if (!isHeld) {
                leaveGate();
            }
        }
    }

    void exit() {
        long me = Participants.me();
        if (!guardWord.cas(me, 0)) {
            guard.release(me);
        }
        leaveGate();
    }

    private void leaveGate() {
        if (named.isBlock()) {
            inside.getAndDecrement();
        }
    }

    /** Notes under the guard that somebody may go. {@link #wake} follows after it. */
    void raiseTurn() {
        turn.addRelease(1);
    }

    long sleepers() {
        return GuardedLayout.longOpaque(memory, GuardedLayout.SLEEPERS_AT);
    }

    private void addSleepers(long delta) {
        GuardedLayout.longRelease(memory, GuardedLayout.SLEEPERS_AT, sleepers() + delta);
    }

    void wake(int count) {
        if (count > 0) {
            turn.wake(count);
        }
    }

    /**
     * Tries until it succeeds or the time is over.
     *
     * @return whether it succeeded
     */
    <E extends Exception> boolean await(Attempt<E> attempt, Patience patience) throws InterruptedException, E {
        if (patience.isInterruptible() && Thread.interrupted()) {
            throw new InterruptedException();
        }
        boolean _ = spinner.await(() -> attempt.isPromising() && isGuardFree(), patience); // it is seen to below
        boolean isCounted = false;
        boolean isPassedOn = true;
        try {
            while (true) {
                long seen = 0;
                boolean stays = false;
                enter();
                try {
                    if (attempt.isDone() || (sweep(false) && attempt.isDone())) {
                        isPassedOn = true;
                        return true;
                    }
                    if (patience.isOver()) {
                        return false;
                    }
                    if (!isCounted) {
                        addSleepers(1);
                        isCounted = true;
                    }
                    seen = turn.get();
                    stays = true;
                } finally {
                    if (!stays && isCounted) {
                        addSleepers(-1);
                        isCounted = false;
                    }
                    exit();
                }
                isPassedOn = false;
                boolean _ = turn.sleep(seen, patience, () -> attempt.isPromising() || hasDead());
            }
        } finally {
            if (!isPassedOn || isCounted) {
                leave(isCounted);
            }
        }
    }

    /** A wake-up may have come to one who leaves without success: it is for another. */
    private void leave(boolean isCounted) {
        try {
            if (isCounted) {
                enter();
                addSleepers(-1);
                exit();
            }
            turn.wake(1);
        } catch (IllegalStateException ignored) {
            // The handle was closed, and that woke everybody.
        }
    }

    private boolean hasDead() {
        long now = System.nanoTime();
        if (now - lastSweep < SWEEP_NANOS) {
            return false;
        }
        lastSweep = now;
        for (int i = 0; i < GuardedLayout.MEMBERS; i++) {
            long member = member(i);
            if ((member & GuardedLayout.COUNT) != 0 && Participants.isDead(member)) {
                lastSweep = now - SWEEP_NANOS; // for the sleeper that this wakes
                return true;
            }
        }
        return hasOtherDead();
    }

    /** Gives back what dead members held, and returns whether there were any. Called under the guard. */
    boolean sweep(boolean isUrgent) {
        long now = System.nanoTime();
        if (!isUrgent && now - lastSweep < SWEEP_NANOS) {
            return false;
        }
        lastSweep = now;
        boolean mayGo = buryOthers();
        for (int i = 0; i < GuardedLayout.MEMBERS; i++) {
            long member = member(i);
            if ((member & GuardedLayout.COUNT) != 0 && Participants.isDead(member)) {
                mayGo |= bury(i);
            }
        }
        if (mayGo) {
            raiseTurn();
            turn.wake(Cell.ALL); // under the guard: this is rare, and the caller may have nobody to wake
        }
        return mayGo;
    }

    /** Whether this is the first call: what a handle counts for is to be taken back once. */
    boolean isFirstClose() {
        return hasDetached.compareAndSet(false, true);
    }

    /** Closes a named handle. The mapping must not go while a thread is under the guard, which would stay taken. */
    void closeHandle() {
        if (!named.isBlock()) {
            return;
        }
        isClosed = true;
        while (inside.get() != 0) {
            Thread.onSpinWait();
            turn.wake(Cell.ALL);
            LockSupport.parkNanos(NAP_NANOS);
        }
        named.close(List.of(turn, guardWord));
    }
}
