package io.cleave.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.owner.ParticipantsLayout;
import io.cleave.owner.Patience;
import io.cleave.sync.Schedules.Body;
import io.cleave.sync.Schedules.ModelCell;
import io.cleave.sync.Schedules.Program;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BrokenBarrierException;
import org.junit.jupiter.api.Test;

/** A barrier of two under every order of the steps of those who come, reset, break and die. */
final class BarrierModelTest {
    private static final int LIMIT = 2_000_000;
    private static final int PREEMPTIONS = 3;
    private static final int PARTIES = 2;

    /** Words whose every access is a step. */
    private static final class ModelWords implements Words {
        private final Schedules schedules;
        private final Map<Long, Long> values = new HashMap<>(Map.of(BarrierLayout.PARTIES_AT, (long) PARTIES));
        /** Whether nothing is put down, as a twin that must fail has it. */
        boolean isForgetful;

        ModelWords(Schedules schedules) {
            this.schedules = schedules;
        }

        @Override
        public long get(long at) {
            if (at != BarrierLayout.PARTIES_AT) { // which never changes
                schedules.step();
            }
            return values.getOrDefault(at, 0L);
        }

        @Override
        public void set(long at, long value) {
            schedules.step();
            values.put(at, value);
        }

        @Override
        public boolean cas(long at, long expected, long value) {
            schedules.step();
            boolean isEqual = values.getOrDefault(at, 0L) == expected;
            if (isEqual && !isForgetful) {
                values.put(at, value);
            }
            return isEqual;
        }
    }

    /** A barrier in a model, and how its generations ended for those who waited. */
    private static final class Model {
        final ModelCell cell;
        final ModelWords words;
        final BarrierWord word;
        /** Whether the generation broke. */
        final Map<Integer, Boolean> ends = new HashMap<>();
        int passed;

        Model(Schedules schedules) {
            cell = new ModelCell(schedules);
            words = new ModelWords(schedules);
            word = new BarrierWord(cell, words);
        }

        /** Comes once; false where the barrier broke meanwhile. */
        boolean pass() throws Exception {
            long seen = word.arrive();
            int generation = BarrierLayout.generation(seen);
            boolean isLast = BarrierLayout.arrived(seen) == PARTIES - 1;
            while (!isLast && !word.isOver(generation)) {
                boolean _ = cell.sleep(generation, Patience.FOREVER, () -> false);
            }
            boolean hasBroken = !isLast && word.hasBroken(generation);
            ended(generation, hasBroken);
            return !hasBroken;
        }

        void ended(int generation, boolean hasBroken) {
            Boolean before = ends.putIfAbsent(generation, hasBroken);
            assertThat(before == null || before == hasBroken).as("all pass or all find it broken").isTrue();
            passed += hasBroken ? 0 : 1;
        }

        /** Comes until it passes, and mends what is broken. */
        void passInTheEnd() throws Exception {
            boolean hasPassed = false;
            while (!hasPassed) {
                try {
                    hasPassed = pass();
                } catch (BrokenBarrierException e) {
                    word.reset();
                }
            }
        }

        /** Comes, and does not wait. */
        void comeLate() throws Exception {
            long seen = word.arrive();
            int generation = BarrierLayout.generation(seen);
            boolean isLast = BarrierLayout.arrived(seen) == PARTIES - 1;
            ended(generation, !isLast && (word.breakIn(generation) || word.hasBroken(generation)));
        }
    }

    private static Program twoWhoPassWhileOneResets(Schedules schedules, boolean isForgetful) {
        Model model = new Model(schedules);
        model.words.isForgetful = isForgetful;
        List<Body> bodies = List.of(model::passInTheEnd, model::passInTheEnd, () -> {
            model.word.reset();
            model.word.reset();
        });
        return new Program(bodies, () -> assertThat(model.passed).isEqualTo(PARTIES));
    }

    @Test
    void noResetLetsAnybodyPassAloneOrSleepOn() {
        int orders = Schedules.explore(PREEMPTIONS, LIMIT, schedules -> twoWhoPassWhileOneResets(schedules, false));
        assertThat(orders).isGreaterThan(1_000);
    }

    @Test
    void whoseTimeIsOverBreaksItForAllOfItsGenerationOrForNone() {
        Schedules.explore(PREEMPTIONS, LIMIT, schedules -> {
            Model model = new Model(schedules);
            Body late = () -> {
                try {
                    model.comeLate();
                } catch (BrokenBarrierException e) {
                    assertThat(e).hasMessageContaining("reset()");
                }
            };
            return new Program(List.of(late, late, model.word::reset), () -> {
                assertThat(model.ends).isNotEmpty();
                assertThat(BarrierLayout.arrived(model.cell.peek())).isZero();
            });
        });
    }

    @Test
    void aDeathThatOneBuriesWhileAnotherResetsBreaksNothingAfterTheReset() {
        Schedules.explore(PREEMPTIONS, LIMIT, schedules -> {
            Model model = new Model(schedules);
            long seat = BarrierLayout.MEMBERS_AT;
            long dead = 1L << ParticipantsLayout.GENERATION_SHIFT | 1;
            model.words.values.put(seat, dead);
            Body bury = () -> {
                model.word.breakWhile(() -> model.words.get(seat) == dead);
                boolean _ = model.words.cas(seat, dead, 0);
            };
            boolean[] wasBroken = {false};
            Body reset = () -> {
                bury.run();
                model.word.reset();
                wasBroken[0] = BarrierLayout.isBroken(model.word.get());
            };
            return new Program(List.of(bury, bury, reset), () -> {
                assertThat(wasBroken[0]).isFalse();
                assertThat(BarrierLayout.isBroken(model.cell.peek())).isFalse();
                assertThat(BarrierLayout.generation(model.cell.peek())).isOne();
            });
        });
    }

    /** A twin that does not put down what broke. */
    @Test
    void theSchedulerFindsOneWhoPassesAlone() {
        assertThatThrownBy(
                () -> Schedules.explore(PREEMPTIONS, LIMIT, schedules -> twoWhoPassWhileOneResets(schedules, true)))
                .isInstanceOf(AssertionError.class);
    }
}
