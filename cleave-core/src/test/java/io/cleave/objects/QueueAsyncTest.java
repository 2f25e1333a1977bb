package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.StaleReferenceException;
import io.cleave.testing.Background;
import io.cleave.testing.Delays;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Futures and publishers of a queue's elements. */
class QueueAsyncTest {
    private final SharedHeap heap = SharedHeap.create("queueasync" + ProcessHandle.current().pid(), 16 << 20);
    private final SharedQueue<Integer> queue = heap.queue("queue", Integer.class, 64);

    @AfterEach
    void close() {
        heap.close();
    }

    @Test
    void aFutureCompletesWithAnElementThatIsThereOrComes() throws Exception {
        queue.put(1);
        assertThat(queue.takeAsync().get()).isEqualTo(1);
        CompletableFuture<Integer> later = queue.takeAsync().thenApply(each -> 10 * each);
        Delays.pause(Delays.SHORT);
        assertThat(later.isDone()).isFalse();
        queue.put(2);
        assertThat(later.get()).isEqualTo(20);
    }

    @Test
    void whoCancelsOrCompletesAFutureTakesNothing() throws Exception {
        CompletableFuture<Integer> cancelled = queue.takeAsync();
        CompletableFuture<Integer> completed = queue.takeAsync();
        CompletableFuture<Integer> late = queue.takeAsync().orTimeout(1, TimeUnit.MILLISECONDS);
        CompletableFuture<Integer> supplied = queue.takeAsync().completeAsync(() -> 7);
        assertThat(cancelled.cancel(true)).isTrue();
        assertThat(cancelled.cancel(true)).isTrue();
        assertThat(completed.complete(42)).isTrue();
        assertThatThrownBy(late::get).isInstanceOf(ExecutionException.class);
        assertThat(supplied.get()).isEqualTo(7);
        queue.put(1);
        Delays.pause(Delays.SHORT);
        assertThat(queue).containsExactly(1);
        assertThat(completed.get()).isEqualTo(42);
        assertThat(cancelled).isCancelled();
        CompletableFuture<Integer> taken = queue.takeAsync();
        assertThat(taken.get()).isEqualTo(1);
        assertThat(taken.cancel(true)).isFalse();
    }

    @Test
    void aFutureThatIsGivenAnotherResultTakesNothing() throws Exception {
        CompletableFuture<Integer> value = queue.takeAsync();
        CompletableFuture<Integer> failure = queue.takeAsync();
        value.obtrudeValue(-1);
        failure.obtrudeException(new IllegalCallerException("on purpose"));
        queue.put(1);
        queue.put(2);
        Delays.pause(Delays.SHORT);
        assertThat(queue).containsExactly(1, 2);
        assertThat(value.get()).isEqualTo(-1);
        assertThat(failure).isCompletedExceptionally();
    }

    @Test
    void anErrorOfASupplierCompletesTheFuture() {
        CompletableFuture<Integer> future = queue.takeAsync().completeAsync(() -> {
            throw new AssertionError("on purpose");
        });
        assertThatThrownBy(() -> future.get(Delays.PATIENCE.toMillis(), TimeUnit.MILLISECONDS))
                .hasRootCauseMessage("on purpose");
    }

    @Test
    void nothingIsLostBetweenCancellingAndTaking() throws Exception {
        Random random = new Random(5);
        int count = 3000;
        Background<Void> putter = Background.run(() -> {
            for (int i = 0; i < count; i++) {
                queue.put(i);
            }
        });
        List<Integer> taken = new ArrayList<>();
        while (taken.size() < count) {
            CompletableFuture<Integer> future = queue.takeAsync();
            for (int i = random.nextInt(300); i > 0; i--) {
                Thread.onSpinWait();
            }
            if (!future.cancel(true)) {
                taken.add(future.get());
            } else if (random.nextInt(8) == 0) {
                taken.add(queue.take());
            }
        }
        putter.get();
        assertThat(taken).isSorted().doesNotHaveDuplicates();
        assertThat(queue).isEmpty();
    }

    @Test
    void futuresEndWithTheQueueAndWithTheHandle() {
        CompletableFuture<Integer> dropped = queue.takeAsync();
        SharedHeap other = SharedHeap.open(heap.name());
        CompletableFuture<Integer> closed = other.queue("other", Integer.class, 1).takeAsync();
        heap.drop("queue");
        other.close();
        assertThatThrownBy(dropped::join).isInstanceOf(CompletionException.class)
                .hasCauseInstanceOf(StaleReferenceException.class);
        assertThatThrownBy(closed::join).isInstanceOf(CompletionException.class)
                .hasCauseInstanceOf(IllegalStateException.class);
    }

    /** Asks for some elements at first, and more when it is told to. */
    private static final class Collector implements Flow.Subscriber<Integer> {
        private final List<Integer> elements = Collections.synchronizedList(new ArrayList<>());
        private final CompletableFuture<Throwable> failure = new CompletableFuture<>();
        private final CountDownLatch subscribed = new CountDownLatch(1);
        private Flow.Subscription subscription;

        @Override
        public void onSubscribe(Flow.Subscription given) {
            subscription = given;
            subscribed.countDown();
        }

        @Override
        public void onNext(Integer element) {
            elements.add(element);
        }

        @Override
        public void onError(Throwable throwable) {
            failure.complete(throwable);
        }

        @Override
        public void onComplete() {
            failure.complete(new AssertionError("a queue has no end"));
        }
    }

    @Test
    void subscribersGetWhatTheyHaveAskedForAndTheRestStays() throws Exception {
        for (int i = 0; i < 10; i++) {
            queue.put(i);
        }
        Collector one = new Collector();
        Collector other = new Collector();
        Flow.Publisher<Integer> publisher = queue.publisher();
        publisher.subscribe(one);
        publisher.subscribe(other);
        Delays.pause(Delays.SHORT);
        assertThat(queue).hasSize(10);
        one.subscription.request(3);
        assertThat(Delays.within(Delays.PATIENCE, () -> one.elements.size() == 3)).isTrue();
        assertThat(one.elements).containsExactly(0, 1, 2);
        other.subscription.request(4);
        assertThat(Delays.within(Delays.PATIENCE, () -> other.elements.size() == 4)).isTrue();
        assertThat(other.elements).containsExactly(3, 4, 5, 6);
        Delays.pause(Delays.SHORT);
        assertThat(queue).containsExactly(7, 8, 9);
        one.subscription.request(Long.MAX_VALUE);
        one.subscription.request(Long.MAX_VALUE);
        assertThat(Delays.within(Delays.PATIENCE, () -> one.elements.size() == 6)).isTrue();
        one.subscription.cancel();
        queue.put(10);
        other.subscription.cancel();
        Delays.pause(Delays.SHORT);
        assertThat(queue).containsExactly(10);
        assertThat(one.failure).isNotDone();
        assertThat(other.failure).isNotDone();
    }

    @Test
    void aSubscriberLearnsOfItsFaultsAndOfTheQueuesEnd() throws Exception {
        Collector wrong = new Collector();
        queue.publisher().subscribe(wrong);
        wrong.subscription.request(1);
        wrong.subscription.request(0);
        assertThat(wrong.failure.get()).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("3.9");
        Collector dropped = new Collector();
        queue.publisher().subscribe(dropped);
        dropped.subscription.request(1);
        heap.drop("queue");
        assertThat(dropped.failure.get()).isInstanceOf(StaleReferenceException.class);
    }

    @Test
    void nothingIsLostWhenSubscribersCancel() throws Exception {
        int count = 2000;
        Background<Void> putter = Background.run(() -> {
            for (int i = 0; i < count; i++) {
                queue.put(i);
            }
        });
        Random random = new Random(9);
        List<Collector> collectors = new ArrayList<>();
        List<Integer> taken = new ArrayList<>();
        while (!putter.isDone() || !queue.isEmpty()) {
            Collector collector = new Collector();
            collectors.add(collector);
            queue.publisher().subscribe(collector);
            collector.subscription.request(1 + random.nextInt(20));
            for (int i = random.nextInt(2000); i > 0; i--) {
                Thread.onSpinWait();
            }
            collector.subscription.cancel();
            Integer element = queue.poll();
            if (element != null) {
                taken.add(element);
            }
        }
        putter.get();
        assertThat(Delays.within(Delays.PATIENCE,
                () -> taken.size() + collectors.stream().mapToInt(each -> each.elements.size()).sum() == count))
                .isTrue();
        collectors.forEach(collector -> taken.addAll(collector.elements));
        assertThat(taken).doesNotHaveDuplicates();
    }
}
