package io.cleave.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.owner.LockWord;
import io.cleave.owner.LockWord.News;
import io.cleave.owner.LockWord.Outcome;
import io.cleave.owner.ParticipantsLayout;
import io.cleave.owner.Patience;
import io.cleave.sync.Schedules.ModelCell;
import io.cleave.sync.Schedules.Program;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The lock and the event under every order of their steps, without a kernel and without time. */
final class LockWordModelTest {
    private static final int LIMIT = 2_000_000;
    private static final long DEAD = 99L << ParticipantsLayout.GENERATION_SHIFT | 4;

    private static long owner(int thread) {
        return 1L << ParticipantsLayout.GENERATION_SHIFT | (long) thread << ParticipantsLayout.THREAD_SHIFT;
    }

    /** A lock in a model, and what its holders do. */
    private static final class Model {
        final ModelCell cell;
        final LockWord lock;
        int inside;
        int passed;
        boolean repairs = true;
        final List<Outcome> outcomes = new ArrayList<>();

        Model(Schedules schedules) {
            cell = new ModelCell(schedules);
            lock = new LockWord(cell,
                    owner -> (owner & ParticipantsLayout.PROCESS) == (DEAD & ParticipantsLayout.PROCESS));
        }

        void pass(int thread, News news, Patience patience) throws InterruptedException {
            Outcome outcome = lock.acquire(owner(thread), news, patience);
            outcomes.add(outcome);
            if (outcome.isHeld()) {
                inside++;
                assertThat(inside).isEqualTo(1);
                assertThat(lock.owner()).isEqualTo(owner(thread));
                inside--;
                passed++;
                assertThat(!repairs || lock.consistent(owner(thread))).isTrue();
                assertThat(lock.release(owner(thread))).isTrue();
            }
        }

    }

    @Test
    void threeThreadsExcludeEachOtherAndLoseNoWakeUp() {
        int orders = Schedules.explore(4, LIMIT, schedules -> {
            Model model = new Model(schedules);
            List<Schedules.Body> bodies = new ArrayList<>();
            for (int i = 1; i <= 3; i++) {
                int thread = i;
                bodies.add(() -> model.pass(thread, News.TAKE, Patience.FOREVER));
            }
            return new Program(bodies, () -> {
                assertThat(model.passed).isEqualTo(3);
                assertThat(model.cell.peek()).isZero();
            });
        });
        assertThat(orders).isGreaterThan(1_000);
    }

    @Test
    void aWaiterThatGivesUpLosesNobodysWakeUp() {
        Schedules.explore(3, LIMIT, schedules -> {
            Model model = new Model(schedules);
            return new Program(List.of(() -> model.pass(1, News.TAKE, Patience.FOREVER),
                    () -> model.pass(2, News.TAKE, new Patience(1, true)),
                    () -> model.pass(3, News.TAKE, Patience.FOREVER)), () -> {
                        assertThat(model.passed).isGreaterThanOrEqualTo(2);
                        assertThat(model.cell.peek()).isZero();
                    });
        });
    }

    @Test
    void exactlyOneLearnsOfADeathAndTheOthersGoOnAfterIt() {
        Schedules.explore(3, LIMIT, schedules -> {
            Model model = new Model(schedules);
            model.cell.poke(DEAD | LockWord.WAITERS);
            return new Program(List.of(() -> model.pass(1, News.TAKE, Patience.FOREVER),
                    () -> model.pass(2, News.TAKE, Patience.FOREVER),
                    () -> model.pass(3, News.TAKE, Patience.FOREVER)), () -> {
                        assertThat(model.outcomes).containsOnlyOnce(Outcome.OWNER_DIED).hasSize(3);
                        assertThat(model.passed).isEqualTo(3);
                        assertThat(model.cell.peek()).isZero();
                    });
        });
    }

    @Test
    void whoRefusesTheNewsLeavesItToWhoTakesIt() {
        Schedules.explore(3, LIMIT, schedules -> {
            Model model = new Model(schedules);
            model.cell.poke(DEAD);
            return new Program(List.of(() -> model.pass(1, News.REFUSE, Patience.FOREVER),
                    () -> model.pass(2, News.TAKE, Patience.FOREVER),
                    () -> model.pass(3, News.REFUSE, Patience.FOREVER)), () -> {
                        assertThat(model.outcomes).containsOnlyOnce(Outcome.OWNER_DIED).hasSize(3);
                        assertThat(model.cell.peek()).isZero();
                    });
        });
    }

    @Test
    void anOwnerThatDoesNotRepairHandsTheNewsOn() {
        Schedules.explore(3, LIMIT, schedules -> {
            Model model = new Model(schedules);
            model.repairs = false;
            model.cell.poke(DEAD | LockWord.WAITERS);
            return new Program(List.of(() -> model.pass(1, News.TAKE, Patience.FOREVER),
                    () -> model.pass(2, News.TAKE, Patience.FOREVER),
                    () -> model.pass(3, News.REFUSE, Patience.FOREVER)), () -> {
                        assertThat(model.outcomes).containsExactlyInAnyOrder(Outcome.OWNER_DIED, Outcome.OWNER_DIED,
                                Outcome.REFUSED);
                        assertThat(model.cell.peek()).isEqualTo(LockWord.DIED);
                    });
        });
    }

    @Test
    void onlyTheOwnerSaysThatAllIsConsistent() {
        Schedules.explore(0, 1, schedules -> {
            ModelCell word = new ModelCell(schedules);
            LockWord lock = new LockWord(word, _ -> false);
            word.poke(owner(1) | LockWord.DIED | LockWord.WAITERS);
            return new Program(List.of(() -> {
                assertThat(lock.consistent(owner(2))).isFalse();
                assertThat(lock.hasDied()).isTrue();
                assertThat(lock.consistent(owner(1))).isTrue();
                assertThat(lock.consistent(owner(1))).isTrue();
            }), () -> assertThat(word.peek()).isEqualTo(owner(1) | LockWord.WAITERS));
        });
    }

    @Test
    void anEventThatIsSetWakesAllWhoWait() {
        Schedules.explore(4, LIMIT, schedules -> {
            ModelCell cell = new ModelCell(schedules);
            SharedEvent event = new SharedEvent(cell);
            return new Program(List.of(event::await, event::await, () -> {
                event.set();
                event.clear();
                event.set();
            }), () -> assertThat(cell.peek() & 1).isOne());
        });
    }

    /** A twin of the lock that forgets, when it acquires after a sleep, that others may sleep on. */
    @Test
    void theSchedulerFindsALostWakeUp() {
        assertThatThrownBy(() -> Schedules.explore(3, LIMIT, schedules -> {
            ModelCell cell = new ModelCell(schedules);
            List<Schedules.Body> bodies = new ArrayList<>();
            for (int i = 1; i <= 3; i++) {
                long me = owner(i);
                bodies.add(() -> {
                    while (!cell.cas(0, me)) {
                        long seen = cell.get();
                        if (seen != 0 && ((seen & LockWord.WAITERS) != 0 || cell.cas(seen, seen | LockWord.WAITERS))) {
                            boolean _ = cell.sleep(seen | LockWord.WAITERS, Patience.FOREVER, () -> false);
                        }
                    }
                    long held = cell.get();
                    while (!cell.cas(held, 0)) {
                        held = cell.get();
                    }
                    if ((held & LockWord.WAITERS) != 0) {
                        cell.wake(1);
                    }
                });
            }
            return new Program(bodies, () -> {});
        })).isInstanceOf(AssertionError.class).rootCause().hasMessageContaining("a wake-up was lost");
    }
}
