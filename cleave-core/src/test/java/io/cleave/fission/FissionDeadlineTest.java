package io.cleave.fission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.WorkerException;
import io.cleave.testing.Delays;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The time limit of a whole run. */
final class FissionDeadlineTest {
    private static final Duration LIMIT = Delays.SHORT.multipliedBy(20);
    private static final List<Integer> ITEMS = IntStream.range(0, 20).boxed().toList();

    private static Fission.Builder limited() {
        return Fission.builder().warmUp(0).children(2).deadline(LIMIT);
    }

    private static int hangsFromTen(int x) throws InterruptedException {
        if (x >= 10) {
            Thread.sleep(Delays.PATIENCE.multipliedBy(10));
        }
        return x;
    }

    @Test
    void aRunThatTakesTooLongFailsAfterTheResultsThatAreThere() {
        List<Integer> taken = new ArrayList<>();
        try (Fission fission = limited().build();
                Stream<Integer> results = fission.imap(ITEMS,
                        FissionDeadlineTest::hangsFromTen)) {
            assertThatThrownBy(() -> results.forEach(taken::add)).isExactlyInstanceOf(WorkerException.class)
                    .hasCauseInstanceOf(TimeoutException.class).hasMessageContaining(LIMIT.toString())
                    .satisfies(thrown -> assertThat(thrown).hasMessageContaining(taken.size() + " results"));
            assertThat(taken).isEqualTo(ITEMS.subList(0, taken.size()));
            assertThatThrownBy(() -> fission.map(ITEMS, FissionDeadlineTest::hangsFromTen))
                    .hasCauseInstanceOf(TimeoutException.class);
        }
    }

    @Test
    void itsChildrenAreKilledThoughNobodyAsksForAResult() {
        try (Fission fission = limited().build();
                Stream<Integer> results = fission.imap(ITEMS,
                        FissionDeadlineTest::hangsFromTen)) {
            Iterator<Integer> each = results.iterator();
            assertThat(each.next()).isZero();
            assertThat(Delays.within(LIMIT.plus(Delays.GRACE),
                    () -> ProcessHandle.current().children().findAny().isEmpty())).isTrue();
            assertThatThrownBy(() -> each.forEachRemaining(x -> {})).hasCauseInstanceOf(TimeoutException.class);
        }
    }

    @Test
    void aSubmittedTaskThatTakesTooLongFails() {
        try (Fission fission = limited().build()) {
            assertThatThrownBy(() -> fission.submit(() -> hangsFromTen(10)).get()).cause()
                    .isExactlyInstanceOf(WorkerException.class).hasCauseInstanceOf(TimeoutException.class)
                    .hasMessageContaining(LIMIT.toString());
        }
    }

    private static boolean isTimeSeen() throws Exception {
        return new CompletableFuture<Boolean>().completeOnTimeout(true, 1, TimeUnit.MILLISECONDS)
                .get(Delays.PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** One thread looks at the time for all of the JVM, and must not wait for what somebody does with a report. */
    @Test
    void whoHearsOfTheReportHoldsUpNoOtherTimeouts() throws Exception {
        CountDownLatch heard = new CountDownLatch(2);
        CountDownLatch goOn = new CountDownLatch(1);
        try (Fission fission = limited().onReport(report -> {
            heard.countDown();
            await(goOn);
        }).build(); Stream<Integer> results = fission.imap(ITEMS, FissionDeadlineTest::hangsFromTen)) {
            try {
                assertThat(results.iterator().next()).isZero();
                CompletableFuture<List<Integer>> all = fission.amap(ITEMS, FissionDeadlineTest::hangsFromTen)
                        .orTimeout(Delays.SHORT.toMillis(), TimeUnit.MILLISECONDS);
                assertThat(heard.await(Delays.PATIENCE.toMillis(), TimeUnit.MILLISECONDS)).isTrue();
                assertThat(all).isCompletedExceptionally();
                assertThat(isTimeSeen()).isTrue();
            } finally {
                goOn.countDown();
            }
        }
    }

    @Test
    void aRunThatEndsInTimeKnowsNothingOfIt() {
        try (Fission fission = Fission.builder().warmUp(0).deadline(Duration.ofSeconds(Long.MAX_VALUE)).build()) {
            assertThat(fission.map(ITEMS, x -> x)).isEqualTo(ITEMS);
        }
        assertThatIllegalArgumentException().isThrownBy(() -> Fission.builder().deadline(Duration.ZERO))
                .withMessageContaining("PT0S");
    }
}
