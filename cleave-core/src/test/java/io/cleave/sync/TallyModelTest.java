package io.cleave.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.owner.EventCount;
import io.cleave.owner.LockWord;
import io.cleave.owner.ParticipantsLayout;
import io.cleave.owner.Patience;
import io.cleave.sync.Schedules.ModelCell;
import io.cleave.sync.Schedules.Program;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * The tally in every order of the steps of several processes, up to a number of preemptions: whatever they do, what is
 * available and what each of them holds are what they would be had they come one after the other.
 */
final class TallyModelTest {
    private static final int LIMIT = 400_000;
    private static final int SEATS = 4;

    /** A process that dies at one of its steps. */
    private static final class Death extends Error {
        private static final long serialVersionUID = 1L;
    }

    /** Words whose every access is a step; a weak twin writes seats without a look at what is there. */
    private static final class ModelWords implements Words {
        private final Schedules schedules;
        private final Map<Long, ModelCell> cells = new HashMap<>();
        private final boolean isWeak;

        ModelWords(Schedules schedules, boolean isWeak) {
            this.schedules = schedules;
            this.isWeak = isWeak;
        }

        ModelCell cell(long at) {
            return cells.computeIfAbsent(at, _ -> new ModelCell(schedules));
        }

        @Override
        public long get(long at) {
            return cell(at).get();
        }

        @Override
        public void set(long at, long value) {
            schedules.step();
            cell(at).poke(value);
        }

        @Override
        public boolean cas(long at, long expected, long value) {
            if (isWeak && at >= TallyLayout.MEMBERS_AT) {
                set(at, value);
                return true;
            }
            return cell(at).cas(expected, value);
        }
    }

    /** The words as one process sees them, which dies after so many steps. */
    private static final class Mortal implements Words {
        private final Words words;
        private int left;

        Mortal(Words words, int left) {
            this.words = words;
            this.left = left;
        }

        private void age() {
            if (left-- == 0) {
                throw new Death();
            }
        }

        @Override
        public long get(long at) {
            age();
            return words.get(at);
        }

        @Override
        public void set(long at, long value) {
            age();
            words.set(at, value);
        }

        @Override
        public boolean cas(long at, long expected, long value) {
            age();
            return words.cas(at, expected, value);
        }
    }

    /** A tally, and what it should come to. */
    private static final class Model {
        private final ModelWords words;
        private final Tally tally;
        private final EventCount waiting;
        private final long[] held = new long[SEATS];
        private final long total;
        private long released;

        Model(Schedules schedules, long total, boolean isWeak) {
            this.words = new ModelWords(schedules, isWeak);
            this.tally = tally(words);
            this.total = total;
            long available = Math.min(total, TallyLayout.MOST_AVAILABLE / 2);
            long flags = total == available ? 0 : TallyLayout.RESERVED;
            words.cell(TallyLayout.STATE_AT).poke(TallyLayout.next(0, flags, available, -1, 0));
            words.cell(TallyLayout.RESERVE_AT).poke(total - available);
            this.waiting = new EventCount(tally, new ModelCell(schedules), Named.none());
            for (int seat = 0; seat < SEATS; seat++) {
                words.cell(members(words).at(seat)).poke(ParticipantsLayout.process(seat + 1, 1));
            }
        }

        private static Members members(Words words) {
            return new Members(words, TallyLayout.MEMBERS_AT, TallyLayout.STRIDE, SEATS);
        }

        Tally tally(Words seen) {
            return new Tally(seen, members(seen), new LockWord(words.cell(TallyLayout.LEDGER_AT), _ -> false), false);
        }

        void take(int seat, int number) throws InterruptedException {
            assertThat(take(tally, seat, number)).isTrue();
            held[seat] += number;
        }

        boolean take(Tally used, int seat, int number) throws InterruptedException {
            return used.takeAtOnce(number, seat) || used.takeQuickly(number, seat) || used.change(seat, sums -> {
                boolean isEnough = sums.available >= number;
                sums.available -= number;
                sums.held += number;
                return isEnough;
            }, Patience.FOREVER);
        }

        void give(int seat, int number) {
            give(tally, seat, number);
            held[seat] -= number;
        }

        void give(Tally used, int seat, int number) {
            if (!used.giveAtOnce(number, seat) && !used.giveQuickly(number, seat)) {
                boolean _ = used.changeUninterruptibly(seat, sums -> {
                    sums.available += number;
                    sums.held -= number;
                    return true;
                });
            }
        }

        /** Takes some as soon as there are as many. */
        void await(int seat, int number) throws InterruptedException {
            assertThat(waiting.await(new EventCount.Attempt<RuntimeException>() {
                @Override
                public boolean isDone() throws InterruptedException {
                    return take(tally, seat, number);
                }

                @Override
                public boolean isPromising() {
                    return false; // nobody looks but those who sleep
                }

                @Override
                public boolean isSuspicious() {
                    return false;
                }

                @Override
                public boolean isMoreThere() {
                    return tally.seemsToHave(1);
                }

                @Override
                public boolean needsSeveral() {
                    return number > 1;
                }
            }, Patience.FOREVER)).isTrue();
            held[seat] += number;
        }

        /** Gives new ones. */
        void release(int number) {
            if (!tally.giveAtOnce(number, -1) && !tally.giveQuickly(number, -1)) {
                boolean _ = tally.changeUninterruptibly(-1, sums -> {
                    sums.available += number;
                    return true;
                });
                waiting.signal(number);
            }
            released += number;
        }

        void bury(int seat) {
            boolean _ = tally.bury(seat, ParticipantsLayout.process(seat + 1, 1), sums -> {
                boolean holds = sums.held > 0;
                sums.available += sums.held;
                sums.held = 0;
                return holds;
            });
        }

        /** What a process holds that died some time ago, and has not been buried. */
        void hold(int seat, int number) {
            long state = words.cell(TallyLayout.STATE_AT).peek();
            words.cell(TallyLayout.STATE_AT)
                    .poke(TallyLayout.next(state, 0, TallyLayout.available(state) - number, seat,
                            number));
        }

        /** Another process comes, takes a seat that is free, and some. */
        void comeTo(int seat, int number) throws InterruptedException {
            Members members = members(words);
            if (members.word(seat) == 0 && members.cas(seat, 0, ParticipantsLayout.process(SEATS + 1, 1))) {
                take(seat, number);
            }
        }

        /** Takes and gives, dies after so many steps, and is buried by who comes next. */
        void live(int seat, int steps) throws InterruptedException {
            Tally own = tally(new Mortal(words, steps));
            try {
                for (int i = 0; i < 2; i++) {
                    assertThat(take(own, seat, 1)).isTrue();
                }
                give(own, seat, 1);
            } catch (Death e) {
                assertThat(steps).isNotNegative(); // it was to die, and has left what it has left
            }
            bury(seat);
        }

        void check() {
            Words still = new Words() {
                @Override
                public long get(long at) {
                    return words.cell(at).peek();
                }

                @Override
                public void set(long at, long value) {
                    throw new AssertionError("nobody changes anything any more");
                }

                @Override
                public boolean cas(long at, long expected, long value) {
                    throw new AssertionError("nobody changes anything any more");
                }
            };
            Tally seen = tally(still);
            long sum = seen.available();
            for (int seat = 0; seat < SEATS; seat++) {
                assertThat(seen.heldBy(seat)).as("held by " + seat).isEqualTo(held[seat]);
                sum += held[seat];
            }
            assertThat(sum).isEqualTo(total + released);
        }
    }

    private static int explore(int preemptions, long total, boolean isWeak,
            java.util.function.Function<Model, List<Schedules.Body>> bodies) {
        return Schedules.explore(preemptions, LIMIT, schedules -> {
            Model model = new Model(schedules, total, isWeak);
            return new Program(bodies.apply(model), model::check);
        });
    }

    private static List<Schedules.Body> threeThatTakeAndGive(Model model) {
        List<Schedules.Body> bodies = new ArrayList<>();
        for (int seat = 0; seat < 3; seat++) {
            int self = seat;
            bodies.add(() -> {
                model.take(self, 1);
                model.take(self, 1);
                model.give(self, 1);
            });
        }
        return bodies;
    }

    @Test
    void sharesAreExactInEveryOrder() {
        assertThat(explore(3, 10, false, TallyModelTest::threeThatTakeAndGive)).isGreaterThan(1_000);
    }

    @Test
    void twoThreadsOfAProcessAndAnotherProcessAgree() {
        explore(3, 10, false, model -> List.of(() -> {
            model.take(0, 2);
            model.give(0, 1);
        }, () -> {
            model.take(0, 1);
            model.give(0, 1);
        }, () -> {
            model.take(1, 1);
            model.give(1, 1);
        }));
    }

    @Test
    void aWriteBackThatDoesNotLookIsFoundOut() {
        assertThatThrownBy(() -> explore(3, 10, true, TallyModelTest::threeThatTakeAndGive))
                .isInstanceOf(AssertionError.class);
    }

    @Test
    void largeNumbersGoThroughTheLedgerBesideSmallOnes() {
        long total = 3L * TallyLayout.MOST_AVAILABLE;
        explore(2, total, false, model -> List.of(() -> {
            model.take(0, 2 * TallyLayout.MOST_AVAILABLE);
            model.give(0, TallyLayout.MOST_AVAILABLE);
        }, () -> {
            model.take(1, TallyLayout.MOST_HELD + 1);
            model.give(1, 2);
        }, () -> {
            model.take(2, 1);
            model.give(2, 1);
        }));
    }

    @Test
    void noWakeUpIsLost() {
        explore(3, 0, false, model -> List.of(() -> model.await(0, 1), () -> model.await(1, 1), () -> {
            model.release(1);
            model.release(1);
        }));
        explore(3, 0, false, model -> List.of(() -> model.await(0, 2), () -> model.await(1, 1), () -> {
            model.release(2);
            model.release(1);
        }));
    }

    @Test
    void whoBuriesLateDoesNotBuryWhoHasTheSeatThen() {
        int orders = explore(2, 10, false, model -> {
            model.hold(0, 2);
            return List.of(() -> model.bury(0), () -> model.bury(0), () -> model.comeTo(0, 1));
        });
        assertThat(orders).isGreaterThan(100);
    }

    @Test
    void whatADeadProcessHeldComesBackOnceWhereverItDied() {
        for (int steps = 0; steps < 24; steps++) {
            int life = steps;
            explore(2, 10, false, model -> List.of(() -> model.live(0, life), () -> {
                model.take(1, 1);
                model.give(1, 1);
            }, () -> model.take(2, 1)));
        }
    }
}
