package io.cleave.fission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.WorkerDiedException;
import io.cleave.os.Signals;
import io.cleave.os.Unistd;
import io.cleave.testing.Delays;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collector;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What children gather has each item in it exactly once, whatever becomes of them. */
final class FissionReduceTest {
    private static final int ITEMS = 2_000;
    private static final Duration LIMIT = Delays.SHORT.multipliedBy(6);
    private static final List<Integer> NUMBERS = IntStream.range(0, ITEMS).boxed().toList();
    private static final Collector<Integer, ?, int[]> COUNTS = counts(true);

    /** How often each number has come. */
    private static Collector<Integer, int[], int[]> counts(boolean anyOrder) {
        return Collector.of(() -> new int[ITEMS], (all, number) -> all[number]++, (some, others) -> {
            for (int i = 0; i < ITEMS; i++) {
                some[i] += others[i];
            }
            return some;
        }, anyOrder ? new Collector.Characteristics[] {Collector.Characteristics.UNORDERED}
                : new Collector.Characteristics[0]);
    }

    private static void assertOnceEach(int[] counts) {
        assertThat(IntStream.of(counts).filter(count -> count != 1).count()).isZero();
    }

    private static void work(int micros) {
        long end = System.nanoTime() + micros * 1000L;
        while (System.nanoTime() < end) {
            Thread.onSpinWait();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void everyItemIsGatheredOnce(boolean anyOrder) {
        for (int warmUp : new int[] {0, 7, ITEMS}) {
            try (Fission fission = Fission.builder().children(3).warmUp(warmUp).build()) {
                assertOnceEach(fission.reduce(NUMBERS, x -> x, counts(anyOrder)));
                assertOnceEach(fission.reduce(() -> NUMBERS.iterator(), x -> x, counts(anyOrder))); // comes in windows
            }
        }
        try (Fission fission = Fission.create()) {
            assertOnceEach(fission.reduce(NUMBERS, x -> {
                work(100);
                return x;
            }, counts(anyOrder)));
            assertThat(fission.lastReport().itemsInChildren() + fission.lastReport().itemsInParent()).isEqualTo(ITEMS);
            assertThat(fission.lastReport().forks()).isPositive();
        }
    }

    @Test
    void theOrderOfTheItemsIsKeptWhereItMatters() {
        try (Fission fission = Fission.builder().children(3).warmUp(5).build()) {
            assertThat(fission.reduce(NUMBERS, x -> x, Collectors.toList())).isEqualTo(NUMBERS);
        }
    }

    @Test
    void nothingGivesWhatTheSupplierAndTheFinisherMakeOfIt() {
        try (Fission fission = Fission.builder().warmUp(0).build()) {
            assertThat(fission.reduce(List.<Integer>of(), x -> x, Collectors.counting())).isZero();
            assertThat(fission.reduce(List.of(1, 2, 3), x -> (Integer) null, Collectors.counting())).isEqualTo(3);
            int sizes = fission.reduce(NUMBERS, x -> x % 3,
                    Collectors.collectingAndThen(Collectors.toSet(), Set::size));
            assertThat(sizes).isEqualTo(3);
        }
    }

    /** A child is killed when it has computed some chunks and sent nothing of them. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatAKilledChildHadGatheredIsGatheredByOthers(boolean anyOrder) {
        SharedCounters counters = new SharedCounters(2);
        try (Fission fission = Fission.builder().children(2).warmUp(3).maxRetries(1).build()) {
            assertOnceEach(fission.reduce(NUMBERS, x -> {
                counters.count(1);
                if (x == 500 && counters.isFirst(0)) {
                    Signals.kill(Unistd.getpid(), Signals.SIGKILL);
                }
                return x;
            }, counts(anyOrder)));
        }
        assertThat(counters.get(1)).isGreaterThan(ITEMS);
    }

    /** The item can only be computed here; what the child had gathered before is computed by others again. */
    @Test
    void anItemThatNoChildCanComputeIsGatheredHere() {
        CountDownLatch latch = new CountDownLatch(1);
        Thread opener = Thread.ofPlatform().start(() -> {
            while (latch.getCount() > 0) {
                work(1000);
                if (Thread.currentThread().isInterrupted()) {
                    latch.countDown();
                }
            }
        });
        try (Fission fission = Fission.builder().children(2).warmUp(1).build()) {
            assertOnceEach(fission.reduce(NUMBERS, x -> {
                if (x == 700) {
                    opener.interrupt();
                    latch.await();
                }
                return x;
            }, COUNTS));
        }
        opener.interrupt();
    }

    @Test
    void aFailureNamesItsItem() {
        try (Fission fission = Fission.builder().children(2).warmUp(0).build()) {
            assertThatThrownBy(() -> fission.reduce(NUMBERS, x -> 10 / (x - 1234), Collectors.counting()))
                    .isInstanceOf(ArithmeticException.class)
                    .satisfies(thrown -> assertThat(thrown.getSuppressed()[0]).hasMessageContaining("1234"));
        }
    }

    /** What cannot travel is refused, wherever it was gathered, and the message says what it is. */
    @ParameterizedTest
    @ValueSource(ints = {0, 100, 10_000})
    void aContainerThatCannotBeEncodedIsRefused(int warmUp) {
        try (Fission fission = Fission.builder().children(2).warmUp(warmUp).build()) {
            assertThatThrownBy(() -> fission.reduce(NUMBERS, x -> x,
                    Collector.of(() -> new ArrayList<Object>(List.of(new Thread())), (all, x) -> all.add(x),
                            (some, others) -> some, Collector.Characteristics.UNORDERED)))
                    .hasMessageContaining("java.lang.Thread");
        }
    }

    /** It takes long to send. */
    static final class Slow implements Serializable {
        private static final long serialVersionUID = 1L;
        private long sum;

        void add(int number) {
            sum += number;
        }

        Slow join(Slow other) {
            sum += other.sum;
            return this;
        }

        private void writeObject(ObjectOutputStream out) throws IOException {
            Delays.pause(LIMIT.multipliedBy(2));
            out.defaultWriteObject();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void theTimeToSendWhatWasGatheredIsNotTheLastItems(boolean anyOrder) {
        try (Fission fission = Fission.builder().children(1).warmUp(0).itemTimeout(LIMIT).build()) {
            Slow all = fission.reduce(List.of(1, 2, 3), x -> x, Collector.of(Slow::new, Slow::add, Slow::join,
                    anyOrder ? new Collector.Characteristics[] {Collector.Characteristics.UNORDERED}
                            : new Collector.Characteristics[0]));
            assertThat(all.sum).isEqualTo(6);
        }
    }

    /** Ends the process that sends it, twice. */
    static final class Deadly implements Serializable {
        private static final long serialVersionUID = 1L;
        private static final SharedCounters SENDINGS = new SharedCounters(1);
        private long sum;

        void add(int number) {
            sum += number;
        }

        Deadly join(Deadly other) {
            sum += other.sum;
            return this;
        }

        private void writeObject(ObjectOutputStream out) throws IOException {
            if (SENDINGS.count(0) < 2) {
                Signals.kill(Unistd.getpid(), Signals.SIGKILL);
            }
            out.defaultWriteObject();
        }
    }

    @Test
    void aChildThatDiesWhileItSendsWhatItHasGatheredCountsAgainstItsLastItem() {
        Collector<Integer, Deadly, Deadly> collector = Collector.of(Deadly::new, Deadly::add, Deadly::join,
                Collector.Characteristics.UNORDERED);
        try (Fission fission = Fission.builder().children(1).warmUp(0).maxRetries(1).build()) {
            assertThatThrownBy(() -> fission.reduce(List.of(1, 2, 3), x -> x, collector))
                    .isInstanceOf(WorkerDiedException.class).hasMessageContaining("SIGKILL")
                    .hasMessageContaining("after item 2 (3)");
            Deadly.SENDINGS.set(0, 0);
        }
        try (Fission fission = Fission.builder().children(1).warmUp(0).maxRetries(2).build()) {
            assertThat(fission.reduce(List.of(1, 2, 3), x -> x, collector).sum).isEqualTo(6);
        }
    }

    @Test
    void largeContainersTravelInPieces() {
        try (Fission fission = Fission.builder().children(2).warmUp(0).build()) {
            BitSet all = fission.reduce(NUMBERS, x -> x, Collector.of(() -> new BitSet(40_000_000), (bits, x) -> {
                bits.set(x * 20_000);
            }, (some, others) -> {
                some.or(others);
                return some;
            }, Collector.Characteristics.UNORDERED));
            assertThat(all.cardinality()).isEqualTo(ITEMS);
            Set<Integer> set = fission.reduce(NUMBERS, x -> x, Collectors.toCollection(HashSet::new));
            assertThat(set).hasSize(ITEMS);
        }
    }

    /** A child that works for long sends what it has in between, so that its death costs little. */
    @Test
    void whatIsGatheredIsSentNowAndThen() {
        SharedCounters counters = new SharedCounters(2);
        List<Integer> few = NUMBERS.subList(0, 400);
        try (Fission fission = Fission.builder().children(1).warmUp(0).maxRetries(1).build()) {
            int[] counts = fission.reduce(few, x -> {
                counters.count(1);
                work(5_000);
                if (x == 399 && counters.isFirst(0)) {
                    Signals.kill(Unistd.getpid(), Signals.SIGKILL);
                }
                return x;
            }, COUNTS);
            assertThat(IntStream.of(counts).sum()).isEqualTo(400);
        }
        assertThat(counters.get(1)).isLessThan(800);
    }
}
