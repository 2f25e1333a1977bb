package io.cleave.sync;

import io.cleave.OwnerDiedException;
import io.cleave.owner.Cell;
import io.cleave.owner.Patience;
import io.cleave.owner.SharedCell;
import java.lang.foreign.MemorySegment;
import java.util.Date;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import org.jspecify.annotations.Nullable;

/** A condition of a {@link SharedMutex}: {@link Signals} with the lock around them, and the ways in which a wait ends. */
final class SharedCondition implements Condition {
    private final SharedMutex mutex;
    private final Signals signals;
    private final List<SharedCell> turns;

    SharedCondition(SharedMutex mutex, MemorySegment memory, int index) {
        this.mutex = mutex;
        long at = MutexLayout.conditionAt(index);
        this.turns = List.of(new SharedCell(memory, at + MutexLayout.TURNS_IN_CONDITION),
                new SharedCell(memory, at + MutexLayout.TURNS_IN_CONDITION + Long.BYTES));
        this.signals = new Signals(new SharedCell(memory, at),
                List.of(new SharedCell(memory, at + MutexLayout.GROUPS_IN_CONDITION),
                        new SharedCell(memory, at + MutexLayout.GROUPS_IN_CONDITION + Long.BYTES)),
                turns, new SharedCell(memory, at + MutexLayout.PASSED_IN_CONDITION));
    }

    /** Where threads sleep. */
    List<SharedCell> turns() {
        return turns;
    }

    /** How many wait that have not been told to go. */
    long waiting() {
        return signals.waiting();
    }

    /** How many were told to go and have not gone yet. */
    long told() {
        return signals.told();
    }

    /** What a sleeper looks at from time to time: its own signals, and those of the older group that nobody takes. */
    private final class Look implements Cell.Suspicion {
        private final long group;
        /** A signal of the older group that was left alone at the last look, with what else is in its word, or 0. */
        private long left;
        /** Whether it was left alone at two looks in a row. */
        private boolean isStale;

        Look(long group) {
            this.group = group;
        }

        @Override
        public boolean isRaised() {
            if (signals.mayGo(group)) {
                return true;
            }
            long before = left;
            left = signals.leftAlone(group);
            // While the lock is held, those who were told wait for it.
            isStale = left != 0 && left == before && !mutex.isHeldByLiving();
            return isStale;
        }

        boolean isStale() {
            boolean was = isStale;
            isStale = false;
            return was;
        }
    }

    @Override
    public void await() throws InterruptedException {
        sleep(Patience.FOREVER);
    }

    @Override
    public void awaitUninterruptibly() {
        try {
            sleep(Patience.UNINTERRUPTIBLY);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e); // this wait was not to be interruptible
        }
    }

    @Override
    public long awaitNanos(long timeout) throws InterruptedException {
        Patience wait = Patience.of(timeout);
        sleep(wait);
        return wait.deadlineNanos() - System.nanoTime();
    }

    @Override
    public boolean await(long time, TimeUnit unit) throws InterruptedException {
        return sleep(Patience.of(time, unit));
    }

    @SuppressWarnings("JavaUtilDate") // the interface has it
    @Override
    public boolean awaitUntil(Date deadline) throws InterruptedException {
        long now = System.currentTimeMillis();
        return sleep(Patience.of(Math.max(deadline.getTime(), now) - now, TimeUnit.MILLISECONDS));
    }

    /** Waits; false where the time was over before a signal came. */
    private boolean sleep(Patience wait) throws InterruptedException {
        mutex.checkHeld("await");
        if (wait.isInterruptible() && Thread.interrupted()) {
            throw new InterruptedException();
        }
        mutex.enter();
        try {
            boolean isKnown = mutex.hasDied();
            long group = signals.join();
            Look look = new Look(group);
            while (true) {
                Pause pause = pause(group, look, wait);
                isKnown &= pause.hasDied();
                if (pause.hasDied() && !isKnown) {
                    boolean _ = signals.leave(group); // it goes either way
                    keep(pause.interrupt());
                    throw new OwnerDiedException("a process died while it held this lock, so what the lock guards may "
                            + "be half-changed; the caller holds the lock: repair, consistent(), and unlock");
                }
                if (pause.isInTime() && (signals.go(group) || (look.isStale() && signals.pass(group)))) {
                    return true;
                }
                if (!pause.isInTime()) {
                    return leaveEarly(group, pause.interrupt());
                }
            }
        } finally {
            mutex.exit();
        }
    }

    /**
     * How a sleep ended, with the lock held again.
     *
     * @param isInTime whether neither the deadline nor an interrupt ended it
     * @param interrupt what ended it, or null
     * @param hasDied whether the lock bears the mark of a dead owner
     */
    private record Pause(boolean isInTime, @Nullable InterruptedException interrupt, boolean hasDied) {}

    /** Gives the lock up, sleeps, and takes it back, unless the handle is closed. */
    private Pause pause(long group, Look look, Patience wait) {
        Cell turn = signals.turn(group);
        long seen = turn.get();
        int holds = mutex.releaseAll("await");
        boolean isInTime = false;
        InterruptedException interrupt = null;
        try {
            isInTime = turn.sleep(seen, wait, look);
        } catch (InterruptedException e) {
            interrupt = e;
        } catch (IllegalStateException e) {
            throw sentAway(group, e);
        } catch (RuntimeException | Error e) {
            boolean _ = takeBack(group, holds, interrupt); // a wait ends with the lock held, whatever ends it
            boolean _ = signals.leave(group);
            throw e;
        }
        return new Pause(isInTime, interrupt, takeBack(group, holds, interrupt));
    }

    private boolean takeBack(long group, int holds, @Nullable InterruptedException interrupt) {
        try {
            return mutex.takeBack(holds);
        } catch (IllegalStateException e) {
            keep(interrupt);
            throw sentAway(group, e);
        }
    }

    /** Where something else is thrown than the interrupt that ended a sleep, the thread stays interrupted. */
    private static void keep(@Nullable InterruptedException interrupt) {
        if (interrupt != null) {
            Thread.currentThread().interrupt();
        }
    }

    private IllegalStateException sentAway(long group, IllegalStateException cause) {
        signals.abandon(group);
        return new IllegalStateException(
                "this handle was closed while the thread waited for a condition; the thread does "
                        + "not hold the lock any more",
                cause);
    }

    /** Leaves after the deadline or an interrupt, unless a signal was there first. */
    private boolean leaveEarly(long group, @Nullable InterruptedException interrupt) throws InterruptedException {
        boolean isMine = signals.leave(group);
        if (interrupt != null) {
            if (!isMine) {
                throw interrupt;
            }
            Thread.currentThread().interrupt();
        }
        return isMine;
    }

    @Override
    public void signal() {
        signal(signals::signal);
    }

    @Override
    public void signalAll() {
        signal(signals::signalAll);
    }

    private void signal(Runnable how) {
        mutex.checkHeld("signal");
        mutex.enter();
        try {
            how.run();
        } finally {
            mutex.exit();
        }
    }
}
