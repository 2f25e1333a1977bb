package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.HeapFullException;
import io.cleave.StaleReferenceException;
import io.cleave.heap.HeapMemory;
import io.cleave.testing.Background;
import io.cleave.testing.Delays;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What users of deliveries can rely on, in one process. */
class QueueDeliveryTest {
    private static final String LONG = "long ".repeat(100);

    private final SharedHeap heap = SharedHeap.create("deliveries" + ProcessHandle.current().pid(), 64 << 20);

    @AfterEach
    void close() {
        HeapVerification report = heap.verify();
        heap.close();
        assertThat(report.isSound()).as(report::toString).isTrue();
    }

    private HeapQueue<String> queue(QueueUseTest.Order order, int capacity, long start) {
        return heap.queue("queue" + start + capacity, order == QueueUseTest.Order.LIFO ? RootKind.STACK
                : RootKind.QUEUE, String.class, capacity, start);
    }

    private SharedQueue<String> queue(int capacity) {
        return heap.queue("queue", String.class, capacity);
    }

    private static Delivery<String> received(SharedQueue<String> queue) {
        return Objects.requireNonNull(queue.tryReceive());
    }

    @Test
    void whatIsAcknowledgedIsGoneAndWhatIsNotComesBackToTheHead() {
        SharedQueue<String> queue = queue(8);
        queue.addAll(List.of("a", LONG, "c"));
        try (Delivery<String> delivery = received(queue)) {
            assertThat(delivery.element()).isEqualTo("a");
            assertThat(delivery.deliveryCount()).isEqualTo(1);
            assertThat(queue).containsExactly(LONG, "c");
            assertThat(queue.inFlight()).isEqualTo(1);
            assertThat(queue.remainingCapacity()).isEqualTo(6);
        }
        assertThat(queue).containsExactly("a", LONG, "c");
        assertThat(queue.inFlight()).isZero();
        try (Delivery<String> delivery = received(queue)) {
            assertThat(delivery.element()).isEqualTo("a");
            assertThat(delivery.deliveryCount()).isEqualTo(2);
            delivery.acknowledge();
            delivery.acknowledge();
        }
        assertThat(queue).containsExactly(LONG, "c");
        Delivery<String> delivery = received(queue);
        assertThat(delivery.element()).isEqualTo(LONG);
        delivery.close();
        delivery.close();
        assertThatThrownBy(delivery::acknowledge).isInstanceOf(IllegalStateException.class);
        assertThat(queue.poll()).isEqualTo(LONG);
        assertThat(queue.poll()).isEqualTo("c");
        assertThat(queue.tryReceive()).isNull();
    }

    @ParameterizedTest
    @EnumSource
    void whatCameBackIsSeenByAllOperations(QueueUseTest.Order order) throws Exception {
        HeapQueue<String> queue = queue(order, 4, 0);
        queue.addAll(order == QueueUseTest.Order.LIFO ? List.of(LONG, "c", "b", "a") : List.of("a", "b", "c", LONG));
        List<Delivery<String>> deliveries = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            deliveries.add(received(queue));
        }
        queue.add("d");
        deliveries.reversed().forEach(Delivery::close);
        List<String> rest = order == QueueUseTest.Order.LIFO ? List.of("d", LONG) : List.of(LONG, "d");
        assertThat(List.copyOf(queue)).startsWith("a", "b", "c").endsWith(rest.toArray(new String[0])).hasSize(5);
        assertThat(queue).hasSize(5).contains("b", "d");
        assertThat(queue.remainingCapacity()).isEqualTo(2);
        assertThat(queue.offerAll(List.of("e", "f", "g"))).isEqualTo(2);
        assertThat(queue.removeAll(List.of("e", "f"))).isTrue();
        assertThat(queue.peek()).isEqualTo("a");
        assertThat(queue.remove("b")).isTrue();
        assertThat(queue.remove("b")).isFalse();
        assertThat(queue.removeIf("a"::equals)).isTrue();
        assertThat(queue.take()).isEqualTo("c");
        Delivery<String> next = received(queue);
        assertThat(next.element()).isEqualTo(rest.getFirst());
        next.close();
        List<String> drained = new ArrayList<>();
        assertThat(queue.drainTo(drained)).isEqualTo(2);
        assertThat(drained).isEqualTo(rest);
        queue.addAll(List.of("x", LONG));
        received(queue).close();
        queue.clear();
        assertThat(queue).isEmpty();
        assertThat(queue.poll()).isNull();
    }

    /** What came back, in order, before what was not received. */
    private static final class Model {
        private final boolean isStack;
        private final List<String> returned = new ArrayList<>();
        private final List<String> ring = new ArrayList<>();

        Model(QueueUseTest.Order order) {
            isStack = order == QueueUseTest.Order.LIFO;
        }

        private static int number(String element) {
            return Integer.parseInt(element.substring(element.lastIndexOf(' ') + 1));
        }

        void giveBack(String element) {
            returned.add(element);
            returned.sort((one, other) -> isStack ? number(other) - number(one) : number(one) - number(other));
        }

        List<String> all() {
            List<String> all = new ArrayList<>(returned);
            all.addAll(ring);
            return all;
        }

        String take() {
            return returned.isEmpty() ? ring.removeFirst() : returned.removeFirst();
        }
    }

    private static void playAgainstModel(HeapQueue<String> queue, QueueUseTest.Order order, Random random) {
        Model model = new Model(order);
        List<Delivery<String>> open = new ArrayList<>();
        for (int i = 0; i < 600; i++) {
            String element = (random.nextInt(4) == 0 ? LONG : "short ") + " " + i;
            switch (random.nextInt(7)) {
                case 0, 1 -> {
                    boolean hasRoom = model.ring.size() < queue.capacity();
                    assertThat(queue.offer(element)).isEqualTo(hasRoom);
                    if (hasRoom) {
                        model.ring.add(order == QueueUseTest.Order.LIFO ? 0 : model.ring.size(), element);
                    }
                }
                case 2, 3 -> {
                    Delivery<String> delivery = queue.tryReceive();
                    assertThat(delivery == null).isEqualTo(model.all().isEmpty());
                    if (delivery != null) {
                        assertThat(delivery.element()).isEqualTo(model.take());
                        open.add(delivery);
                    }
                }
                case 4 -> {
                    if (!open.isEmpty()) {
                        open.remove(random.nextInt(open.size())).acknowledge();
                    }
                }
                case 5 -> {
                    if (!open.isEmpty()) {
                        Delivery<String> delivery = open.remove(random.nextInt(open.size()));
                        delivery.close();
                        model.giveBack(delivery.element());
                    }
                }
                default -> assertThat(queue.poll()).isEqualTo(model.all().isEmpty() ? null : model.take());
            }
            assertThat(List.copyOf(queue)).isEqualTo(model.all());
            assertThat(queue).hasSize(model.all().size());
            assertThat(queue.inFlight()).isEqualTo(open.size());
        }
        open.forEach(Delivery::close);
    }

    @ParameterizedTest
    @EnumSource
    void randomOperationsDoAsAModelDoesAlsoWherePositionsOverflow(QueueUseTest.Order order) {
        Random random = new Random(11);
        for (long start : new long[] {0, (1L << 32) - 20, Long.MAX_VALUE - 20, -20}) {
            for (int capacity : new int[] {1, 8, 21}) {
                playAgainstModel(queue(order, capacity, start), order, random);
            }
        }
    }

    private static byte[] filled(int value) {
        byte[] bytes = new byte[112];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    private static <E> QueueReader<E> reader(HeapQueue<E> queue, Class<E> element, QueueTable table) {
        return new QueueReader<>(queue.ring(), new QueueElements<>(ValueEncoding.of(element)), table);
    }

    /** Once a reader has chosen an entry, that gets another element, whose second half comes after it was read. */
    private static final class ReusedEntry extends QueueTable {
        private final HeapQueue<byte[]> queue;
        private int looks;
        private boolean isLooking;
        private long secondHalf;
        private @Nullable Delivery<byte[]> halfReceived;

        ReusedEntry(HeapQueue<byte[]> queue) {
            super(queue.ring());
            this.queue = queue;
        }

        @Override
        long idAcquire(long entry) {
            if (!isLooking && looks == 1 && halfReceived == null) {
                Objects.requireNonNull(queue.tryReceive()).acknowledge();
                halfReceived = Objects.requireNonNull(queue.tryReceive());
                secondHalf = slot(entry) + QueueLayout.CONTENT + filled(2).length / 2;
                fill(1);
            }
            return super.idAcquire(entry);
        }

        @Override
        boolean isReturned(long entry, long id) {
            if (halfReceived != null) {
                fill(2);
                halfReceived.close();
            }
            isLooking = true;
            boolean isReturned = super.isReturned(entry, id);
            isLooking = false;
            looks++;
            return isReturned;
        }

        private void fill(int value) {
            queue.ring().heap().memory().segment().asSlice(secondHalf, filled(2).length / 2).fill((byte) value);
        }
    }

    @Test
    void whoReadsWhatCameBackSeesNoHalfOfAnotherElement() {
        HeapQueue<byte[]> queue = heap.queue("bytes", RootKind.QUEUE, byte[].class, 8, 0);
        queue.add(filled(1));
        Objects.requireNonNull(queue.tryReceive()).close();
        queue.add(filled(2));
        assertThat(reader(queue, byte[].class, new ReusedEntry(queue)).next()).isEqualTo(filled(2));
    }

    @Test
    void whatCameBackIsReadOnceThoughItsEntryIsUsedAgain() {
        HeapQueue<String> stack = queue(QueueUseTest.Order.LIFO, 8, 0);
        stack.addAll(List.of("a", "b", "c"));
        List<Delivery<String>> open = List.of(received(stack), received(stack), received(stack));
        open.forEach(Delivery::close);
        QueueReader<String> reader = reader(stack, String.class, stack.ring().table());
        assertThat(reader.next()).isEqualTo("c");
        assertThat(reader.next()).isEqualTo("b");
        open = List.of(received(stack), received(stack), received(stack));
        open.getLast().acknowledge();
        stack.add("d");
        received(stack).close();
        open.forEach(Delivery::close);
        assertThat(reader.next()).isNull();
        assertThat(stack).containsExactly("d", "c", "b");
    }

    @Test
    void aProcessIsAskedForOnceHoweverManyItHasReceived() {
        HeapQueue<String> queue = queue(QueueUseTest.Order.FIFO, 100, 0);
        List<Delivery<String>> open = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            queue.add("job " + i);
            open.add(received(queue));
        }
        List<Long> asked = new ArrayList<>();
        QueueTable table = new QueueTable(queue.ring(), owner -> !asked.add(owner));
        assertThat(table.isOwnerDead()).isFalse();
        assertThat(asked).hasSize(1);
        table.reclaim(); // nobody is known to be dead
        assertThat(asked).hasSize(1);
        open.forEach(Delivery::acknowledge);
    }

    /** Counts how often it looks at an element. */
    private static final class Counting extends QueueTable {
        private int looks;

        Counting(QueueRing ring) {
            super(ring);
        }

        @Override
        long idAcquire(long entry) {
            looks++;
            return super.idAcquire(entry);
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatCameBackIsTakenInOrderWithoutALookAtAllOfIt(QueueUseTest.Order order) {
        HeapQueue<String> queue = queue(order, 4096, Long.MAX_VALUE - 1000);
        List<Delivery<String>> open = new ArrayList<>();
        for (int i = 0; i < 2000; i++) {
            queue.add("job " + i);
            open.add(received(queue));
        }
        Collections.shuffle(open, new Random(5));
        open.forEach(Delivery::close);
        assertThat(heap.verify().isSound()).isTrue();
        assertThat(queue).hasSize(2000);
        assertThat(queue.removeIf(job -> job.endsWith("7"))).isTrue();
        assertThat(heap.verify().isSound()).isTrue();
        List<Integer> left = new ArrayList<>();
        queue.forEach(job -> left.add(Model.number(job)));
        assertThat(left).hasSize(1800).isSortedAccordingTo(order == QueueUseTest.Order.LIFO
                ? Comparator.<Integer>reverseOrder() : Comparator.<Integer>naturalOrder());
        Counting table = new Counting(queue.ring());
        for (int i = 0; i < 900; i++) {
            table.free(table.firstReturned());
        }
        assertThat(table.looks).isLessThan(900 * 100);
        for (int number : left.subList(900, 1800)) {
            assertThat(queue.poll()).isEqualTo("job " + number);
        }
        assertThat(queue).isEmpty();
    }

    /** An element that cannot be read at times. */
    record Fragile(int number) {
        private static volatile int broken;

        Fragile {
            if (number == broken) {
                throw new AssertionError("number " + number);
            }
        }
    }

    @Test
    void anErrorWhileManyAreReadLosesNone() {
        SharedQueue<Fragile> queue = heap.queue("queue", Fragile.class, 8);
        for (int i = 1; i <= 5; i++) {
            queue.add(new Fragile(i));
        }
        List<Fragile> drained = new ArrayList<>();
        try {
            Fragile.broken = 3;
            assertThatThrownBy(() -> queue.drainTo(drained)).isInstanceOf(AssertionError.class).hasMessage("number 3");
        } finally {
            Fragile.broken = 0;
        }
        assertThat(queue.inFlight()).isZero();
        drained.addAll(queue);
        assertThat(drained).extracting(Fragile::number).containsExactly(1, 2, 3, 4, 5);
    }

    @Test
    void aSubscriberLearnsOfAnErrorInPlaceOfAnElement() {
        SharedQueue<Fragile> queue = heap.queue("queue", Fragile.class, 8);
        queue.add(new Fragile(3));
        try {
            Fragile.broken = 3;
            CompletableFuture<Throwable> error = new CompletableFuture<>();
            queue.publisher().subscribe(new Ending<>(1, error));
            assertThat(error.orTimeout(Delays.PATIENCE.toMillis(), TimeUnit.MILLISECONDS).join())
                    .hasStackTraceContaining("number 3");
        } finally {
            Fragile.broken = 0;
        }
    }

    @Test
    void aSubscriberThatWantsNothingLearnsThatTheQueueWasDropped() {
        CompletableFuture<Throwable> error = new CompletableFuture<>();
        queue(8).publisher().subscribe(new Ending<>(0, error));
        heap.drop("queue");
        assertThat(error.orTimeout(Delays.PATIENCE.toMillis(), TimeUnit.MILLISECONDS).join())
                .isInstanceOf(StaleReferenceException.class);
    }

    /** Wants some elements, and tells how it ends. */
    private record Ending<E>(int wanted, CompletableFuture<Throwable> error) implements Flow.Subscriber<E> {
        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            if (wanted > 0) {
                subscription.request(wanted);
            }
        }

        @Override
        public void onNext(E element) {
            throw new IllegalStateException(element + " came");
        }

        @Override
        public void onError(Throwable throwable) {
            error.complete(throwable);
        }

        @Override
        public void onComplete() {
            throw new IllegalStateException("it does not complete");
        }
    }

    /** Pretends that there is no chunk of entries to come. */
    @Test
    void whereNoMoreCanBeInFlightElementsAreTakenWithoutThat() {
        SharedQueue<Fragile> queue = heap.queue("queue", Fragile.class, 64);
        for (int i = 1; i <= QueueLayout.FIRST_ENTRIES + 2; i++) {
            queue.add(new Fragile(i));
        }
        List<Delivery<Fragile>> open = new ArrayList<>();
        for (int i = 0; i < QueueLayout.FIRST_ENTRIES; i++) {
            open.add(Objects.requireNonNull(queue.tryReceive()));
        }
        QueueRing ring = ((HeapQueue<Fragile>) queue).ring();
        HeapMemory memory = ring.heap().memory();
        long chunks = ring.headBlock() + QueueLayout.ENTRY_CHUNKS;
        long first = memory.getPlain(chunks);
        for (int i = 1; i < QueueLayout.MOST_ENTRY_CHUNKS; i++) {
            memory.setPlain(chunks + (long) i * Long.BYTES, first);
        }
        try {
            assertThat(queue.poll()).isEqualTo(new Fragile(QueueLayout.FIRST_ENTRIES + 1));
            assertThat(queue.drainTo(new ArrayList<>())).isEqualTo(1);
            queue.add(new Fragile(1));
            assertThatThrownBy(queue::tryReceive).isInstanceOf(HeapFullException.class);
        } finally {
            for (int i = 1; i < QueueLayout.MOST_ENTRY_CHUNKS; i++) {
                memory.setPlain(chunks + (long) i * Long.BYTES, 0);
            }
        }
        open.forEach(Delivery::close);
    }

    @Test
    void closingTheHeapGivesBackWhatWasReceivedFromSeveralQueues() {
        SharedQueue<String> one = queue(8);
        SharedQueue<String> two = heap.stack("two", String.class, 8);
        for (SharedQueue<String> each : List.of(one, two)) {
            each.addAll(List.of("a", LONG, "c"));
        }
        try (SharedHeap other = SharedHeap.open(heap.name())) {
            for (SharedQueue<String> each : List.of(other.queue("queue", String.class, 8),
                    other.stack("two", String.class, 8))) {
                for (int i = 0; i < 3; i++) {
                    assertThat(received(each).deliveryCount()).isEqualTo(1);
                }
            }
            assertThat(one.inFlight() + two.inFlight()).isEqualTo(6);
        }
        assertThat(one).containsExactly("a", LONG, "c");
        assertThat(two).containsExactly("c", LONG, "a");
        assertThat(one.inFlight() + two.inFlight()).isZero();
    }

    @Test
    void manyInFlightLeaveNothingBehind() {
        SharedQueue<String> queue = queue(1000);
        long used = 0;
        for (int round = 0; round < 3; round++) {
            List<Delivery<String>> open = new ArrayList<>();
            for (int i = 0; i < 700; i++) {
                queue.add(i % 3 == 0 ? "short" : LONG + i);
                open.add(received(queue));
            }
            assertThat(queue.inFlight()).isEqualTo(700);
            assertThat(queue).isEmpty();
            assertThat(heap.verify().isSound()).isTrue();
            for (Delivery<String> delivery : open) {
                delivery.acknowledge();
            }
            assertThat(queue.inFlight()).isZero();
            assertThat(round == 0 || heap.verify().usedBytes() == used).isTrue();
            used = heap.verify().usedBytes();
        }
        long withQueue = heap.verify().usedBytes();
        queue.addAll(List.of("a", LONG, "c"));
        List<Delivery<String>> open = List.of(received(queue), received(queue));
        open.getFirst().close();
        heap.drop("queue");
        assertThat(heap.verify().usedBytes()).isLessThan(withQueue);
        assertThatThrownBy(open.getLast()::acknowledge).isInstanceOf(StaleReferenceException.class);
        open.getLast().close();
        assertThatThrownBy(queue::tryReceive).isInstanceOf(StaleReferenceException.class);
        assertThatThrownBy(queue::inFlight).isInstanceOf(StaleReferenceException.class);
    }

    @Test
    void closingTheHeapGivesBackWhatWasReceivedThroughIt() {
        SharedQueue<String> queue = queue(8);
        queue.addAll(List.of("a", LONG, "c"));
        SharedHeap other = SharedHeap.open(heap.name());
        SharedQueue<String> others = other.queue("queue", String.class, 8);
        Delivery<String> first = received(others);
        Delivery<String> second = received(others);
        Delivery<String> third = received(others);
        second.acknowledge();
        assertThat(queue).isEmpty();
        other.close();
        assertThat(queue).containsExactly("a", "c");
        assertThat(queue.inFlight()).isZero();
        assertThatThrownBy(first::acknowledge).isInstanceOf(IllegalStateException.class);
        second.acknowledge();
        third.close();
        assertThat(queue).containsExactly("a", "c");
    }

    @Test
    void whatComesBackEndsAWait() throws Exception {
        for (boolean isVirtual : new boolean[] {false, true}) {
            SharedQueue<String> queue = queue(8);
            queue.add("a");
            Delivery<String> delivery = queue.receive();
            assertThat(queue.receive(1, TimeUnit.MILLISECONDS)).isNull();
            Background<String> taker = Background.start(isVirtual, queue::take);
            Background<Delivery<String>> receiver = Background.start(isVirtual, () -> queue.receive(1, TimeUnit.HOURS));
            Delays.pause(Delays.SHORT);
            assertThat(taker.isDone() || receiver.isDone()).isFalse();
            delivery.close();
            assertThat(Delays.within(Delays.PATIENCE, () -> taker.isDone() || receiver.isDone())).isTrue();
            queue.add("b");
            assertThat(List.of(taker.get(), receiver.get().element())).containsExactlyInAnyOrder("a", "b");
            receiver.get().acknowledge();
            Background<Delivery<String>> interrupted = Background.start(isVirtual, queue::receive);
            Delays.pause(Delays.SHORT);
            interrupted.interrupt();
            assertThatThrownBy(interrupted::get).isInstanceOf(InterruptedException.class);
        }
    }

    @Test
    void aFutureReceivesUnlessItIsCancelled() throws Exception {
        SharedQueue<String> queue = queue(8);
        CompletableFuture<Delivery<String>> cancelled = queue.receiveAsync();
        assertThat(cancelled.cancel(true)).isTrue();
        CompletableFuture<Delivery<String>> later = queue.receiveAsync();
        queue.add("a");
        assertThat(later.get().element()).isEqualTo("a");
        CompletableFuture<String> taken = queue.takeAsync();
        later.get().close();
        assertThat(taken.get()).isEqualTo("a");
        assertThat(queue).isEmpty();
    }

    @Test
    void aPublisherGivesWhatCameBackFirst() {
        SharedQueue<String> queue = queue(8);
        queue.addAll(List.of("a", "b"));
        received(queue).close();
        List<String> seen = new ArrayList<>();
        queue.publisher().subscribe(new Flow.Subscriber<>() {
            @Override
            public void onSubscribe(Flow.Subscription subscription) {
                subscription.request(2);
            }

            @Override
            public void onNext(String element) {
                synchronized (seen) {
                    seen.add(element);
                }
            }

            @Override
            public void onError(Throwable throwable) {
                throw new AssertionError(throwable);
            }

            @Override
            public void onComplete() {
                throw new AssertionError("a queue has no end");
            }
        });
        assertThat(Delays.within(Delays.PATIENCE, () -> {
            synchronized (seen) {
                return seen.size() == 2;
            }
        })).isTrue();
        assertThat(seen).containsExactly("a", "b");
    }

    @Test
    void threadsAcknowledgeEachElementOnceWhateverTheyGiveBack() throws Exception {
        SharedQueue<String> queue = queue(16);
        int count = 6000;
        Background<Void> putter = Background.run(() -> {
            for (int i = 0; i < count; i++) {
                queue.put(i % 50 == 0 ? LONG + i : "job " + i);
            }
        });
        List<Background<List<String>>> workers = new ArrayList<>();
        for (int t = 0; t < 3; t++) {
            Random random = new Random(t);
            workers.add(Background.start(t == 0, () -> {
                List<String> done = new ArrayList<>();
                for (Delivery<String> each = queue.receive(); !each.element().equals("end"); each = queue.receive()) {
                    try (Delivery<String> delivery = each) {
                        if (random.nextInt(4) != 0) {
                            delivery.acknowledge();
                            done.add(delivery.element());
                        }
                    }
                }
                return done;
            }));
        }
        putter.get();
        assertThat(Delays.within(Delays.PATIENCE, () -> queue.isEmpty() && queue.inFlight() == 0 && queue.isEmpty()))
                .isTrue();
        List<String> done = new ArrayList<>();
        queue.addAll(List.of("end", "end", "end"));
        for (Background<List<String>> worker : workers) {
            done.addAll(worker.get());
        }
        assertThat(done).hasSize(count).doesNotHaveDuplicates();
    }
}
