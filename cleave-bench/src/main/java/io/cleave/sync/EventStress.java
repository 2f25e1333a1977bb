package io.cleave.sync;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Mode;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.Signal;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** One thread sets an event, another looks. */
public final class EventStress {
    private EventStress() {
    }

    /** Who sees it set sees what was done before. */
    @JCStressTest
    @Outcome(id = {"0, 0", "0, 1", "1, 1"}, expect = ACCEPTABLE, desc = "Not yet set, or set after all before it.")
    @Outcome(expect = FORBIDDEN, desc = "It was set before what preceded its setting.")
    @State
    public static class ShippedHandOver {
        private final SharedEvent event = SharedEvent.at(StressMemory.next(SharedEvent.BYTES));
        private int data;

        @Actor
        public void setter() {
            data = 1;
            event.set();
        }

        @Actor
        public void looker(II_Result result) {
            result.r1 = event.isSet() ? 1 : 0;
            result.r2 = data;
        }
    }

    /** Who looks again and again sees it set in the end. */
    @JCStressTest(Mode.Termination)
    @Outcome(id = "TERMINATED", expect = ACCEPTABLE, desc = "Seen.")
    @Outcome(expect = FORBIDDEN, desc = "Never seen.")
    @State
    public static class Shipped {
        private final SharedEvent event = SharedEvent.at(StressMemory.next(SharedEvent.BYTES));

        @Actor
        @SuppressWarnings("EmptyBody") // a pause in the loop would keep the compiler from what it may do
        public void looker() {
            while (!event.isSet()) {
            }
        }

        @Signal
        public void setter() {
            event.set();
        }
    }

    /** With plain looks the compiler takes the first for all. */
    @JCStressTest(Mode.Termination)
    @Outcome(id = "TERMINATED", expect = ACCEPTABLE, desc = "Seen.")
    @Outcome(expect = FORBIDDEN, desc = "Never seen.")
    @State
    public static class Twin {
        private final SharedEvent event = new SharedEvent(new WeakCell(WeakCell.Weakness.PLAIN_LOOK));

        @Actor
        @SuppressWarnings("EmptyBody") // as above
        public void looker() {
            while (!event.isSet()) {
            }
        }

        @Signal
        public void setter() {
            event.set();
        }
    }
}
