package io.cleave.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.cleave.WorkerDiedException;
import io.cleave.pool.Batch.State;
import io.cleave.work.PoolMemory;
import io.cleave.work.TaskFrames;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Batches and their states, without workers. */
final class LedgerTest {
    private static final TaskForm TASK = TaskForm.of((SerializableCallable<Integer>) () -> 1, TaskFrames.CALL, true);

    /** Hears what becomes of a batch. */
    private static final class Listener implements Batch.Owner {
        private int done;
        private int left;

        @Override
        public void changed(Batch batch) {
            assertThat(batch.isDone()).isTrue();
            done++;
        }

        @Override
        public void left(Batch batch) {
            assertThat(batch.state().isFinal()).isTrue();
            left++;
        }

        @Override
        public boolean isUrgent() {
            return true;
        }
    }

    private static Batch batch(Listener owner, int items) {
        Batch batch = new Batch(owner, TASK, 0, items, null);
        IntStream.range(0, items).forEach(batch::add);
        return batch;
    }

    private enum Step {
        ACCEPT, REFUSE, SENT, AGAIN, FAIL, GIVE_UP, UNWANTED, DROP, LEFT;

        private void take(Ledger ledger, Batch batch) {
            Batch.Reason why = () -> new IllegalArgumentException("it was so decided");
            switch (this) {
                case ACCEPT -> ledger.accept(batch);
                case REFUSE -> ledger.refuse(batch);
                case SENT -> ledger.sent(batch);
                case AGAIN -> ledger.again(batch);
                case FAIL -> ledger.fail(batch, why);
                case GIVE_UP -> ledger.giveUp(batch, why);
                case UNWANTED -> ledger.unwanted(batch);
                case DROP -> ledger.drop(batch);
                case LEFT -> ledger.left(batch);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void whateverIsDoneABatchEndsOnceItsOwnerIsToldAndTheCountIsRight(long seed) {
        Random random = new Random(seed);
        int[] emptied = new int[1];
        Ledger ledger = new Ledger(new Afterwards("test"), () -> emptied[0]++);
        List<Batch> batches = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            batches.add(batch(new Listener(), 1));
        }
        for (int i = 0; i < 20_000; i++) {
            Batch batch = batches.get(random.nextInt(batches.size()));
            State before = batch.state();
            Step step = Step.values()[random.nextInt(Step.values().length)];
            int count = ledger.outstanding();
            try {
                step.take(ledger, batch);
                assertThat(before.mayBecome(batch.state())).isTrue();
            } catch (IllegalStateException e) {
                assertThat(batch.state()).isEqualTo(before);
                assertThat(ledger.outstanding()).isEqualTo(count);
            }
            assertThat(ledger.outstanding())
                    .isEqualTo((int) batches.stream().filter(each -> each.state().isOutstanding()).count());
        }
        for (Batch batch : batches) {
            Listener owner = (Listener) batch.owner;
            assertThat(owner.left).isEqualTo(batch.state().isFinal() ? 1 : 0);
            assertThat(owner.done).isEqualTo(batch.isDone() ? 1 : 0);
        }
        assertThat(emptied[0]).isPositive();
    }

    @Test
    void aBatchOfWhichAResultIsMissingFails() {
        Ledger ledger = new Ledger(new Afterwards("test"), () -> {});
        Batch batch = batch(new Listener(), 3);
        ledger.accept(batch);
        ledger.sent(batch);
        batch.results.add(0);
        batch.results.add(1);
        ledger.left(batch);
        assertThat(Objects.requireNonNull(batch.failure).thrown()).isInstanceOf(WorkerDiedException.class)
                .hasMessageContaining("item 2").hasMessageContaining("2 of 3");
    }

    @Test
    void whatIsSplitOffABatchAreItsLastItems() {
        Batch batch = batch(new Listener(), 10);
        batch.expectedNanos = 1000;
        batch.results.add(0);
        Batch rest = batch.splitOff(4);
        assertThat(batch.items).isEqualTo(List.of(0, 1, 2, 3, 4, 5));
        assertThat(rest.items).isEqualTo(List.of(6, 7, 8, 9));
        assertThat(rest.first).isEqualTo(6);
        assertThat(batch.left()).isEqualTo(5);
        assertThat(batch.expectedNanos).isEqualTo(600);
        assertThat(rest.expectedNanos).isEqualTo(400);
    }

    /** A pool with a batch that waits, and one worker, perhaps one that works. */
    private static final class Scene implements AutoCloseable {
        private final PoolSettings settings = new PoolSettings(2, StartMethod.SPAWN, List.of(), List.of(), null, 0, 0,
                0, 0,
                1, 0, 0, WorkerOutput.DISCARD, null);
        private final CrewMemory memory = CrewMemory.create(2);
        private final Roster roster = new Roster(settings);
        private final Deque<Batch> queue = new ArrayDeque<>();
        private final Ledger ledger = new Ledger(new Afterwards("test"), () -> {});
        private final Casualties casualties = new Casualties(settings, roster, queue, ledger);
        private final Batch waiting = batch(new Listener(), 1);

        Scene(boolean isOtherUp) {
            CrewWorker other = new CrewWorker(0, memory.slot(0));
            if (isOtherUp) {
                other.slot.phase(PoolMemory.IDLE);
                roster.add(other);
            }
            ledger.accept(waiting);
            queue.add(waiting);
        }

        /** A worker that was given the batch could not be started. */
        void failToStart() {
            CrewWorker failed = new CrewWorker(1, memory.slot(1));
            if (failed.send(waiting)) {
                ledger.sent(waiting);
                queue.remove(waiting);
            }
            casualties.notStarted(failed, new OutOfMemoryError("unable to create native thread"));
        }

        @Override
        public void close() {
            memory.close();
        }
    }

    @Test
    void aWorkerThatCannotBeStartedFailsNothingWhileAnotherWorks() {
        try (Scene scene = new Scene(true)) {
            for (int i = 0; i < 20; i++) {
                scene.failToStart();
                assertThat(scene.waiting.state()).isEqualTo(State.QUEUED);
                assertThat(scene.queue).containsExactly(scene.waiting);
                assertThat(scene.casualties.mayStart()).isFalse();
            }
        }
    }

    @Test
    void workersThatCannotBeStartedFailWhatWaitsWhereNobodyWorksButNotAtOnce() {
        try (Scene scene = new Scene(false)) {
            scene.failToStart();
            scene.failToStart();
            assertThat(scene.waiting.state()).isEqualTo(State.QUEUED);
            scene.failToStart();
            assertThat(scene.waiting.state()).isEqualTo(State.DONE);
            assertThat(Objects.requireNonNull(scene.waiting.failure).thrown())
                    .hasMessageContaining("no worker can be started").hasMessageContaining("native thread");
        }
    }

    @Test
    void aBatchThatWasDoneIsNotQueuedAgain() {
        Ledger ledger = new Ledger(new Afterwards("test"), () -> {});
        Batch batch = batch(new Listener(), 1);
        ledger.accept(batch);
        ledger.drop(batch);
        assertThatIllegalStateException().isThrownBy(() -> ledger.again(batch)).withMessageContaining("DROPPED")
                .withMessageContaining("QUEUED");
    }
}
