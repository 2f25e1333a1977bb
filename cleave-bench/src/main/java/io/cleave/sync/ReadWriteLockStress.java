package io.cleave.sync;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** One thread writes two numbers, another reads them. */
public final class ReadWriteLockStress {
    private static final int LOOKS = 8;

    private ReadWriteLockStress() {
    }

    /** Gives a reader time to come in where it can. */
    private static void pause() {
        for (int i = 0; i < LOOKS; i++) {
            Thread.onSpinWait();
        }
    }

    /** A reader sees both or none. */
    @JCStressTest
    @Outcome(id = {"0, 0", "1, 1"}, expect = ACCEPTABLE, desc = "Before or after the writer.")
    @Outcome(expect = FORBIDDEN, desc = "Half a write was read.")
    @State
    public static class Shipped {
        private final SharedReadWriteLock lock = SharedReadWriteLock
                .at(StressMemory.next(SharedReadWriteLock.BYTES));
        private int left;
        private int right;

        @Actor
        public void writer() {
            lock.writeLock().lock();
            try {
                left = 1;
                pause();
                right = 1;
            } finally {
                lock.writeLock().unlock();
            }
        }

        @Actor
        public void reader(II_Result result) {
            lock.readLock().lock();
            try {
                result.r1 = left;
                result.r2 = right;
            } finally {
                lock.readLock().unlock();
            }
        }
    }

    /** Where each change takes two steps, a reader comes in beside a writer. */
    @JCStressTest
    @Outcome(id = {"0, 0", "1, 1"}, expect = ACCEPTABLE, desc = "Before or after the writer.")
    @Outcome(expect = FORBIDDEN, desc = "Half a write was read.")
    @State
    public static class Twin {
        private final WeakTally readers = new WeakTally(0);
        private int left;
        private int right;

        @Actor
        public void writer() {
            while (!readers.tryMark(0)) {
                Thread.onSpinWait();
            }
            left = 1;
            pause();
            right = 1;
            readers.unmark();
        }

        @Actor
        public void reader(II_Result result) {
            while (!readers.tryTakeUnmarked()) {
                Thread.onSpinWait();
            }
            result.r1 = left;
            result.r2 = right;
            readers.add(1);
        }
    }
}
