package io.cleave.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.owner.Cell;
import io.cleave.owner.LockWord;
import io.cleave.owner.LockWord.News;
import io.cleave.owner.ParticipantsLayout;
import io.cleave.owner.Patience;
import io.cleave.sync.Schedules.Body;
import io.cleave.sync.Schedules.ModelCell;
import io.cleave.sync.Schedules.Program;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A condition under every order of its steps, without the look that sleepers take at times. */
final class ConditionModelTest {
    private static final int LIMIT = 2_000_000;
    private static final Patience SHORT = new Patience(1, true);

    private static long owner(int thread) {
        return 1L << ParticipantsLayout.GENERATION_SHIFT | (long) thread << ParticipantsLayout.THREAD_SHIFT;
    }

    /** A condition without its lock: what the two kinds below have in common. */
    private interface Waiting {
        long join();

        Cell turn(long group);

        boolean go(long group);

        boolean leave(long group);

        void signal();

        void signalAll();
    }

    /** A lock and a condition in a model. */
    private static final class Model {
        final LockWord lock;
        final Waiting waiting;
        final ModelCell epoch;
        Signals signals;
        /** What the lock guards. */
        int turn;

        Model(Schedules schedules, boolean isTwin) {
            lock = new LockWord(new ModelCell(schedules), _ -> false);
            epoch = new ModelCell(schedules);
            waiting = isTwin ? new OneGroup(schedules) : twoGroups(schedules);
        }

        private Waiting twoGroups(Schedules schedules) {
            signals = new Signals(epoch, List.of(new ModelCell(schedules), new ModelCell(schedules)),
                    List.of(new ModelCell(schedules), new ModelCell(schedules)), new ModelCell(schedules));
            return new Waiting() {
                @Override
                public long join() {
                    return signals.join();
                }

                @Override
                public Cell turn(long group) {
                    return signals.turn(group);
                }

                @Override
                public boolean go(long group) {
                    return signals.go(group);
                }

                @Override
                public boolean leave(long group) {
                    return signals.leave(group);
                }

                @Override
                public void signal() {
                    signals.signal();
                }

                @Override
                public void signalAll() {
                    signals.signalAll();
                }
            };
        }

        void lock(int thread) throws InterruptedException {
            assertThat(lock.acquire(owner(thread), News.TAKE, Patience.FOREVER).isHeld()).isTrue();
        }

        void unlock(int thread) {
            assertThat(lock.release(owner(thread))).isTrue();
        }

        /** As SharedCondition has it: true where it was told to go. */
        boolean await(int thread, Patience patience) throws InterruptedException {
            return await(thread, patience, false);
        }

        private boolean await(int thread, Patience patience, boolean isNervous) throws InterruptedException {
            boolean wakesUp = isNervous;
            long group = waiting.join();
            while (true) {
                Cell cell = waiting.turn(group);
                long seen = cell.get();
                unlock(thread);
                boolean isInTime = wakesUp || cell.sleep(seen, patience, () -> false);
                wakesUp = false;
                lock(thread);
                if (isInTime && waiting.go(group)) {
                    return true;
                }
                if (!isInTime) {
                    return waiting.leave(group);
                }
            }
        }

        /** As a closed handle ends it. */
        void awaitAndAbandon(int thread) {
            long group = signals.join();
            unlock(thread);
            signals.abandon(group);
        }

        /** Takes turns with another thread; each wait wakes up once for no reason, as sleepers may. */
        void play(int me, int rounds) throws InterruptedException {
            for (int i = 0; i < rounds; i++) {
                lock(me);
                while (turn != me) {
                    await(me, Patience.FOREVER, true);
                }
                turn = 1 - me;
                waiting.signal();
                unlock(me);
            }
        }
    }

    /** A twin whose waiters are one group: who comes after a signal can take it. */
    private static final class OneGroup implements Waiting {
        private final ModelCell turn;
        private int waiting;
        private int told;

        OneGroup(Schedules schedules) {
            turn = new ModelCell(schedules);
        }

        @Override
        public long join() {
            waiting++;
            return 0;
        }

        @Override
        public Cell turn(long group) {
            return turn;
        }

        @Override
        public boolean go(long group) {
            if (told == 0) {
                return false;
            }
            told--;
            waiting--;
            return true;
        }

        @Override
        public boolean leave(long group) {
            return told == waiting && go(group);
        }

        @Override
        public void signal() {
            if (told < waiting) {
                told++;
                turn.poke(turn.peek() + 1);
                turn.wake(1);
            }
        }

        @Override
        public void signalAll() {
            told = waiting;
            turn.poke(turn.peek() + 1);
            turn.wake(Cell.ALL);
        }
    }

    private static void takeTurns(boolean isTwin) {
        Schedules.explore(2, LIMIT, schedules -> {
            Model model = new Model(schedules, isTwin);
            return new Program(List.of(() -> model.play(0, 2), () -> model.play(1, 2)),
                    () -> assertThat(model.turn).isZero());
        });
    }

    @Test
    void twoThatTakeTurnsNeverBothSleep() {
        takeTurns(false);
    }

    /** The scheduler finds what goes wrong where a signal is not for those only who waited when it was sent. */
    @Test
    void aTwinWhoseLatecomersTakeSignalsIsFound() {
        assertThatThrownBy(() -> takeTurns(true)).isInstanceOf(AssertionError.class).rootCause()
                .hasMessageContaining("a wake-up was lost");
    }

    /** A thread that waits until it is let in, with a limit or without. */
    private static Body waiter(Model model, int thread, Patience patience) {
        return () -> {
            model.lock(thread);
            boolean isPatient = true;
            while (model.turn == 0 && isPatient) {
                isPatient = model.await(thread, patience); // another may have been quicker, or the time over
            }
            if (model.turn > 0) {
                model.turn--;
            }
            model.unlock(thread);
        };
    }

    /** Lets two in, one signal for each. */
    private static Body twoSignals(Model model) {
        return () -> {
            for (int i = 0; i < 2; i++) {
                model.lock(3);
                model.turn++;
                model.waiting.signal();
                model.unlock(3);
            }
        };
    }

    @Test
    void asManyGoAsAreTold() {
        Schedules.explore(2, LIMIT, schedules -> {
            Model model = new Model(schedules, false);
            return new Program(List.of(waiter(model, 1, Patience.FOREVER), waiter(model, 2, Patience.FOREVER),
                    twoSignals(model)), () -> assertThat(model.signals.waiting() + model.signals.told()).isZero());
        });
    }

    @Test
    void oneThatGivesUpTakesNobodysSignal() {
        Schedules.explore(2, LIMIT, schedules -> {
            Model model = new Model(schedules, false);
            return new Program(List.of(waiter(model, 1, Patience.FOREVER), waiter(model, 2, SHORT),
                    twoSignals(model)), () -> assertThat(model.signals.waiting() + model.signals.told()).isZero());
        });
    }

    @Test
    void allAreToldWhereverTheyWait() {
        Schedules.explore(2, LIMIT, schedules -> {
            Model model = new Model(schedules, false);
            List<Body> bodies = new ArrayList<>();
            for (int i = 1; i <= 2; i++) {
                int thread = i;
                bodies.add(() -> {
                    model.lock(thread);
                    while (model.turn == 0) {
                        model.await(thread, Patience.FOREVER);
                    }
                    model.unlock(thread);
                });
            }
            bodies.add(() -> {
                model.lock(3);
                model.waiting.signal();
                model.unlock(3);
                model.lock(3);
                model.turn = 1;
                model.waiting.signalAll();
                model.unlock(3);
            });
            return new Program(bodies, () -> assertThat(model.signals.waiting()).isZero());
        });
    }

    @Test
    void whoIsSentAwayWithoutTheLockTakesItsPlaceWithIt() {
        Schedules.explore(2, LIMIT, schedules -> {
            Model model = new Model(schedules, false);
            return new Program(List.of(() -> {
                model.lock(1);
                model.awaitAndAbandon(1);
            }, () -> {
                model.lock(2);
                while (model.turn == 0) {
                    model.await(2, Patience.FOREVER);
                }
                model.unlock(2);
            }, () -> {
                model.lock(3);
                model.turn = 1;
                model.waiting.signal();
                model.waiting.signal(); // for whichever is first, there are two
                model.unlock(3);
            }), () -> {
                assertThat(model.signals.waiting()).isZero();
                // A signal that the one took with it is left, and lets a later one pass.
                assertThat(model.signals.told()).isLessThanOrEqualTo(1);
            });
        });
    }

    @Test
    void aSignalThatIsLeftAloneLetsOneOfTheNewerGroupPassAndStays() {
        Schedules.explore(0, 1, schedules -> {
            Model model = new Model(schedules, false);
            return new Program(List.of(() -> {
                Signals signals = model.signals;
                long dead = signals.join();
                signals.signal();
                long first = signals.join();
                long second = signals.join();
                assertThat(first).isEqualTo(second).isEqualTo(dead + 1);
                signals.signal();
                assertThat(signals.go(second)).isTrue(); // the older group was told, so this is the older one now
                long third = signals.join();
                assertThat(signals.leftAlone(third)).isZero();
                signals.signal(); // for the first, which does not come
                assertThat(signals.leftAlone(third)).isNotZero();
                assertThat(signals.pass(third)).isTrue();
                long fourth = signals.join();
                assertThat(signals.leftAlone(fourth)).isZero();
                assertThat(signals.pass(fourth)).isFalse();
                assertThat(signals.go(first)).isTrue(); // it was only stopped
                assertThat(signals.waiting()).isOne();
                assertThat(signals.leave(fourth)).isFalse();
            }), () -> assertThat(model.signals.waiting() + model.signals.told()).isZero());
        });
    }
}
