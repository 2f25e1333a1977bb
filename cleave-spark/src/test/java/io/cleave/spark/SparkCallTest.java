package io.cleave.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.WorkerDiedException;
import io.cleave.share.SharedData;
import io.cleave.testing.Delays;
import io.cleave.testing.NothingLeftBehind;
import io.cleave.testing.Watchdog;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.Serializable;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.SparkException;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a call makes of its items, and what it keeps of the driver's. */
@ExtendWith({NothingLeftBehind.class, Watchdog.class})
final class SparkCallTest {
    private static final JavaSparkContext CONTEXT = LocalSpark.context();

    private static List<Integer> numbers(int count) {
        return IntStream.range(0, count).boxed().toList();
    }

    private static long slowly(int x) {
        Delays.pause(Duration.ofMillis(3));
        return x;
    }

    @Test
    void aValueThatIsClosedWhileOthersComputeDisturbsNone() {
        try (SparkPool pool = SparkPool.on(CONTEXT); SparkPool other = SparkPool.on(CONTEXT)) {
            SharedData<String> data = other.share("x".repeat(100_000));
            try (Stream<Long> results = pool.imap(() -> IntStream.range(0, 200).boxed().iterator(),
                    SparkCallTest::slowly)) {
                Iterator<Long> each = results.iterator();
                assertThat(each.next()).isZero();
                data.close();
                assertThat(other.map(numbers(10), x -> x)).hasSize(10);
                for (long x = 1; x < 200; x++) {
                    assertThat(each.next()).isEqualTo(x);
                }
                assertThat(each.hasNext()).isFalse();
            }
        }
    }

    @Test
    void cheapItemsOfAnIteratorGoInFewPortions() throws Exception {
        int items = 100_000;
        AtomicInteger portions = new AtomicInteger();
        SparkListener count = new SparkListener() {
            @Override
            public void onTaskEnd(SparkListenerTaskEnd end) {
                portions.incrementAndGet();
            }
        };
        try (SparkPool pool = SparkPool.on(CONTEXT)) {
            CONTEXT.sc().addSparkListener(count);
            Iterable<Integer> source = () -> IntStream.range(0, items).boxed().iterator();
            assertThat(pool.map(source, x -> x)).isEqualTo(numbers(items));
            CONTEXT.sc().listenerBus().waitUntilEmpty();
            assertThat(portions.get()).isPositive().isLessThan(items / 50);
        } finally {
            CONTEXT.sc().removeSparkListener(count);
        }
    }

    @Test
    void portionsOfAnySizeAreBoundedInBytes() {
        try (SparkPool pool = SparkPool.builder(CONTEXT).chunkSize(1 << 30).build()) {
            Iterable<Integer> source = () -> IntStream.range(0, 3_000).boxed().iterator();
            assertThat(pool.map(source, x -> x)).isEqualTo(numbers(3_000));
            List<byte[]> large = IntStream.range(0, 20).mapToObj(x -> new byte[(1 << 20) + x]).toList();
            assertThat(pool.map(large, x -> x.length)).isEqualTo(large.stream().map(x -> x.length).toList());
        }
    }

    @Test
    void itemsThatFitAreComputedBeforeOneThatDoesNot() {
        List<byte[]> items = Stream.of(1, 10 << 20, 10 << 20, 16 << 20).map(byte[]::new).toList();
        try (SparkPool pool = SparkPool.builder(CONTEXT).chunkSize(10).build();
                Stream<Integer> results = pool.imap(items, x -> x.length)) {
            Iterator<Integer> each = results.iterator();
            assertThat(each.next()).isEqualTo(1);
            assertThat(each.next()).isEqualTo(10 << 20);
            assertThat(each.next()).isEqualTo(10 << 20);
            assertThatThrownBy(each::next).isExactlyInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("item 3").hasMessageContaining("it takes 16777")
                    .hasMessageContaining("spark.rpc.message.maxSize");
        }
    }

    private record Rotten(int x) implements Serializable {
        private static final long serialVersionUID = 1L;

        private static final class Sent implements Serializable {
            private static final long serialVersionUID = 1L;

            private void readObject(ObjectInputStream in) throws IOException {
                throw new AssertionError("it has gone bad");
            }
        }

        private Object writeReplace() {
            return new Sent();
        }
    }

    @Test
    void aResultThatCannotBeDecodedIsMetAgainByAConsumerThatGoesOn() {
        try (SparkPool pool = SparkPool.builder(CONTEXT).chunkSize(4).build();
                Stream<Object> results = pool.imap(numbers(8), x -> x == 2 ? new Rotten(x) : x)) {
            Iterator<Object> each = results.iterator();
            assertThat(each.next()).isEqualTo(0);
            assertThat(each.next()).isEqualTo(1);
            for (int i = 0; i < 2; i++) {
                assertThatThrownBy(each::next).isExactlyInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("item 2").hasMessageContaining("gone bad");
            }
        }
    }

    @Test
    void anInterruptedThreadClosesAllThatAPoolHas() {
        SparkPool pool = SparkPool.on(CONTEXT);
        String name = pool.share("x".repeat(100_000)).name();
        String large = "y".repeat(100_000); // the task is broadcast
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> pool.map(numbers(10), x -> x + large.length()))
                .satisfiesAnyOf(e -> assertThat(e).isInstanceOf(CancellationException.class),
                        e -> assertThat(e).isInstanceOf(InterruptedException.class));
        pool.close();
        assertThat(Thread.interrupted()).isTrue();
        assertThatThrownBy(() -> SharedData.load(name, String.class)).hasMessageContaining(name);
    }

    @Test
    void thePortionIsBlamedThatSparkHasGivenUp() {
        List<Portion> portions = IntStream.range(0, 3)
                .mapToObj(x -> new Portion(10L * x, 10, "first of " + x, new byte[0])).toList();
        SparkException told = new SparkException(
                "Job aborted due to stage failure: Task 2 in stage 5.0 failed 4 times, "
                        + "most recent failure: Lost task 2.3 in stage 5.0 (TID 9) (host executor 7): "
                        + "ExecutorLostFailure (executor 7 exited caused by one of the running tasks) Reason: gone");
        assertThat(Losses.blamed(portions, told)).isSameAs(portions.getLast());
        assertThat(Losses.blamed(portions, new SparkException("Task 3 in stage 5.0 failed"))).isNull();
        assertThat(Losses.blamed(portions, new SparkException("no more"))).isNull();
        Executors executors = new Executors(CONTEXT, Duration.ofSeconds(1), null);
        executors.onExecutorRemoved(new SparkListenerExecutorRemoved(0, "7", "it was killed"));
        executors.onExecutorRemoved(new SparkListenerExecutorRemoved(0, "8", "idle"));
        assertThat(Losses.of(portions.getFirst(), told, executors)).isInstanceOf(WorkerDiedException.class)
                .hasMessageContaining("items 0 to 9").hasMessageContaining("it was killed");
        Portion later = new Portion(20, 1, "item", new byte[0]);
        assertThat(executors.loss("7", executors.began).reason()).isEqualTo("it was killed");
        assertThat(executors.loss("", executors.began).executor()).isEqualTo("executor 8");
        assertThat(executors.loss("7", later.made).executor()).isEmpty();
    }
}
