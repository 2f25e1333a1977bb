package io.cleave.sync;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.cleave.owner.LockWord;
import io.cleave.owner.LockWord.News;
import io.cleave.owner.Participants;
import io.cleave.owner.Patience;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** Two threads count under a mutex. */
public final class MutexStress {
    private MutexStress() {
    }

    /** Under the shipped one no count is lost. */
    @JCStressTest
    @Outcome(id = {"1, 2", "2, 1"}, expect = ACCEPTABLE, desc = "One after the other.")
    @Outcome(expect = FORBIDDEN, desc = "Both were inside, or the second did not see what the first had done.")
    @State
    public static class Shipped {
        private final SharedMutex mutex = SharedMutex.at(StressMemory.next(SharedMutex.BYTES));
        private int count;

        private int countUp() {
            mutex.lock();
            try {
                return ++count;
            } finally {
                mutex.unlock();
            }
        }

        @Actor
        public void one(II_Result result) {
            result.r1 = countUp();
        }

        @Actor
        public void two(II_Result result) {
            result.r2 = countUp();
        }
    }

    /** Taken in two steps, it lets both in. */
    @JCStressTest
    @Outcome(id = {"1, 2", "2, 1"}, expect = ACCEPTABLE, desc = "One after the other.")
    @Outcome(expect = FORBIDDEN, desc = "Both were inside.")
    @State
    public static class Twin {
        private final LockWord lock = new LockWord(new WeakCell(WeakCell.Weakness.TWO_STEPS), _ -> false);
        private int count;

        private int countUp() {
            try {
                var _ = lock.acquire(Participants.me(), News.TAKE, Patience.UNINTERRUPTIBLY);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e); // this wait was not to be interruptible
            }
            try {
                return ++count;
            } finally {
                boolean _ = lock.release(Participants.me()); // false where another came in between the two steps
            }
        }

        @Actor
        public void one(II_Result result) {
            result.r1 = countUp();
        }

        @Actor
        public void two(II_Result result) {
            result.r2 = countUp();
        }
    }
}
