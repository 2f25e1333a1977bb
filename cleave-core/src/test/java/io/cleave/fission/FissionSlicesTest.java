package io.cleave.fission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.CleaveException;
import io.cleave.WorkerException;
import io.cleave.os.Signals;
import io.cleave.os.Unistd;
import io.cleave.testing.Delays;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The generator form: a body that takes slices of the items and gives streams of results. */
final class FissionSlicesTest {
    private static final List<Integer> ITEMS = IntStream.range(0, 1000).boxed().toList();

    @ParameterizedTest
    @ValueSource(ints = {5000, 1, 0})
    void resultsComeInTheOrderOfTheSlicesWhichCoverAllItems(int warmUp) {
        try (Fission fission = Fission.builder().warmUp(warmUp).build();
                Stream<Integer> results = fission.each(ITEMS, List::stream)) {
            assertThat(results.toList()).isEqualTo(ITEMS);
        }
    }

    @Test
    void allIsTheSameByDefault() {
        try (Fission fission = Fission.create(); Stream<Integer> results = fission.each(ITEMS, List::stream)) {
            assertThat(results.toList()).isEqualTo(ITEMS);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {5000, 1, 0})
    void anItemMayHaveNoResultOrManyOrNull(int warmUp) {
        try (Fission fission = Fission.builder().warmUp(warmUp).build()) {
            try (Stream<Integer> results = fission.each(ITEMS, slice -> slice.stream().filter(x -> x % 100 == 7))) {
                assertThat(results.toList()).containsExactly(7, 107, 207, 307, 407, 507, 607, 707, 807, 907);
            }
            try (Stream<Integer> results = fission.each(ITEMS, slice -> slice.stream().flatMap(x -> Stream.of(x, x)))) {
                assertThat(results.toList()).isEqualTo(ITEMS.stream().flatMap(x -> Stream.of(x, x)).toList());
            }
            try (Stream<Integer> results = fission.each(ITEMS, slice -> slice.stream().map(x -> null))) {
                assertThat(results.toList()).hasSize(ITEMS.size()).containsOnlyNulls();
            }
            try (Stream<Integer> results = fission.each(List.<Integer>of(), List::stream)) {
                assertThat(results.toList()).isEmpty();
            }
        }
    }

    @Test
    void aSliceCannotBeChanged() {
        try (Fission fission = Fission.builder().warmUp(0).build();
                Stream<Integer> results = fission.each(ITEMS, slice -> {
                    slice.set(0, 0);
                    return slice.stream();
                })) {
            assertThatThrownBy(results::toList).isInstanceOf(UnsupportedOperationException.class);
        }
    }

    @Test
    void theBodysStreamIsClosedInTheChild() {
        try (Fission fission = Fission.builder().warmUp(0).children(1).build();
                Stream<String> results = fission.each(ITEMS, slice -> {
                    if (slice.getFirst() == 0) {
                        return Stream.of("first").onClose(() -> {
                            throw new IllegalStateException("closed");
                        });
                    }
                    return Stream.of("later");
                })) {
            assertThatThrownBy(results::toList).isInstanceOf(IllegalStateException.class).hasMessage("closed");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {5000, 0})
    void aBodyThatReturnsNullIsToldSo(int warmUp) {
        try (Fission fission = Fission.builder().warmUp(warmUp).build();
                Stream<Integer> results = fission.each(ITEMS, slice -> (Stream<Integer>) null)) {
            assertThatThrownBy(results::toList).isExactlyInstanceOf(CleaveException.class)
                    .hasMessageContaining("returned null").hasMessageContaining("empty stream");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {5000, 0})
    void aBodyThatReturnsAUsedStreamIsToldSo(int warmUp) {
        try (Fission fission = Fission.builder().warmUp(warmUp).build()) {
            try (Stream<Integer> results = fission.each(ITEMS, slice -> {
                Stream<Integer> stream = slice.stream();
                assertThat(stream.count()).isPositive();
                return stream;
            })) {
                assertThatThrownBy(results::toList).isExactlyInstanceOf(CleaveException.class)
                        .hasMessageContaining("used or closed").hasMessageContaining("fresh stream");
            }
            try (Stream<Integer> results = fission.each(ITEMS, slice -> {
                Stream<Integer> stream = slice.stream();
                assertThat(stream.iterator().next()).isNotNull(); // half consumed
                return stream;
            })) {
                assertThatThrownBy(results::toList).isExactlyInstanceOf(CleaveException.class);
            }
        }
    }

    @Test
    void aFailureInTheMiddleOfASliceComesAfterTheResultsBeforeIt() {
        try (Fission fission = Fission.builder().warmUp(0).build();
                Stream<Integer> results = fission.each(ITEMS, slice -> slice.stream().map(x -> 10 / (500 - x)))) {
            AtomicInteger received = new AtomicInteger();
            assertThatThrownBy(() -> results.forEach(x -> received.incrementAndGet()))
                    .isInstanceOf(ArithmeticException.class)
                    .satisfies(thrown -> assertThat(thrown.getSuppressed()).hasAtLeastOneElementOfType(
                            WorkerException.class));
            assertThat(received).hasValue(500);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 1, 5000})
    void aSliceMayHaveResultsWithoutEnd(int warmUp) {
        Fission.Builder builder = Fission.builder().children(2);
        if (warmUp >= 0) {
            builder.warmUp(warmUp);
        }
        AtomicBoolean closed = new AtomicBoolean();
        AtomicInteger made = new AtomicInteger();
        try (Fission fission = builder.build()) {
            try (Stream<Integer> results = fission.each(List.of(1),
                    slice -> Stream.generate(made::incrementAndGet).onClose(() -> closed.set(true)))) {
                assertThat(results.limit(5)).containsExactly(1, 2, 3, 4, 5);
            }
            assertThat(closed.get()).as("what is open here is closed with the run").isEqualTo(warmUp != 0);
            assertThat(made).hasValueLessThan(100_000);
        }
    }

    @Test
    void aSliceWithoutEndEndsWithItsRun() {
        try (Fission fission = Fission.builder().deadline(Delays.SHORT.multipliedBy(4)).build();
                Stream<Integer> results = fission.each(List.of(1), slice -> Stream.generate(() -> 1))) {
            assertThatThrownBy(() -> results.forEach(x -> {})).hasCauseInstanceOf(TimeoutException.class);
        }
    }

    /** Nothing but a thread of this JVM's brings them to an end, so that this JVM computes what children cannot. */
    @Test
    void slicesThatOnlyThisJvmCanComputeComeInOrder() {
        int parent = Unistd.getpid();
        List<Integer> few = ITEMS.subList(0, 60);
        try (Fission fission = Fission.builder().warmUp(1).children(2).build();
                Stream<Integer> results = fission.each(few, slice -> slice.stream().flatMap(x -> {
                    if (x % 20 == 10 && Unistd.getpid() != parent) {
                        LockSupport.park(); // for ever
                    }
                    return Stream.of(x, x).peek(y -> Delays.pause(Duration.ofMillis(1)));
                }))) {
            assertThat(results.toList()).isEqualTo(few.stream().flatMap(x -> Stream.of(x, x)).toList());
        }
    }

    @Test
    void whatAKilledChildHadDeliveredOfASliceComesOnce() {
        int parent = Unistd.getpid();
        SharedCounters attempts = new SharedCounters(10);
        try (Fission fission = Fission.builder().warmUp(1).children(2).maxRetries(3).build();
                Stream<Integer> results = fission.each(ITEMS, slice -> slice.stream().peek(x -> {
                    if (x % 100 == 50 && Unistd.getpid() != parent && attempts.isFirst(x / 100)) {
                        Signals.kill(Unistd.getpid(), Signals.SIGKILL);
                    }
                }))) {
            assertThat(results.toList()).isEqualTo(ITEMS);
        }
    }
}
