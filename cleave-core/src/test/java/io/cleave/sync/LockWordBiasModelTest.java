package io.cleave.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.owner.LockWord;
import io.cleave.owner.LockWord.News;
import io.cleave.owner.ParticipantsLayout;
import io.cleave.owner.Patience;
import io.cleave.sync.Schedules.ModelCell;
import io.cleave.sync.Schedules.Program;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Taking a biased lock away under every order of the steps of its owner and of two others. The owner does what
 * {@code BiasedLock} does; fences are of no account here, as each step is seen by all who come after it.
 */
final class LockWordBiasModelTest {
    private static final int LIMIT = 3_000_000;
    private static final long OWNER = owner(1);

    private static long owner(int number) {
        return 1L << ParticipantsLayout.GENERATION_SHIFT | (long) number << ParticipantsLayout.THREAD_SHIFT;
    }

    /** A lock, what is used by its owner, and who is inside. */
    private static final class Model {
        final ModelCell word;
        final ModelCell used;
        final LockWord lock;
        private final boolean namesComeAgain;
        private int names = 10;
        private int inside;
        boolean wereTwo;
        int passed;

        Model(Schedules schedules, boolean namesComeAgain) {
            this.word = new ModelCell(schedules);
            this.used = new ModelCell(schedules);
            this.lock = new LockWord(word, _ -> false, bias -> used.get() != bias);
            this.namesComeAgain = namesComeAgain;
        }

        private void beInside() {
            inside++;
            boolean _ = used.get() == 0; // a moment
            wereTwo |= inside != 1;
            assertThat(inside).as("how many are inside").isEqualTo(1);
            inside--;
            passed++;
        }

        void pass(int thread, Patience patience) throws InterruptedException {
            if (lock.acquire(owner(thread), News.TAKE, patience).isHeld()) {
                beInside();
                assertThat(lock.release(owner(thread))).isTrue();
            }
        }

        long name() {
            return owner(namesComeAgain ? 10 : names++);
        }

        /** Gets a bias as soon as it holds the lock, and uses it, some times. */
        void passByBias(int times) throws InterruptedException {
            long bias = 0;
            for (int i = 0; i < times; i++) {
                bias = passByBias(bias);
            }
        }

        private long passByBias(long bias) throws InterruptedException {
            if (bias != 0 && enter(bias)) {
                beInside();
                leave(bias);
                return bias;
            }
            if (bias == 0 || !takeBack(bias)) {
                assertThat(lock.acquire(OWNER, News.TAKE, Patience.FOREVER).isHeld()).isTrue();
            }
            beInside();
            long next = name();
            if (word.cas(OWNER, next | LockWord.BIASED)) {
                return next;
            }
            assertThat(lock.release(OWNER)).isTrue();
            return 0;
        }

        private boolean enter(long bias) {
            used.poke(bias);
            if (word.get() == (bias | LockWord.BIASED)) {
                return true;
            }
            used.poke(0);
            return false;
        }

        private void leave(long bias) {
            used.poke(0);
            if (word.get() == (bias | LockWord.BIASED)) {
                return;
            }
            for (long seen = word.get(); (seen & ParticipantsLayout.OWNER) == bias; seen = word.get()) {
                if (word.cas(seen, 0)) {
                    if ((seen & LockWord.WAITERS) != 0) {
                        word.wake(1);
                    }
                    return;
                }
            }
        }

        private boolean takeBack(long bias) {
            for (long seen = word.get(); (seen & ~LockWord.WAITERS) == (bias | LockWord.BIASED); seen = word.get()) {
                if (word.cas(seen, OWNER | (seen & LockWord.WAITERS))) {
                    return true;
                }
            }
            return false;
        }
    }

    @Test
    void nobodyIsInsideWithAnotherAndNoWakeUpIsLost() {
        int orders = Schedules.explore(3, LIMIT, schedules -> {
            Model model = new Model(schedules, false);
            List<Schedules.Body> bodies = new ArrayList<>();
            bodies.add(() -> model.passByBias(3));
            bodies.add(() -> model.pass(2, Patience.FOREVER));
            bodies.add(() -> model.pass(3, Patience.FOREVER));
            return new Program(bodies, () -> assertThat(model.passed).isEqualTo(5));
        });
        assertThat(orders).isGreaterThan(1_000);
    }

    @Test
    void whoOnlyTriesLeavesTheLockUsable() {
        Schedules.explore(3, LIMIT, schedules -> {
            Model model = new Model(schedules, false);
            return new Program(List.of(() -> model.passByBias(3), () -> model.pass(2, Patience.TRY),
                    () -> model.pass(3, Patience.FOREVER)), () -> assertThat(model.passed).isGreaterThanOrEqualTo(4));
        });
    }

    /** A twin whose biases all have one name: what a thief has found idle may be in use again when he replaces it. */
    @Test
    void theSchedulerFindsABiasThatIsTakenForALaterOne() {
        List<Model> models = new ArrayList<>();
        assertThatThrownBy(() -> Schedules.explore(4, LIMIT, schedules -> {
            Model model = new Model(schedules, true);
            models.clear();
            models.add(model);
            return new Program(List.of(() -> model.passByBias(4), () -> model.pass(2, Patience.TRY),
                    () -> model.pass(3, Patience.TRY)), () -> {});
        })).isInstanceOf(AssertionError.class);
        assertThat(models.getFirst().wereTwo).isTrue();
    }
}
