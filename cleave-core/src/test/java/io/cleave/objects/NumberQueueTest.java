package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.HeapFullException;
import io.cleave.IncompatibleBlockException;
import io.cleave.StaleReferenceException;
import io.cleave.testing.Background;
import io.cleave.testing.Delays;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What users of queues of numbers can rely on, in one process. */
class NumberQueueTest {
    private final SharedHeap heap = SharedHeap.create("numberqueue" + ProcessHandle.current().pid(), 64 << 20);

    @AfterEach
    void close() {
        HeapVerification report = heap.verify();
        heap.close();
        assertThat(report.isSound()).as(report::toString).isTrue();
    }

    private static void playAgainstModel(SharedLongQueue queue, Random random, int steps) {
        List<Long> model = new ArrayList<>();
        for (int i = 0; i < steps; i++) {
            long number = random.nextLong();
            int room = queue.capacity() - model.size();
            switch (random.nextInt(7)) {
                case 0, 1 -> {
                    assertThat(queue.offer(number)).isEqualTo(room > 0);
                    if (room > 0) {
                        model.add(number);
                    }
                }
                case 2 -> assertThat(queue.poll())
                        .isEqualTo(model.isEmpty() ? OptionalLong.empty() : OptionalLong.of(model.removeFirst()));
                case 3 -> assertThat(queue.pollOrElse(number))
                        .isEqualTo(model.isEmpty() ? number : model.removeFirst());
                case 4 -> {
                    long[] numbers = random.longs(random.nextInt(6)).toArray();
                    int put = queue.offerAll(numbers);
                    assertThat(put).isEqualTo(Math.min(room, numbers.length));
                    Arrays.stream(numbers).limit(put).forEach(model::add);
                }
                case 5 -> {
                    long[] target = new long[random.nextInt(4)];
                    int taken = queue.drainTo(target);
                    assertThat(taken).isEqualTo(Math.min(target.length, model.size()));
                    for (int j = 0; j < taken; j++) {
                        assertThat(target[j]).isEqualTo(model.removeFirst());
                    }
                }
                default -> {
                    if (i % 11 == 0) {
                        queue.clear();
                        model.clear();
                    }
                }
            }
            assertThat(queue.toArray()).containsExactly(model.stream().mapToLong(each -> each).toArray());
            assertThat(queue.size()).isEqualTo(model.size());
            assertThat(queue.isEmpty()).isEqualTo(model.isEmpty());
            assertThat(queue.remainingCapacity()).isEqualTo(queue.capacity() - model.size());
            assertThat(queue.peek().isPresent()).isEqualTo(!model.isEmpty());
            queue.peek().ifPresent(first -> assertThat(first).isEqualTo(model.getFirst()));
        }
    }

    @Test
    void randomOperationsDoAsAModelDoesAlsoWherePositionsOverflow() {
        Random random = new Random(7);
        for (long start : new long[] {0, (1L << 31) - 20, (1L << 32) - 20, Long.MAX_VALUE - 20, -20}) {
            for (int capacity : new int[] {1, 3, 8, 21}) {
                playAgainstModel(heap.longQueue("q" + start + " " + capacity, capacity, start), random, 400);
            }
        }
    }

    @Test
    void numbersOfAllSortsKeepAllTheirBits() throws Exception {
        SharedIntQueue ints = heap.intQueue("ints", 8);
        assertThat(ints.offerAll(Integer.MIN_VALUE, -1, 0, 7)).isEqualTo(4);
        ints.put(Integer.MAX_VALUE);
        assertThat(ints.offer(8, 1, TimeUnit.SECONDS)).isTrue();
        assertThat(ints.toArray()).containsExactly(Integer.MIN_VALUE, -1, 0, 7, Integer.MAX_VALUE, 8);
        assertThat(ints).hasToString("[-2147483648, -1, 0, 7, 2147483647, 8]");
        assertThat(ints.peek()).hasValue(Integer.MIN_VALUE);
        assertThat(ints.take()).isEqualTo(Integer.MIN_VALUE);
        assertThat(ints.pollOrElse(5)).isEqualTo(-1);
        assertThat(ints.poll()).hasValue(0);
        assertThat(ints.poll(1, TimeUnit.SECONDS)).hasValue(7);
        int[] target = new int[4];
        assertThat(ints.drainTo(target, 1, 3)).isEqualTo(2);
        assertThat(target).containsExactly(0, Integer.MAX_VALUE, 8, 0);
        assertThat(ints.pollOrElse(5)).isEqualTo(5);
        assertThat(ints.poll()).isEmpty();

        double nan = Double.longBitsToDouble(0x7ff8_0000_dead_beefL);
        SharedDoubleQueue doubles = heap.doubleQueue("doubles", 8);
        assertThat(doubles.offerAll(1.5, -0.0, nan)).isEqualTo(3);
        doubles.put(nan);
        assertThat(doubles.offer(Double.NEGATIVE_INFINITY, 1, TimeUnit.SECONDS)).isTrue();
        assertThat(doubles.toArray()).containsExactly(1.5, -0.0, nan, nan, Double.NEGATIVE_INFINITY);
        assertThat(doubles.take()).isEqualTo(1.5);
        assertThat(doubles.peek()).hasValue(-0.0);
        assertThat(doubles.poll()).hasValue(-0.0);
        assertThat(Double.doubleToRawLongBits(doubles.pollOrElse(0))).isEqualTo(Double.doubleToRawLongBits(nan));
        double[] some = new double[3];
        assertThat(doubles.drainTo(some)).isEqualTo(2);
        assertThat(Double.doubleToRawLongBits(some[0])).isEqualTo(Double.doubleToRawLongBits(nan));
        assertThat(some[1]).isEqualTo(Double.NEGATIVE_INFINITY);
        assertThat(doubles.poll(1, TimeUnit.MILLISECONDS)).isEmpty();
        assertThat(doubles.pollOrElse(-0.0)).isEqualTo(-0.0);
    }

    @Test
    void whatIsNotAllowedIsRefusedWithARemedy() {
        SharedLongQueue queue = heap.longQueue("queue", 2);
        assertThat(queue.offerAll(1, 2)).isEqualTo(2);
        for (Runnable other : List.<Runnable>of(() -> heap.intQueue("queue", 2), () -> heap.doubleQueue("queue", 2),
                () -> heap.queue("queue", Long.class, 2), () -> heap.stack("queue", Long.class, 2),
                () -> heap.longList("queue"), () -> heap.raw("queue", 8))) {
            assertThatThrownBy(other::run).isInstanceOf(IncompatibleBlockException.class)
                    .hasMessageContaining("queue of longs");
        }
        assertThatThrownBy(() -> heap.longQueue("queue", 3)).isInstanceOf(IncompatibleBlockException.class)
                .hasMessageContaining("2 elements, not for 3");
        heap.queue("objects", Long.class, 2);
        assertThatThrownBy(() -> heap.longQueue("objects", 2)).isInstanceOf(IncompatibleBlockException.class);
        for (int capacity : new int[] {0, -1, Integer.MAX_VALUE}) {
            assertThatThrownBy(() -> heap.longQueue("other", capacity)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("" + capacity);
        }
        assertThatThrownBy(() -> heap.longQueue("other", 1 << 28)).isInstanceOf(HeapFullException.class);
        assertThatThrownBy(() -> queue.drainTo(new long[2], 1, 2)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> queue.offerAll(new long[2], -1, 2)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> queue.poll(1, null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> queue.offer(1, 1, null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> queue.offerAll((long[]) null)).isInstanceOf(NullPointerException.class);
        assertThat(queue.toArray()).containsExactly(1, 2);
        assertThat(heap.names()).containsExactly("objects", "queue");
    }

    @Test
    void aQueueWhoseBlocksAreGoneIsRefusedByWhoOpensIt() {
        heap.longQueue("numbers", 2);
        heap.queue("elements", Long.class, 2);
        for (String name : heap.names()) {
            long at = Objects.requireNonNull(heap.find(name)).header() + QueueLayout.HEAD_BLOCK;
            long block = heap.heap().memory().getPlain(at);
            heap.heap().memory().setPlain(at, 0);
            assertThatThrownBy(() -> {
                if (name.equals("numbers")) {
                    heap.longQueue(name, 2);
                } else {
                    heap.queue(name, Long.class, 2);
                }
            }).isInstanceOf(IncompatibleBlockException.class).hasMessageContaining("damaged");
            heap.heap().memory().setPlain(at, block);
        }
    }

    @Test
    void whoOpensAQueueAgainFindsWhatIsInIt() {
        assertThat(heap.longQueue("queue", 100).offerAll(1, 2, 3)).isEqualTo(3);
        try (SharedHeap other = SharedHeap.open(heap.name())) {
            assertThat(other.longQueue("queue", 100).toArray()).containsExactly(1, 2, 3);
        }
        assertThat(HeapInfo.of(heap.name()).roots())
                .containsExactly(new HeapInfo.Named("queue", "queue of longs", "queue of longs", 3));
    }

    @Test
    void nothingIsLeftOfAQueueThatWasDropped() {
        long used = heap.verify().usedBytes();
        for (int round = 0; round < 3; round++) {
            SharedLongQueue queue = heap.longQueue("queue", 10_000);
            long taken = heap.verify().usedBytes() - used;
            assertThat(taken).isBetween(10_000L * Long.BYTES, 20_000L * Long.BYTES * 2);
            assertThat(queue.offerAll(new long[round * 5000])).isEqualTo(round * 5000);
            assertThat(heap.verify().usedBytes() - used).isEqualTo(taken);
            assertThat(heap.drop("queue")).isTrue();
            assertThat(heap.verify().usedBytes() - used).isLessThan(4096);
            assertThatThrownBy(queue::peek).isInstanceOf(StaleReferenceException.class);
            assertThatThrownBy(queue::poll).isInstanceOf(StaleReferenceException.class);
            assertThatThrownBy(queue::size).isInstanceOf(StaleReferenceException.class);
            assertThatThrownBy(() -> queue.offer(1)).isInstanceOf(StaleReferenceException.class);
            assertThatThrownBy(() -> queue.drainTo(new long[1])).isInstanceOf(StaleReferenceException.class);
            assertThatThrownBy(queue::clear).isInstanceOf(StaleReferenceException.class);
        }
    }

    @Test
    void largeBatchesComeWholeAndInOrder() throws Exception {
        SharedLongQueue queue = heap.longQueue("queue", 5000);
        long[] numbers = LongStream.range(0, 12_000).toArray();
        assertThat(queue.offerAll(numbers)).isEqualTo(5000);
        assertThat(queue.offer(1)).isFalse();
        long[] target = new long[6000];
        assertThat(queue.drainTo(target, 500, 5500)).isEqualTo(5000);
        assertThat(Arrays.copyOfRange(target, 500, 5500)).isEqualTo(Arrays.copyOf(numbers, 5000));
        assertThat(queue.offerAll(numbers, 100, 200)).isEqualTo(200);
        assertThat(queue.peek()).hasValue(100);
        queue.clear();
        assertThat(queue.isEmpty()).isTrue();

        Background<Void> putter = Background.run(() -> queue.putAll(numbers));
        long[] taken = new long[12_000];
        for (int i = 0; i < taken.length;) {
            taken[i++] = queue.take();
            i += queue.drainTo(taken, i, Math.min(taken.length - i, 700));
        }
        putter.get();
        assertThat(taken).isEqualTo(numbers);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void waitsEndByTimeByAnInterruptAndByWhatTheyWaitFor(boolean isVirtual) throws Exception {
        SharedLongQueue queue = heap.longQueue("queue", 1);
        assertThat(queue.poll(1, TimeUnit.MILLISECONDS)).isEmpty();
        assertThat(queue.poll(-1, TimeUnit.MILLISECONDS)).isEmpty();
        Background<Long> interrupted = Background.start(isVirtual, queue::take);
        Background<OptionalLong> timed = Background.start(isVirtual, () -> queue.poll(1, TimeUnit.HOURS));
        Delays.pause(Delays.SHORT);
        interrupted.interrupt();
        assertThatThrownBy(interrupted::get).isInstanceOf(InterruptedException.class);
        queue.put(1);
        assertThat(timed.get()).hasValue(1);

        queue.put(2);
        assertThat(queue.offer(3, 1, TimeUnit.MILLISECONDS)).isFalse();
        Background<Void> putting = Background.start(isVirtual, () -> {
            queue.putAll(3, 4);
            return null;
        });
        Background<Boolean> offering = Background.start(isVirtual, () -> queue.offer(5, 1, TimeUnit.HOURS));
        Delays.pause(Delays.SHORT);
        assertThat(putting.isDone() || offering.isDone()).isFalse();
        putting.interrupt();
        assertThatThrownBy(putting::get).isInstanceOf(InterruptedException.class);
        assertThat(queue.take()).isEqualTo(2);
        assertThat(offering.get()).isTrue();
        assertThat(queue.take()).isEqualTo(5);
        Thread.currentThread().interrupt();
        assertThatThrownBy(queue::take).isInstanceOf(InterruptedException.class);
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> queue.poll(1, TimeUnit.SECONDS)).isInstanceOf(InterruptedException.class);
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> queue.put(6)).isInstanceOf(InterruptedException.class);
        assertThat(queue.isEmpty()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whoWaitsIsSentAwayByADropOrWhenTheHandleIsClosed(boolean isVirtual) {
        SharedHeap other = SharedHeap.open(heap.name());
        SharedLongQueue left = other.longQueue("left", 1);
        Background<Long> leaving = Background.start(isVirtual, left::take);
        SharedLongQueue queue = heap.longQueue("queue", 1);
        Background<Long> taker = Background.start(isVirtual, queue::take);
        SharedLongQueue full = heap.longQueue("full", 1);
        assertThat(full.offer(1)).isTrue();
        Background<Boolean> putter = Background.start(isVirtual, () -> full.offer(2, 1, TimeUnit.HOURS));
        Delays.pause(Delays.SHORT);
        heap.drop("queue");
        heap.drop("full");
        assertThatThrownBy(taker::get).isInstanceOf(StaleReferenceException.class);
        assertThatThrownBy(putter::get).isInstanceOf(StaleReferenceException.class);
        other.close();
        assertThatThrownBy(leaving::get).isInstanceOf(IllegalStateException.class);
        for (Runnable call : List.<Runnable>of(left::poll, left::peek, left::size, () -> left.offer(1))) {
            assertThatThrownBy(call::run).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void threadsLoseNothingAndSeeEachOthersNumbersInOrder() throws Exception {
        SharedLongQueue queue = heap.longQueue("queue", 16);
        int each = 20_000;
        List<Background<Void>> putters = new ArrayList<>();
        List<Background<long[]>> takers = new ArrayList<>();
        for (int t = 0; t < 3; t++) {
            long number = t;
            putters.add(Background.start(t == 0, () -> {
                for (long i = 0; i < each; i++) {
                    queue.put(number << 32 | i);
                }
                return null;
            }));
            takers.add(Background.start(t == 1, () -> {
                long[] taken = new long[each];
                for (int i = 0; i < each; i++) {
                    taken[i] = queue.take();
                }
                return taken;
            }));
        }
        List<Long> all = new ArrayList<>();
        for (Background<long[]> taker : takers) {
            List<Long> taken = Arrays.stream(taker.get()).boxed().toList();
            all.addAll(taken);
            for (long t = 0; t < 3; t++) {
                long number = t;
                assertThat(taken.stream().filter(one -> one >>> 32 == number).toList()).isSorted();
            }
        }
        for (Background<Void> putter : putters) {
            putter.get();
        }
        assertThat(all).hasSize(3 * each).doesNotHaveDuplicates();
        assertThat(queue.isEmpty()).isTrue();
    }

    @Test
    void whoLooksMeanwhileSeesNumbersThatAreThereAndInTheirOrder() throws Exception {
        SharedLongQueue queue = heap.longQueue("queue", 8);
        Background<Void> noise = Background.run(() -> {
            for (long i = 1; i <= 300_000; i++) {
                queue.put(i);
                if (i % 8 >= 4) {
                    queue.take();
                    queue.poll();
                }
            }
        });
        long last = 0;
        do {
            long taken = queue.peek().orElse(last);
            assertThat(taken).isGreaterThanOrEqualTo(last);
            last = taken;
            long[] all = queue.toArray();
            for (int i = 1; i < all.length; i++) {
                assertThat(all[i]).isGreaterThan(all[i - 1]);
            }
        } while (!noise.isDone());
        noise.get();
    }

    @Test
    void forReadingOnlyNumbersAreSeenAndStay() {
        SharedLongQueue queue = heap.longQueue("queue", 4);
        assertThat(queue.offerAll(1, 2)).isEqualTo(2);
        try (SharedHeap other = SharedHeap.open(heap.name(), HeapOptions.defaults().withReadOnly(true))) {
            SharedLongQueue reader = other.longQueue("queue", 4);
            assertThat(reader.toArray()).containsExactly(1, 2);
            assertThat(reader.peek()).hasValue(1);
            assertThat(reader.size()).isEqualTo(2);
            for (Runnable call : List.<Runnable>of(reader::poll, () -> reader.offer(3), reader::clear,
                    () -> reader.offerAll(3), () -> reader.drainTo(new long[1]), () -> reader.pollOrElse(0))) {
                assertThatThrownBy(call::run).isInstanceOf(UnsupportedOperationException.class)
                        .hasMessageContaining("reading only");
            }
            assertThatThrownBy(() -> reader.poll(1, TimeUnit.SECONDS))
                    .isInstanceOf(UnsupportedOperationException.class);
        }
        assertThat(queue.size()).isEqualTo(2);
    }

    @Test
    void queuesAreSoundWhileOthersUseThem() throws Exception {
        SharedLongQueue queue = heap.longQueue("queue", 50);
        SharedQueue<Long> objects = heap.queue("objects", Long.class, 50);
        Background<Void> noise = Background.run(() -> {
            for (long i = 0; i < 100_000; i++) {
                boolean _ = queue.offer(i) && objects.offer(i);
                if (i % 3 > 0) {
                    long _ = queue.pollOrElse(0);
                    Long _ = objects.poll();
                }
            }
        });
        do {
            HeapVerification report = heap.verify();
            assertThat(report.isSound()).as(report::toString).isTrue();
        } while (!noise.isDone());
        noise.get();
    }
}
