package io.cleave.sync;

import io.cleave.OwnerDiedException;
import java.util.Date;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import org.jspecify.annotations.Nullable;

/**
 * A condition of a {@link SharedMutex}.
 *
 * <h2>Overview</h2>
 *
 * Two counts, written by the lock's owner only: {@code waiting}, and {@code signals}, how many of those have been told to
 * go and have not gone yet. A signal raises {@code signals}, changes the word {@code turn} and wakes one. A waiter
 * sleeps on {@code turn} as it was when it gave the lock up, so that a signal before the sleep keeps it awake; when it
 * has the lock back it takes a signal if there is one, and else gives the lock up and sleeps again. A waiter that leaves
 * for another reason takes itself out of {@code waiting}, and where fewer wait than are told to go, that signal was its
 * own.
 *
 * <p>
 * Death: a waiter that dies before a signal is still counted, so a later signal may stay and let somebody pass that
 * nobody signalled. One that dies after a signal leaves it, and the others, who look at {@code signals} from time to
 * time, find it. An owner that dies between two stores leaves the counts off by one, with the same effects.
 */
final class SharedCondition implements Condition {
    private final SharedMutex mutex;
    private final SharedCell turn;
    private final long waitingAt;
    private final long signalsAt;

    SharedCondition(SharedMutex mutex, SharedCell turn, long at) {
        this.mutex = mutex;
        this.turn = turn;
        this.waitingAt = at + MutexLayout.WAITING_IN_CONDITION;
        this.signalsAt = at + MutexLayout.SIGNALS_IN_CONDITION;
    }

    private int waiting() {
        return MutexLayout.intPlain(mutex.memory(), waitingAt);
    }

    private void waiting(int count) {
        MutexLayout.intOpaque(mutex.memory(), waitingAt, count);
    }

    private int signals() {
        return MutexLayout.intOpaque(mutex.memory(), signalsAt);
    }

    private void signals(int count) {
        MutexLayout.intOpaque(mutex.memory(), signalsAt, count);
    }

    private boolean isSignalled() {
        return signals() > 0;
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
        return sleep(Patience.of(deadline.getTime() - System.currentTimeMillis(), TimeUnit.MILLISECONDS));
    }

    /** Waits; false where the time was over before a signal came. */
    private boolean sleep(Patience wait) throws InterruptedException {
        mutex.checkHeld("await");
        if (wait.isInterruptible() && Thread.interrupted()) {
            throw new InterruptedException();
        }
        waiting(waiting() + 1);
        while (true) {
            long seen = turn.get();
            int holds = mutex.releaseAll("await");
            boolean isInTime = false;
            InterruptedException interrupt = null;
            boolean hasDied;
            try {
                isInTime = turn.sleep(seen, wait, this::isSignalled);
            } catch (InterruptedException e) {
                interrupt = e;
            } finally {
                hasDied = mutex.takeBack(holds);
            }
            if (hasDied) {
                leave();
                throw new OwnerDiedException("a process died while it held this lock, so what the lock guards may be "
                        + "half-changed; the caller holds the lock: acquire(), repair, and unlock as often");
            }
            if (isInTime && signals() > 0) {
                signals(signals() - 1);
                waiting(waiting() - 1);
                return true;
            }
            if (!isInTime) {
                return leaveEarly(interrupt);
            }
        }
    }

    /** Leaves after the deadline or an interrupt, unless a signal was there first. */
    private boolean leaveEarly(@Nullable InterruptedException interrupt)
            throws InterruptedException {
        boolean isMine = leave();
        if (interrupt != null) {
            if (!isMine) {
                throw interrupt;
            }
            Thread.currentThread().interrupt();
        }
        return isMine;
    }

    /** Stops waiting; where more signals than waiters are left then, one was for the caller. */
    private boolean leave() {
        int others = Math.max(0, waiting() - 1);
        waiting(others);
        if (signals() > others) {
            signals(others);
            return true;
        }
        if (signals() > 0) {
            turn.wake(1); // the wake-up that went with a signal may have come here
        }
        return false;
    }

    @Override
    public void signal() {
        mutex.checkHeld("signal");
        if (signals() < waiting()) {
            signals(signals() + 1);
            turn.addRelease(1);
            turn.wake(1);
        }
    }

    @Override
    public void signalAll() {
        mutex.checkHeld("signal");
        if (signals() < waiting()) {
            signals(waiting());
            turn.addRelease(1);
            turn.wake(Cell.ALL);
        }
    }
}
