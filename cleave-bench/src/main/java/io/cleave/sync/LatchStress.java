package io.cleave.sync;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** Two threads count a latch down. */
public final class LatchStress {
    private LatchStress() {
    }

    /** No count-down is lost. */
    @JCStressTest
    @Outcome(id = "1", expect = ACCEPTABLE, desc = "Both count.")
    @Outcome(expect = FORBIDDEN, desc = "A count-down was lost.")
    @State
    public static class Shipped {
        private final SharedCountDownLatch latch = SharedCountDownLatch
                .at(StressMemory.next(SharedCountDownLatch.BYTES), 3);

        @Actor
        public void one() {
            latch.countDown();
        }

        @Actor
        public void two() {
            latch.countDown();
        }

        @Arbiter
        public void count(I_Result result) {
            result.r1 = (int) latch.getCount();
        }
    }

    /** Where counting down takes two steps, one is lost. */
    @JCStressTest
    @Outcome(id = "1", expect = ACCEPTABLE, desc = "Both count.")
    @Outcome(expect = FORBIDDEN, desc = "A count-down was lost.")
    @State
    public static class Twin {
        private final WeakWords words = new WeakWords();

        /** As a latch that counts from 3. */
        public Twin() {
            words.set(LatchLayout.WORD_AT, LatchLayout.MADE | 3);
        }

        private void countDown() {
            long seen;
            do {
                seen = words.get(LatchLayout.WORD_AT);
            } while (!words.cas(LatchLayout.WORD_AT, seen, seen - 1));
        }

        @Actor
        public void one() {
            countDown();
        }

        @Actor
        public void two() {
            countDown();
        }

        @Arbiter
        public void count(I_Result result) {
            result.r1 = (int) LatchLayout.count(words.get(LatchLayout.WORD_AT));
        }
    }

    /** Who sees it open sees what was done before the last count-down. */
    @JCStressTest
    @Outcome(id = {"0, 0", "0, 1", "1, 1"}, expect = ACCEPTABLE, desc = "Not open yet, or open after all before it.")
    @Outcome(expect = FORBIDDEN, desc = "It opened before what preceded its opening.")
    @State
    public static class ShippedHandOver {
        private final SharedCountDownLatch latch = SharedCountDownLatch
                .at(StressMemory.next(SharedCountDownLatch.BYTES), 1);
        private int data;

        @Actor
        public void counter() {
            data = 1;
            latch.countDown();
        }

        @Actor
        public void looker(II_Result result) {
            result.r1 = latch.getCount() == 0 ? 1 : 0;
            result.r2 = data;
        }
    }
}
