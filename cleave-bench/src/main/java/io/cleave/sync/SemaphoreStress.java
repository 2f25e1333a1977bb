package io.cleave.sync;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** Two threads and one permit. */
public final class SemaphoreStress {
    private SemaphoreStress() {
    }

    /** One of two gets the only permit. */
    @JCStressTest
    @Outcome(id = {"1, 0", "0, 1"}, expect = ACCEPTABLE, desc = "One of them has got it.")
    @Outcome(expect = FORBIDDEN, desc = "A permit was invented or lost.")
    @State
    public static class Shipped {
        private final SharedSemaphore semaphore = SharedSemaphore.at(StressMemory.next(SharedSemaphore.BYTES), 1);

        @Actor
        public void one(II_Result result) {
            result.r1 = semaphore.tryAcquire() ? 1 : 0;
        }

        @Actor
        public void two(II_Result result) {
            result.r2 = semaphore.tryAcquire() ? 1 : 0;
        }
    }

    /** Where taking it takes two steps, both get it. */
    @JCStressTest
    @Outcome(id = {"1, 0", "0, 1"}, expect = ACCEPTABLE, desc = "One of them has got it.")
    @Outcome(expect = FORBIDDEN, desc = "A permit was invented.")
    @State
    public static class Twin {
        private final WeakTally permits = new WeakTally(1);

        private boolean tryAcquire() {
            return permits.tryTake(1);
        }

        @Actor
        public void one(II_Result result) {
            result.r1 = tryAcquire() ? 1 : 0;
        }

        @Actor
        public void two(II_Result result) {
            result.r2 = tryAcquire() ? 1 : 0;
        }
    }

    /** Who gets a permit sees what was done before its release. */
    @JCStressTest
    @Outcome(id = {"0, 0", "1, 1"}, expect = ACCEPTABLE, desc = "No permit yet, or all that came before it.")
    @Outcome(expect = FORBIDDEN, desc = "A permit came before what preceded its release.")
    @State
    public static class ShippedHandOver {
        private final SharedSemaphore semaphore = SharedSemaphore.at(StressMemory.next(SharedSemaphore.BYTES), 0);
        private int data;

        @Actor
        public void giver() {
            data = 1;
            semaphore.release();
        }

        @Actor
        public void taker(II_Result result) {
            if (semaphore.tryAcquire()) {
                result.r1 = 1;
                result.r2 = data;
            }
        }
    }
}
