package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.HeapFullException;
import io.cleave.IncompatibleBlockException;
import io.cleave.StaleReferenceException;
import io.cleave.testing.Background;
import io.cleave.testing.Delays;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What users of a queue can rely on, in one process. */
class QueueUseTest {
    private static final String LONG = "long ".repeat(100);

    private final SharedHeap heap = SharedHeap.create("queueuse" + ProcessHandle.current().pid(), 64 << 20);

    /** The two orders of taking. */
    enum Order {
        FIFO(RootKind.QUEUE), LIFO(RootKind.STACK);

        private final RootKind kind;

        Order(RootKind kind) {
            this.kind = kind;
        }
    }

    @AfterEach
    void close() {
        HeapVerification report = heap.verify();
        heap.close();
        assertThat(report.isSound()).as(report::toString).isTrue();
    }

    private <E> HeapQueue<E> queue(Order order, Class<E> element, int capacity) {
        return heap.queue("queue", order.kind, element, capacity, 0);
    }

    /** A queue of strings that is a model's twin. */
    private static void playAgainstModel(HeapQueue<String> queue, Order order, Random random, int steps) {
        List<String> model = new ArrayList<>();
        for (int i = 0; i < steps; i++) {
            String element = (random.nextInt(4) == 0 ? LONG : "short ") + i;
            int end = order == Order.LIFO ? 0 : model.size();
            switch (random.nextInt(8)) {
                case 0, 1, 2 -> {
                    boolean hasRoom = model.size() < queue.capacity();
                    assertThat(queue.offer(element)).isEqualTo(hasRoom);
                    if (hasRoom) {
                        model.add(end, element);
                    }
                }
                case 3, 4 -> assertThat(queue.poll()).isEqualTo(model.isEmpty() ? null : model.removeFirst());
                case 5 -> {
                    String other = model.isEmpty() ? "none" : model.get(random.nextInt(model.size()));
                    assertThat(queue.remove(other)).isEqualTo(model.remove(other));
                }
                case 6 -> {
                    int remainder = random.nextInt(7);
                    assertThat(queue.removeIf(each -> each.hashCode() % 7 == remainder))
                            .isEqualTo(model.removeIf(each -> each.hashCode() % 7 == remainder));
                }
                default -> {
                    List<String> drained = new ArrayList<>();
                    int most = random.nextInt(4);
                    assertThat(queue.drainTo(drained, most)).isEqualTo(Math.min(most, model.size()));
                    List<String> taken = model.subList(0, drained.size());
                    assertThat(drained).isEqualTo(taken);
                    taken.clear();
                }
            }
            assertThat(List.copyOf(queue)).isEqualTo(model);
            assertThat(queue).hasSize(model.size());
            assertThat(queue.remainingCapacity()).isEqualTo(queue.capacity() - model.size());
            assertThat(queue.peek()).isEqualTo(model.isEmpty() ? null : model.getFirst());
        }
    }

    @ParameterizedTest
    @EnumSource
    void randomOperationsDoAsAModelDoesAlsoWherePositionsOverflow(Order order) {
        Random random = new Random(7);
        for (long start : new long[] {0, (1L << 31) - 20, (1L << 32) - 20, Long.MAX_VALUE - 20, -20}) {
            for (int capacity : new int[] {1, 3, 8, 21}) {
                playAgainstModel(heap.queue("q" + start + capacity, order.kind, String.class, capacity, start), order,
                        random, 400);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aQueueOfManyChunksDoesAsASmallOne(Order order) {
        HeapQueue<Long> queue = queue(order, Long.class, 10_000);
        List<Long> expected = new ArrayList<>();
        for (long i = 0; i < 10_000; i++) {
            assertThat(queue.offer(i)).isTrue();
            expected.add(i);
        }
        assertThat(queue.offer(-1L)).isFalse();
        if (order == Order.LIFO) {
            expected = expected.reversed();
        }
        assertThat(List.copyOf(queue)).isEqualTo(expected);
        List<Long> drained = new ArrayList<>();
        assertThat(queue.drainTo(drained)).isEqualTo(10_000);
        assertThat(drained).isEqualTo(expected);
    }

    @Test
    void whatIsNotAllowedIsRefusedWithARemedy() {
        SharedQueue<String> queue = heap.queue("queue", String.class, 2);
        assertThatThrownBy(() -> queue.offer(null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> queue.put(null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> queue.offer(null, 1, TimeUnit.SECONDS)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> queue.offerAll(Arrays.asList("a", null))).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> queue.drainTo(null)).isInstanceOf(NullPointerException.class);
        for (SharedQueue<String> handle : List.of(queue, heap.queue("queue", String.class, 2))) {
            assertThatThrownBy(() -> queue.drainTo(handle)).isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(queue).isEmpty();
        queue.add("a");
        queue.add("b");
        assertThatThrownBy(() -> queue.add("c")).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> heap.queue("queue", Integer.class, 2)).isInstanceOf(IncompatibleBlockException.class);
        assertThatThrownBy(() -> heap.queue("queue", String.class, 3)).isInstanceOf(IncompatibleBlockException.class)
                .hasMessageContaining("2 elements, not for 3");
        assertThatThrownBy(() -> heap.stack("queue", String.class, 2)).isInstanceOf(IncompatibleBlockException.class);
        for (int capacity : new int[] {0, -1, Integer.MAX_VALUE}) {
            assertThatThrownBy(() -> heap.queue("other", String.class, capacity))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("" + capacity);
        }
        assertThat(heap.names()).containsExactly("queue");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void waitsEndByTimeByAnInterruptAndByWhatTheyWaitFor(boolean isVirtual) throws Exception {
        SharedQueue<String> queue = heap.queue("queue", String.class, 1);
        assertThat(queue.poll(1, TimeUnit.MILLISECONDS)).isNull();
        assertThat(queue.poll(-1, TimeUnit.MILLISECONDS)).isNull();
        Background<String> interrupted = Background.start(isVirtual, queue::take);
        Background<String> timed = Background.start(isVirtual, () -> queue.poll(1, TimeUnit.HOURS));
        Delays.pause(Delays.SHORT);
        interrupted.interrupt();
        assertThatThrownBy(interrupted::get).isInstanceOf(InterruptedException.class);
        queue.put("a");
        assertThat(timed.get()).isEqualTo("a");

        queue.put("b");
        assertThat(queue.offer("c", 1, TimeUnit.MILLISECONDS)).isFalse();
        Background<Void> putting = Background.start(isVirtual, () -> {
            queue.put("c");
            return null;
        });
        Background<Boolean> offering = Background.start(isVirtual, () -> queue.offer("d", 1, TimeUnit.HOURS));
        Delays.pause(Delays.SHORT);
        assertThat(putting.isDone() || offering.isDone()).isFalse();
        putting.interrupt();
        assertThatThrownBy(putting::get).isInstanceOf(InterruptedException.class);
        assertThat(queue.take()).isEqualTo("b");
        assertThat(offering.get()).isTrue();
        assertThat(queue.take()).isEqualTo("d");
        Thread.currentThread().interrupt();
        assertThatThrownBy(queue::take).isInstanceOf(InterruptedException.class);
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> queue.put("e")).isInstanceOf(InterruptedException.class);
        assertThat(queue).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whoWaitsIsSentAwayByADrop(boolean isVirtual) {
        SharedQueue<String> queue = heap.queue("queue", String.class, 1);
        Background<String> taker = Background.start(isVirtual, queue::take);
        SharedQueue<String> full = heap.queue("full", String.class, 1);
        full.add("a");
        Background<Boolean> putter = Background.start(isVirtual, () -> full.offer("b", 1, TimeUnit.HOURS));
        Delays.pause(Delays.SHORT);
        heap.drop("queue");
        heap.drop("full");
        assertThatThrownBy(taker::get).isInstanceOf(StaleReferenceException.class);
        assertThatThrownBy(putter::get).isInstanceOf(StaleReferenceException.class);
        for (Runnable call : List.<Runnable>of(queue::poll, queue::peek, queue::clear,
                () -> queue.offer("a"), () -> queue.remove("a"))) {
            assertThatThrownBy(call::run).isInstanceOf(StaleReferenceException.class);
        }
        assertThatThrownBy(queue::size).isInstanceOf(StaleReferenceException.class);
        assertThatThrownBy(queue::iterator).isInstanceOf(StaleReferenceException.class);
        assertThat(heap.queue("queue", String.class, 1)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whoWaitsIsSentAwayWhenTheHandleIsClosed(boolean isVirtual) {
        SharedHeap other = SharedHeap.open(heap.name());
        SharedQueue<String> queue = other.queue("queue", String.class, 1);
        Background<String> taker = Background.start(isVirtual, queue::take);
        Delays.pause(Delays.SHORT);
        other.close();
        assertThatThrownBy(taker::get).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(queue::poll).isInstanceOf(IllegalStateException.class);
    }

    @ParameterizedTest
    @EnumSource
    void aFullHeapLeavesTheQueueAsItWas(Order order) {
        HeapQueue<byte[]> queue = queue(order, byte[].class, 100_000);
        int count = 0;
        byte[] element = new byte[10_000];
        try {
            while (count < 100_000) {
                queue.add(element);
                count++;
            }
        } catch (HeapFullException e) {
            assertThat(queue).hasSize(count);
        }
        assertThat(count).isBetween(1000, 99_000);
        assertThat(queue.offer(new byte[10])).isTrue(); // it needs no block
        assertThat(queue.offerAll(List.of(new byte[10], new byte[10]))).isEqualTo(2);
        assertThat(queue).hasSize(count + 3);
        assertThatThrownBy(() -> heap.queue("another", byte[].class, 1 << 20)).isInstanceOf(HeapFullException.class);
        assertThat(heap.names()).containsExactly("queue");
        for (int i = 0; i < 5; i++) {
            queue.poll();
        }
        assertThat(queue.offer(element)).isTrue();
        queue.clear();
        assertThat(queue).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void longElementsLeaveNothingBehind(Order order) {
        HeapQueue<String> queue = queue(order, String.class, 200);
        long used = heap.verify().usedBytes();
        for (int round = 0; round < 4; round++) {
            for (int i = 0; i < 200; i++) {
                queue.add(i % 3 == 0 ? "short" : LONG + i);
            }
            switch (round) {
                case 0 -> queue.clear();
                case 1 -> queue.drainTo(new ArrayList<>());
                case 2 -> queue.removeIf(_ -> true);
                default -> {
                    while (queue.poll() != null) {
                        Thread.onSpinWait();
                    }
                }
            }
            assertThat(queue).isEmpty();
            assertThat(heap.verify().usedBytes()).isEqualTo(used);
        }
        queue.addAll(List.of(LONG, "a", LONG));
        heap.drop("queue");
        assertThat(heap.verify().usedBytes()).isLessThan(used);
    }

    @ParameterizedTest
    @EnumSource
    void anIteratorMeetsEachElementOnceThatIsThereAllTheTime(Order order) throws Exception {
        HeapQueue<Long> queue = queue(order, Long.class, 512);
        for (long i = 0; i < 300; i++) {
            queue.add(i);
        }
        Background<Void> noise = Background.run(() -> {
            Random random = new Random(3);
            for (int i = 0; i < 3000; i++) {
                queue.remove(random.nextLong(100) * 3 + 1); // of those that are 1 modulo 3
                queue.add(1000L + i % 97);
                queue.remove(1000L + i % 97);
            }
        });
        do {
            List<Long> seen = new ArrayList<>();
            queue.forEach(seen::add);
            List<Long> kept = seen.stream().filter(each -> each < 300 && each % 3 != 1).toList();
            assertThat(kept).hasSize(200).doesNotHaveDuplicates()
                    .isSortedAccordingTo((one, other) -> order == Order.LIFO ? Long.compare(other, one)
                            : Long.compare(one, other));
        } while (!noise.isDone());
        noise.get();
    }

    /** Of millions of walks some hundreds lost an element that moved between two looks. */
    @ParameterizedTest
    @EnumSource
    void aWalkMeetsAllElementsWhileTheyMoveUpAgainAndAgain(Order order) throws Exception {
        HeapQueue<Long> queue = queue(order, Long.class, 64);
        List<Long> kept = LongStream.range(0, 12).boxed().toList();
        queue.addAll(kept);
        Background<Void> noise = Background.run(() -> {
            for (int i = 0; i < 300_000; i++) {
                queue.add(99L);
                queue.remove(99L);
            }
        });
        do {
            List<Long> seen = new ArrayList<>();
            queue.forEach(seen::add);
            seen.removeIf(each -> each == 99); // of which a walk may meet several, one after the other
            assertThat(seen).isEqualTo(order == Order.LIFO ? kept.reversed() : kept);
        } while (!noise.isDone());
        noise.get();
    }

    @ParameterizedTest
    @EnumSource
    void anIteratorRemovesWhatItHasReturnedAndNothingElse(Order order) {
        HeapQueue<Long> queue = queue(order, Long.class, 64);
        for (long i = 0; i < 50; i++) {
            queue.add(i);
        }
        for (Iterator<Long> all = queue.iterator(); all.hasNext();) {
            if (all.next() % 2 == 0) {
                all.remove();
                assertThatThrownBy(all::remove).isInstanceOf(IllegalStateException.class);
            }
        }
        assertThat(queue).hasSize(25).allMatch(each -> each % 2 == 1);
        Iterator<Long> late = queue.iterator();
        long first = late.next();
        assertThat(queue.poll()).isEqualTo(first);
        late.remove();
        assertThat(queue).hasSize(24);
    }

    /** Elements come and go at one place, each with the length of the one before it. */
    @ParameterizedTest
    @EnumSource
    void whoReadsWithoutALockSeesNoElementInPartsAndRemovesNoOther(Order order) throws Exception {
        HeapQueue<byte[]> queue = queue(order, byte[].class, 8);
        byte[] unwanted = new byte[100];
        Background<Integer> user = Background.call(() -> {
            int lost = 0;
            for (int i = 0; i < 6_000_000; i++) {
                byte[] element = new byte[100];
                Arrays.fill(element, (byte) (i & 1));
                queue.add(element);
                lost += queue.poll() == null && element[0] != 0 ? 1 : 0;
            }
            return lost;
        });
        while (!user.isDone()) {
            for (int i = 0; i < 100; i++) {
                byte[] seen = queue.peek();
                if (seen != null) {
                    assertThat(Arrays.mismatch(seen, 1, seen.length, seen, 0, seen.length - 1)).isEqualTo(-1);
                }
                boolean _ = queue.remove(unwanted);
            }
        }
        assertThat(user.get()).isZero();
    }

    @Test
    void arraysAreComparedByWhatTheyHold() {
        SharedQueue<byte[]> queue = heap.queue("queue", byte[].class, 4);
        queue.add(new byte[] {1, 2});
        queue.add(new byte[] {3});
        assertThat(queue.contains(new byte[] {3})).isTrue();
        assertThat(queue.contains(new byte[] {4})).isFalse();
        assertThat(queue.remove(new byte[] {1, 2})).isTrue();
        assertThat(queue.poll()).containsExactly(3);
    }

    @ParameterizedTest
    @EnumSource
    void batchesComeInTheOrderOfTheirElements(Order order) throws Exception {
        HeapQueue<String> queue = queue(order, String.class, 300);
        List<String> elements = new ArrayList<>();
        for (int i = 0; i < 400; i++) {
            elements.add(i % 7 == 0 ? LONG + i : "short" + i);
        }
        assertThat(queue.offerAll(elements)).isEqualTo(300);
        List<String> expected = elements.subList(0, 300);
        assertThat(List.copyOf(queue)).isEqualTo(order == Order.LIFO ? expected.reversed() : expected);
        queue.clear();
        Background<Void> putter = Background.run(() -> queue.putAll(elements));
        List<String> taken = new ArrayList<>();
        while (taken.size() < 400) {
            taken.add(queue.take());
        }
        putter.get();
        assertThat(taken).containsExactlyInAnyOrderElementsOf(elements);
        if (order == Order.FIFO) {
            assertThat(taken).isEqualTo(elements);
        }
    }

    @ParameterizedTest
    @EnumSource
    void threadsLoseNothingAndSeeEachOthersElementsInOrder(Order order) throws Exception {
        HeapQueue<Long> queue = queue(order, Long.class, 16);
        int each = 20_000;
        List<Background<Void>> putters = new ArrayList<>();
        List<Background<List<Long>>> takers = new ArrayList<>();
        for (int t = 0; t < 3; t++) {
            long number = t;
            putters.add(Background.start(t == 0, () -> {
                for (long i = 0; i < each; i++) {
                    queue.put(number << 32 | i);
                }
                return null;
            }));
            takers.add(Background.start(t == 1, () -> {
                List<Long> taken = new ArrayList<>();
                for (int i = 0; i < each; i++) {
                    taken.add(queue.take());
                }
                return taken;
            }));
        }
        List<Long> all = new ArrayList<>();
        for (Background<List<Long>> taker : takers) {
            List<Long> taken = taker.get();
            all.addAll(taken);
            if (order == Order.FIFO) {
                for (long t = 0; t < 3; t++) {
                    long number = t;
                    assertThat(taken.stream().filter(one -> one >>> 32 == number).toList()).isSorted();
                }
            }
        }
        for (Background<Void> putter : putters) {
            putter.get();
        }
        assertThat(all).hasSize(3 * each).doesNotHaveDuplicates();
        assertThat(queue).isEmpty();
    }

    @Test
    void manyVirtualThreadsWaitAndEachGetsOne() throws Exception {
        SharedQueue<Integer> queue = heap.queue("queue", Integer.class, 4);
        List<Background<Integer>> takers = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            takers.add(Background.start(true, queue::take));
        }
        for (int i = 0; i < 500; i++) {
            queue.put(i);
        }
        List<Integer> taken = new ArrayList<>();
        for (Background<Integer> taker : takers) {
            taken.add(taker.get());
        }
        assertThat(taken).hasSize(500).doesNotHaveDuplicates();
    }

    @Test
    void forReadingOnlyElementsAreSeenAndStay() {
        SharedQueue<String> queue = heap.queue("queue", String.class, 4);
        queue.addAll(List.of("a", LONG));
        try (SharedHeap other = SharedHeap.open(heap.name(), HeapOptions.defaults().withReadOnly(true))) {
            SharedQueue<String> reader = other.queue("queue", String.class, 4);
            assertThat(reader).containsExactly("a", LONG).contains(LONG);
            assertThat(reader.peek()).isEqualTo("a");
            for (Runnable call : List.<Runnable>of(reader::poll, () -> reader.offer("b"), reader::clear)) {
                assertThatThrownBy(call::run).isInstanceOf(UnsupportedOperationException.class)
                        .hasMessageContaining("reading only");
            }
            assertThatThrownBy(() -> reader.poll(1, TimeUnit.SECONDS))
                    .isInstanceOf(UnsupportedOperationException.class);
        }
        assertThat(queue).hasSize(2);
    }

    /** Its reading calls what a test wants. */
    record Curious(int number) {
        private static volatile IntConsumer deed = _ -> {};

        Curious {
            deed.accept(number);
        }
    }

    @Test
    void whatCannotBeReadStaysAtTheHead() {
        SharedQueue<Curious> queue = heap.queue("queue", Curious.class, 4);
        queue.addAll(List.of(new Curious(1), new Curious(2), new Curious(3)));
        List<Curious> drained = new ArrayList<>();
        try {
            Curious.deed = number -> {
                if (number != 2) {
                    throw new IllegalCallerException("on purpose");
                }
            };
            for (Runnable call : List.<Runnable>of(queue::poll, () -> queue.drainTo(drained), queue::tryReceive)) {
                assertThatThrownBy(call::run).isInstanceOf(IncompatibleBlockException.class);
                assertThat(queue).hasSize(3);
            }
            assertThat(queue.inFlight()).isZero();
            Curious.deed = number -> {
                if (number == 3) {
                    throw new IllegalCallerException("on purpose");
                }
            };
            assertThatThrownBy(() -> queue.drainTo(drained)).isInstanceOf(IncompatibleBlockException.class);
        } finally {
            Curious.deed = _ -> {};
        }
        assertThat(drained).containsExactly(new Curious(1), new Curious(2));
        assertThat(queue.poll()).isEqualTo(new Curious(3));
        assertThat(queue).isEmpty();
    }

    @Test
    void codeOfAnElementsClassMayUseTheQueueWhileItIsRead() {
        SharedQueue<Curious> queue = heap.queue("queue", Curious.class, 4);
        queue.addAll(List.of(new Curious(1), new Curious(2), new Curious(3)));
        List<Curious> nested = new ArrayList<>();
        try {
            Curious.deed = number -> {
                if (number == 1) {
                    nested.add(queue.poll());
                }
            };
            assertThat(Objects.requireNonNull(queue.poll()).number()).isEqualTo(1);
        } finally {
            Curious.deed = _ -> {};
        }
        assertThat(nested).containsExactly(new Curious(2));
        assertThat(queue).containsExactly(new Curious(3));
    }

    @Test
    void whoIsSlowToReadAnElementHoldsUpNobody() throws Exception {
        SharedQueue<Curious> queue = heap.queue("queue", Curious.class, 4);
        queue.addAll(List.of(new Curious(1), new Curious(2), new Curious(3)));
        CountDownLatch isReading = new CountDownLatch(1);
        CountDownLatch mayEnd = new CountDownLatch(1);
        Background<Curious> slow;
        try {
            Curious.deed = number -> {
                isReading.countDown();
                if (number == 1) {
                    await(mayEnd);
                }
            };
            slow = Background.call(queue::poll);
            await(isReading);
            assertThat(queue.poll()).isEqualTo(new Curious(2));
            List<Curious> drained = new ArrayList<>();
            assertThat(queue.drainTo(drained)).isEqualTo(1);
            assertThat(slow.isDone()).isFalse();
        } finally {
            mayEnd.countDown();
        }
        assertThat(slow.get()).isEqualTo(new Curious(1));
        Curious.deed = _ -> {};
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aFullHeapLetsElementsBeTakenThatRunCodeOfTheirClass() {
        SharedQueue<Curious> queue = heap.queue("queue", Curious.class, 4);
        queue.addAll(List.of(new Curious(1), new Curious(2), new Curious(3), new Curious(4)));
        List<HeapBlock> blocks = new ArrayList<>();
        for (long bytes = 1 << 20; bytes >= 16; bytes /= 2) {
            try {
                while (true) {
                    blocks.add(heap.allocate(bytes));
                }
            } catch (HeapFullException e) {
                assertThat(blocks).isNotEmpty();
            }
        }
        assertThatThrownBy(queue::tryReceive).isInstanceOf(HeapFullException.class);
        assertThat(queue.poll()).isEqualTo(new Curious(1));
        List<Curious> drained = new ArrayList<>();
        assertThat(queue.drainTo(drained, 2)).isEqualTo(2);
        assertThat(drained).containsExactly(new Curious(2), new Curious(3));
        blocks.forEach(HeapBlock::free);
        assertThat(queue.poll()).isEqualTo(new Curious(4));
    }

    @Test
    void aTimedWaitEndsThoughSomebodyHoldsTheLock() throws Exception {
        SharedQueue<Long> queue = heap.queue("queue", Long.class, 4);
        queue.add(1L);
        long header = Objects.requireNonNull(heap.find("queue")).header();
        long lockAt = heap.heap().memory().getPlain(header + QueueLayout.HEAD_BLOCK) + QueueLayout.LOCK;
        CountDownLatch isHeld = new CountDownLatch(1);
        CountDownLatch mayEnd = new CountDownLatch(1);
        Background<Void> holder = Background.run(() -> {
            heap.heap().locks().lock(lockAt);
            isHeld.countDown();
            await(mayEnd);
            heap.heap().locks().unlock(lockAt);
        });
        await(isHeld);
        assertThat(queue.poll(Duration.ofMillis(5).toNanos(), TimeUnit.NANOSECONDS)).isNull();
        assertThat(queue.offer(2L, 5, TimeUnit.MILLISECONDS)).isTrue();
        mayEnd.countDown();
        holder.get();
        assertThat(queue.poll()).isEqualTo(1);
    }
}
