package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.objects.QueueUseTest.Order;
import io.cleave.testing.Background;
import io.cleave.testing.Delays;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.NotSerializableException;
import java.io.ObjectOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What {@link java.util.concurrent.BlockingQueue} says, as the queues of {@code java.util.concurrent} are held to it, beyond
 * what {@link QueueConformanceTest} and {@link QueueUseTest} ask.
 *
 * <p>
 * Left out, with the reason:
 * <ul>
 * <li>fairness as {@code ArrayBlockingQueue(n, true)} has it: a shared queue does not promise in which order those who wait
 * are served, only that each of them is;
 * <li>copying and deserializing a queue, which is not serializable: it would be another process's view of memory that may
 * not be there. That it is refused is tested;
 * <li>constructors, as a queue is made by its heap; unbounded queues, as each has a capacity;
 * <li>{@code drainTo} that puts back what a collection has refused: others may have put elements behind it by then.
 * What a collection refuses is gone with the rest of its batch, which is tested to be all that is gone;
 * <li>elements that compare equal to others than themselves: elements are copied, so there are no identities.
 * </ul>
 */
class QueueContractTest {
    private static final int CAPACITY = 3;
    /** At most so many elements are under way between a queue and the collection that it is drained to. */
    private static final int MOST_UNDER_WAY = 38;

    private final SharedHeap heap = SharedHeap.create("queuecontract" + ProcessHandle.current().pid(), 16 << 20);

    @AfterEach
    void close() {
        HeapVerification report = heap.verify();
        heap.close();
        assertThat(report.isSound()).as(report::toString).isTrue();
    }

    private SharedQueue<Integer> queue(Order order, int capacity) {
        return order == Order.FIFO ? heap.queue("queue", Integer.class, capacity)
                : heap.stack("queue", Integer.class, capacity);
    }

    private SharedQueue<Integer> full(Order order) {
        SharedQueue<Integer> queue = queue(order, CAPACITY);
        for (int i = 0; i < CAPACITY; i++) {
            queue.add(i);
        }
        return queue;
    }

    /** What a full one has, in the order of taking. */
    private static List<Integer> content(Order order) {
        List<Integer> content = IntStream.range(0, CAPACITY).boxed().toList();
        return order == Order.FIFO ? content : content.reversed();
    }

    @ParameterizedTest
    @EnumSource
    void aQueueIsFullAtItsCapacityAndEmptyAtNone(Order order) throws Exception {
        for (int capacity : new int[] {1, 7, 8, 9}) {
            SharedQueue<Integer> queue = queue(order, capacity);
            for (int round = 0; round < 3; round++) {
                assertThat(queue.poll()).isNull();
                assertThat(queue.peek()).isNull();
                assertThatThrownBy(queue::remove).isInstanceOf(NoSuchElementException.class);
                assertThatThrownBy(queue::element).isInstanceOf(NoSuchElementException.class);
                for (int i = 0; i < capacity; i++) {
                    assertThat(queue.remainingCapacity()).isEqualTo(capacity - i);
                    assertThat(queue).hasSize(i);
                    queue.put(i);
                }
                assertThat(queue.remainingCapacity()).isZero();
                assertThat(queue.offer(-1)).isFalse();
                assertThat(queue.offer(-1, 0, TimeUnit.SECONDS)).isFalse();
                assertThat(queue.offer(-1, Long.MIN_VALUE, TimeUnit.DAYS)).isFalse();
                assertThatThrownBy(() -> queue.add(-1)).isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(() -> queue.addAll(List.of(-1, -2))).isInstanceOf(IllegalStateException.class);
                assertThat(queue.offerAll(List.of(-1, -2))).isZero();
                assertThat(queue.element()).isEqualTo(order == Order.FIFO ? 0 : capacity - 1);
                for (int i = 0; i < capacity; i++) {
                    assertThat(queue.remove()).isEqualTo(order == Order.FIFO ? i : capacity - 1 - i);
                }
            }
            heap.drop("queue");
        }
    }

    @Test
    void addAllPutsWhatThereIsRoomForBeforeItFails() {
        SharedQueue<Integer> queue = queue(Order.FIFO, CAPACITY);
        assertThatThrownBy(() -> queue.addAll(List.of(1, 2, 3, 4))).isInstanceOf(IllegalStateException.class);
        assertThat(queue).containsExactly(1, 2, 3);
    }

    @ParameterizedTest
    @EnumSource
    @SuppressWarnings({"NullAway", "ReturnValueIgnored"}) // null is what is refused
    void nullIsRefusedAndIsNowhere(Order order) {
        SharedQueue<Integer> queue = full(order);
        for (Background.Action call : List.<Background.Action>of(() -> queue.add(null), () -> queue.offer(null),
                () -> queue.put(null), () -> queue.offer(null, 1, TimeUnit.SECONDS),
                () -> queue.offer(1, 1, null), () -> queue.poll(1, null), () -> queue.addAll(null),
                () -> queue.offerAll(null), () -> queue.putAll(null), () -> queue.drainTo(null),
                () -> queue.drainTo(null, 0), () -> queue.removeIf(null), () -> queue.removeAll(null),
                () -> queue.retainAll(null), () -> queue.containsAll(null), () -> queue.forEach(null),
                () -> queue.toArray((Integer[]) null))) {
            assertThatThrownBy(call::run).isInstanceOf(NullPointerException.class);
        }
        assertThat(queue.contains(null)).isFalse();
        assertThat(queue.remove(null)).isFalse();
        assertThat(queue).containsExactlyElementsOf(content(order));
        queue.clear();
        assertThatThrownBy(() -> queue.addAll(Arrays.asList(1, null, 2))).isInstanceOf(NullPointerException.class);
        assertThat(queue).containsExactly(1);
    }

    @ParameterizedTest
    @EnumSource
    void aQueueIsNotPutIntoItselfNorDrainedToItself(Order order) {
        SharedQueue<Integer> queue = queue(order, CAPACITY);
        queue.add(1);
        for (SharedQueue<Integer> handle : List.of(queue, queue(order, CAPACITY))) {
            for (Background.Action call : List.<Background.Action>of(() -> queue.addAll(handle),
                    () -> queue.offerAll(handle), () -> queue.putAll(handle), () -> queue.drainTo(handle),
                    () -> queue.drainTo(handle, 1))) {
                assertThatThrownBy(call::run).isInstanceOf(IllegalArgumentException.class);
            }
        }
        assertThat(queue).containsExactly(1);
    }

    @ParameterizedTest
    @EnumSource
    void aQueueIsNotDrainedToItselfThroughAnotherHandleOnItsHeap(Order order) {
        SharedQueue<Integer> queue = queue(order, CAPACITY);
        queue.add(1);
        try (SharedHeap other = SharedHeap.open(heap.name())) {
            SharedQueue<Integer> same = order == Order.LIFO ? other.stack("queue", Integer.class, CAPACITY)
                    : other.queue("queue", Integer.class, CAPACITY);
            for (Background.Action call : List.<Background.Action>of(() -> queue.addAll(same),
                    () -> queue.offerAll(same), () -> queue.putAll(same), () -> queue.drainTo(same, 1))) {
                assertThatThrownBy(call::run).isInstanceOf(IllegalArgumentException.class);
            }
        }
        assertThat(queue).containsExactly(1);
    }

    /** Puts all that it gets into a queue again, for as long as a test bears it. */
    private static final class Returning extends ArrayList<Integer> {
        private static final long serialVersionUID = 1L;
        private final transient SharedQueue<Integer> queue;
        private int left = 1000;

        Returning(SharedQueue<Integer> queue) {
            this.queue = queue;
        }

        @Override
        public boolean addAll(Collection<? extends Integer> all) {
            left -= all.size();
            assertThat(left).isNotNegative();
            return queue.addAll(all);
        }
    }

    @ParameterizedTest
    @EnumSource
    void drainToEndsThoughOthersPutMeanwhile(Order order) {
        SharedQueue<Integer> queue = full(order);
        assertThat(queue.drainTo(new Returning(queue))).isEqualTo(CAPACITY);
        assertThat(queue).hasSize(CAPACITY);
    }

    @ParameterizedTest
    @EnumSource
    void drainToTakesAsManyAsItMay(Order order) {
        SharedQueue<Integer> queue = full(order);
        List<Integer> target = new ArrayList<>(List.of(-1));
        assertThat(queue.drainTo(target, 0)).isZero();
        assertThat(queue.drainTo(target, -1)).isZero();
        assertThat(queue.drainTo(target, Integer.MIN_VALUE)).isZero();
        assertThat(queue.drainTo(target, 2)).isEqualTo(2);
        assertThat(queue).hasSize(CAPACITY - 2);
        assertThat(queue.drainTo(target, Integer.MAX_VALUE)).isEqualTo(CAPACITY - 2);
        assertThat(queue.drainTo(target)).isZero();
        assertThat(target).startsWith(-1).endsWith(content(order).getLast()).hasSize(1 + CAPACITY);
        assertThat(target.subList(1, target.size())).isEqualTo(content(order));
    }

    /** A collection that has room for some elements only. */
    private static final class Small extends ArrayList<Integer> {
        private static final long serialVersionUID = 1L;
        private final int room;

        Small(int room) {
            this.room = room;
        }

        @Override
        public boolean add(Integer element) {
            if (size() == room) {
                throw new IllegalStateException("it has no room for " + element);
            }
            return super.add(element);
        }

        @Override
        public boolean addAll(Collection<? extends Integer> elements) {
            elements.forEach(this::add);
            return !elements.isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatACollectionRefusesIsGoneWithItsBatchAndNoMore(Order order) {
        int count = 3 * MOST_UNDER_WAY;
        SharedQueue<Integer> queue = queue(order, count);
        IntStream.range(0, count).forEach(queue::add);
        List<Integer> expected = new ArrayList<>(List.copyOf(queue));
        Small target = new Small(5);
        assertThatThrownBy(() -> queue.drainTo(target)).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("no room");
        assertThat(target).isEqualTo(expected.subList(0, 5));
        assertThat(queue).hasSizeGreaterThanOrEqualTo(count - MOST_UNDER_WAY);
        assertThat(List.copyOf(queue)).isEqualTo(expected.subList(count - queue.size(), count));
        List<Integer> unchangeable = Collections.emptyList();
        queue.clear();
        assertThat(queue.drainTo(unchangeable)).isZero();
        queue.add(1);
        assertThatThrownBy(() -> queue.drainTo(unchangeable)).isInstanceOf(UnsupportedOperationException.class);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anInterruptIsForThoseWhoWaitAndIsLeftToOthers(boolean isVirtual) throws Exception {
        SharedQueue<Integer> queue = queue(Order.FIFO, CAPACITY);
        Background<Void> checks = Background.start(isVirtual, () -> {
            for (Background.Action call : List.<Background.Action>of(() -> queue.put(1), queue::take,
                    () -> queue.offer(1, 1, TimeUnit.HOURS), () -> queue.poll(1, TimeUnit.HOURS),
                    () -> queue.poll(0, TimeUnit.HOURS), () -> queue.putAll(List.of(1, 2)))) {
                Thread.currentThread().interrupt();
                assertThatThrownBy(call::run).isInstanceOf(InterruptedException.class);
                assertThat(Thread.currentThread().isInterrupted()).isFalse();
                assertThat(queue).isEmpty();
            }
            Thread.currentThread().interrupt();
            assertThat(queue.offer(1)).isTrue();
            assertThat(queue.offerAll(List.of(2, 3, 4))).isEqualTo(2);
            assertThat(queue.remove(2)).isTrue();
            assertThat(queue).containsExactly(1, 3);
            assertThat(queue.poll()).isEqualTo(1);
            assertThat(queue.drainTo(new ArrayList<>())).isEqualTo(1);
            queue.clear();
            assertThat(Thread.interrupted()).isTrue();
            return null;
        });
        checks.get();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anInterruptedWaitHasPutAndTakenNothing(boolean isVirtual) throws Exception {
        SharedQueue<Integer> queue = full(Order.FIFO);
        for (Background<?> waiting : List.of(
                Background.start(isVirtual, () -> queue.offer(9, 1, TimeUnit.HOURS)),
                Background.start(isVirtual, () -> {
                    queue.putAll(List.of(7, 8));
                    return null;
                }))) {
            waiting.staysBlocked().interrupt();
            assertThatThrownBy(waiting::get).isInstanceOf(InterruptedException.class);
        }
        assertThat(queue).containsExactlyElementsOf(content(Order.FIFO));
        queue.clear();
        Background<Integer> waiting = Background.start(isVirtual, () -> queue.poll(Long.MAX_VALUE, TimeUnit.DAYS));
        waiting.staysBlocked().interrupt();
        assertThatThrownBy(waiting::get).isInstanceOf(InterruptedException.class);
        queue.add(1);
        assertThat(queue).containsExactly(1);
    }

    @ParameterizedTest
    @EnumSource
    void eachOfThoseWhoWaitIsServed(Order order) throws Exception {
        SharedQueue<Integer> queue = queue(order, CAPACITY);
        List<Background<Integer>> takers = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            takers.add(Background.start(i % 2 == 0, queue::take));
        }
        Delays.pause(Delays.SHORT);
        queue.putAll(List.of(0, 1, 2, 3, 4, 5, 6, 7));
        List<Integer> taken = new ArrayList<>();
        for (Background<Integer> taker : takers) {
            taken.add(taker.get());
        }
        assertThat(taken).containsExactlyInAnyOrder(0, 1, 2, 3, 4, 5, 6, 7);
        queue.putAll(List.of(0, 1, 2));
        List<Background<Void>> putters = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            int element = 10 + i;
            putters.add(Background.start(i % 2 == 0, () -> {
                queue.put(element);
                return null;
            }));
        }
        Delays.pause(Delays.SHORT);
        taken.clear();
        assertThat(queue.drainTo(taken, 2)).isEqualTo(2); // several have room at once
        while (taken.size() < CAPACITY + 8) {
            taken.add(queue.take());
        }
        for (Background<Void> putter : putters) {
            putter.get();
        }
        assertThat(taken).containsExactlyInAnyOrder(0, 1, 2, 10, 11, 12, 13, 14, 15, 16, 17);
        assertThat(queue).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void whatIsTakenOutOfTheMiddleMakesRoomForOneWhoWaits(Order order) throws Exception {
        List<Background.Action> ways = new ArrayList<>();
        SharedQueue<Integer> queue = full(order);
        ways.add(() -> queue.remove(1));
        ways.add(() -> queue.removeIf(each -> each == 1));
        ways.add(() -> queue.removeAll(List.of(1)));
        ways.add(() -> queue.retainAll(List.of(0, 2)));
        ways.add(queue::clear);
        ways.add(() -> {
            Iterator<Integer> all = queue.iterator();
            all.next();
            all.remove();
        });
        for (Background.Action way : ways) {
            queue.clear();
            queue.addAll(List.of(0, 1, 2));
            Background<Void> putter = Background.run(() -> queue.put(3));
            Delays.pause(Delays.SHORT.dividedBy(5));
            way.run();
            putter.get();
            assertThat(queue).contains(3);
        }
    }

    @ParameterizedTest
    @EnumSource
    void anIteratorGoesOnWhateverBecomesOfTheQueue(Order order) {
        SharedQueue<Integer> queue = full(order);
        List<Integer> content = content(order);
        Iterator<Integer> all = queue.iterator();
        assertThat(all.next()).isEqualTo(content.getFirst());
        assertThat(all.hasNext()).isTrue();
        queue.clear();
        assertThat(all.next()).isEqualTo(content.get(1)); // it has said that there is one
        assertThat(all.hasNext()).isFalse();
        assertThatThrownBy(all::next).isInstanceOf(NoSuchElementException.class);
        all.remove(); // which others have done
        assertThatThrownBy(all::remove).isInstanceOf(IllegalStateException.class);
        assertThat(queue.iterator().hasNext()).isFalse();
        assertThatThrownBy(() -> queue.iterator().remove()).isInstanceOf(IllegalStateException.class);
        queue.addAll(List.of(4, 5, 6));
        all = queue.iterator();
        all.next();
        all.remove();
        assertThat(queue).hasSize(2);
        List<Integer> left = new ArrayList<>();
        all.forEachRemaining(left::add);
        assertThat(left).isEqualTo(List.copyOf(queue));
    }

    @ParameterizedTest
    @EnumSource
    void allWaysToGoThroughItBearThatOthersPutAndTake(Order order) throws Exception {
        SharedQueue<Integer> queue = queue(order, 50);
        CountDownLatch isOver = new CountDownLatch(1);
        Background<Void> other = Background.run(() -> {
            for (int i = 0; isOver.getCount() > 0; i++) {
                if (i % 100 < 50) {
                    boolean _ = queue.offer(i);
                } else {
                    Integer _ = queue.poll();
                }
            }
        });
        try {
            for (int i = 0; i < 500; i++) {
                assertThat(queue.stream().toList()).doesNotContainNull();
                assertThat(queue.stream().filter(each -> each >= 0).count()).isLessThan(1000);
                assertThat(queue.parallelStream().toArray()).doesNotContainNull();
                assertThat(queue.toArray(new Integer[0])).doesNotContainNull();
                assertThat(new ArrayList<>(queue)).doesNotContainNull();
                assertThat(queue.toString()).startsWith("[").endsWith("]");
                queue.forEach(each -> assertThat(each).isNotNull());
            }
        } finally {
            isOver.countDown();
        }
        other.get();
        Spliterator<Integer> all = queue.spliterator();
        assertThat(all.hasCharacteristics(Spliterator.SIZED)).isFalse();
        assertThat(all.hasCharacteristics(Spliterator.CONCURRENT | Spliterator.ORDERED | Spliterator.NONNULL)).isTrue();
    }

    @ParameterizedTest
    @EnumSource
    @SuppressWarnings({"CollectionIncompatibleType", "CollectionToArraySafeParameter"}) // which is what is asked for
    void operationsOnManyDoAsThoseOfACollection(Order order) {
        SharedQueue<Integer> queue = full(order);
        assertThat(queue.containsAll(List.of(0, 2))).isTrue();
        assertThat(queue.containsAll(List.of(0, 9))).isFalse();
        assertThat(queue.removeAll(List.of(9))).isFalse();
        assertThat(queue.retainAll(List.of(0, 1, 2, 9))).isFalse();
        assertThatThrownBy(() -> queue.removeIf(each -> {
            if (each == 1) {
                throw new IllegalCallerException("on purpose");
            }
            return true;
        })).isInstanceOf(IllegalCallerException.class);
        assertThatThrownBy(() -> queue.forEach(_ -> {
            throw new IllegalCallerException("on purpose");
        })).isInstanceOf(IllegalCallerException.class);
        assertThat(queue).containsExactlyElementsOf(content(order));
        assertThat(queue.toArray()).isEqualTo(content(order).toArray());
        Integer[] larger = {7, 7, 7, 7, 7};
        assertThat(queue.toArray(larger)).isSameAs(larger);
        assertThat(larger[CAPACITY]).isNull();
        assertThatThrownBy(() -> queue.toArray(new String[0])).isInstanceOf(ArrayStoreException.class);
        assertThat(queue.toString()).isEqualTo(content(order).toString());
        assertThat(queue.remove("1")).isFalse();
        assertThat(queue.contains("1")).isFalse();
        assertThat(queue.retainAll(List.of(1))).isTrue();
        assertThat(queue).containsExactly(1);
        assertThat(queue.removeAll(List.of(1, 2))).isTrue();
        assertThat(queue).isEmpty();
    }

    @Test
    void aQueueIsNotSerialized() throws IOException {
        try (ObjectOutputStream output = new ObjectOutputStream(new ByteArrayOutputStream())) {
            assertThatThrownBy(() -> output.writeObject(full(Order.FIFO)))
                    .isInstanceOf(NotSerializableException.class);
        }
    }
}
