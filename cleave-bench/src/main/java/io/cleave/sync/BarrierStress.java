package io.cleave.sync;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.cleave.owner.SharedCell;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.BrokenBarrierException;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** Two threads come to a barrier of two. */
public final class BarrierStress {
    private static final int PARTIES = 2;

    private BarrierStress() {
    }

    private static int arrive(BarrierWord word) {
        try {
            return BarrierLayout.arrived(word.arrive());
        } catch (BrokenBarrierException e) {
            return -1;
        }
    }

    /** One of them comes first. */
    @JCStressTest
    @Outcome(id = {"0, 1", "1, 0"}, expect = ACCEPTABLE, desc = "One after the other.")
    @Outcome(expect = FORBIDDEN, desc = "Both came first, so both would wait, or none did.")
    @State
    public static class Shipped {
        private final MemorySegment memory = StressMemory.next(SharedBarrier.BYTES);
        private final BarrierWord word = new BarrierWord(new SharedCell(memory, BarrierLayout.WORD_AT),
                new SharedWords(memory));

        /** A fresh one. */
        public Shipped() {
            word.parties(PARTIES);
        }

        @Actor
        public void one(II_Result result) {
            result.r1 = arrive(word);
        }

        @Actor
        public void two(II_Result result) {
            result.r2 = arrive(word);
        }
    }

    /** Where coming takes two steps, both come first. */
    @JCStressTest
    @Outcome(id = {"0, 1", "1, 0"}, expect = ACCEPTABLE, desc = "One after the other.")
    @Outcome(expect = FORBIDDEN, desc = "Both came first.")
    @State
    public static class Twin {
        private final BarrierWord word = new BarrierWord(new WeakCell(WeakCell.Weakness.TWO_STEPS), new WeakWords());

        /** A fresh one. */
        public Twin() {
            word.parties(PARTIES);
        }

        @Actor
        public void one(II_Result result) {
            result.r1 = arrive(word);
        }

        @Actor
        public void two(II_Result result) {
            result.r2 = arrive(word);
        }
    }

    /** Who comes last sees what was done before the other came. */
    @JCStressTest
    @Outcome(id = {"1, 0", "0, 1", "1, 1"}, expect = ACCEPTABLE, desc = "The last has seen what the first did.")
    @Outcome(expect = FORBIDDEN, desc = "Nobody has seen the other.")
    @State
    public static class ShippedHandOver {
        private final MemorySegment memory = StressMemory.next(SharedBarrier.BYTES);
        private final BarrierWord word = new BarrierWord(new SharedCell(memory, BarrierLayout.WORD_AT),
                new SharedWords(memory));
        private int left;
        private int right;

        /** A fresh one. */
        public ShippedHandOver() {
            word.parties(PARTIES);
        }

        @Actor
        public void one(II_Result result) {
            left = 1;
            result.r1 = arrive(word) == PARTIES - 1 ? right : 0;
        }

        @Actor
        public void two(II_Result result) {
            right = 1;
            result.r2 = arrive(word) == PARTIES - 1 ? left : 0;
        }
    }
}
