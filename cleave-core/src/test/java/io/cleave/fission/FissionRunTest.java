package io.cleave.fission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.os.Cpus;
import io.cleave.os.Unistd;
import io.cleave.share.Codec;
import io.cleave.testing.Delays;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where items are computed, how far a run has come, and what it reports of itself. */
final class FissionRunTest {
    private static final List<Integer> ITEMS = IntStream.range(0, 300).boxed().toList();
    private static final FissionReport NOTHING = FissionReport.ofNoForks(0);

    private static int slowly(int x) {
        long end = System.nanoTime() + 200_000;
        while (System.nanoTime() < end) {
            Thread.onSpinWait();
        }
        return x;
    }

    private static boolean isParent(int parent) {
        return Unistd.getpid() == parent;
    }

    @Test
    void nothingIsComputedInTheCallingJvmWithoutAWarmUp() {
        int parent = Unistd.getpid();
        try (Fission fission = Fission.builder().warmUp(0).build()) {
            assertThat(fission.map(ITEMS, x -> isParent(parent))).containsOnly(false);
            assertThat(fission.lastReport().itemsInParent()).isZero();
            assertThat(fission.lastReport().itemsInChildren()).isEqualTo(ITEMS.size());
            assertThat(fission.lastReport().forks()).isPositive();
        }
    }

    @Test
    void theFirstItemsAreComputedInTheCallingJvmAsAskedFor() {
        int parent = Unistd.getpid();
        try (Fission fission = Fission.builder().warmUp(5).build()) {
            assertThat(fission.map(ITEMS, x -> isParent(parent))).startsWith(true, true, true, true, true);
            assertThat(fission.map(ITEMS.subList(0, 3), x -> isParent(parent))).containsExactly(true, true, true);
            assertThat(fission.lastReport()).isEqualTo(FissionReport.ofNoForks(3));
        }
    }

    @Test
    void whatIsCheapIsNotForkedForByDefault() {
        try (Fission fission = Fission.create()) {
            assertThat(fission.map(List.of(1, 2, 3), x -> x)).containsExactly(1, 2, 3);
            assertThat(fission.lastReport()).isEqualTo(FissionReport.ofNoForks(3));
        }
    }

    @Test
    void aTimeoutHasAllItemsBegunInChildren() {
        int parent = Unistd.getpid();
        try (Fission fission = Fission.builder().itemTimeout(Duration.ofMinutes(1)).build()) {
            assertThat(fission.map(List.of(1, 2, 3), x -> isParent(parent))).containsExactly(false, false, false);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 9})
    void noMoreChildrenComputeAtOnceThanAskedFor(int children) {
        SharedCounters counters = new SharedCounters(2);
        try (Fission fission = Fission.builder().warmUp(0).children(children).build()) {
            assertThat(fission.parallelism()).isEqualTo(children);
            List<Long> atOnce = fission.map(ITEMS, x -> {
                long others = counters.count(0);
                slowly(x);
                counters.add(0, -1);
                return others + 1;
            });
            assertThat(atOnce).allMatch(count -> count <= children);
        }
    }

    @Test
    void severalChildrenComputeAtOnce() {
        SharedCounters arrived = new SharedCounters(1);
        try (Fission fission = Fission.builder().warmUp(0).children(3).build()) {
            // No item ends before all have begun.
            assertThat(fission.map(List.of(1, 2, 3), x -> {
                arrived.count(0);
                while (arrived.get(0) < 3) {
                    Thread.sleep(1);
                }
                return x;
            })).containsExactly(1, 2, 3);
        }
    }

    @Test
    void aPoolMayHaveMoreChildrenThanThereAreItems() {
        try (Fission fission = Fission.builder().warmUp(0).children(50).build()) {
            assertThat(fission.map(List.of(1, 2, 3), x -> x)).containsExactly(1, 2, 3);
            assertThat(fission.lastReport().forks()).isLessThanOrEqualTo(3 + fission.lastReport().reforks());
        }
    }

    @Test
    void byDefaultThereIsAChildForEachProcessorThatMayBeUsed() {
        try (Fission fission = Fission.create()) {
            assertThat(fission.parallelism()).isEqualTo(Cpus.usable());
        }
    }

    @Test
    void theFiguresOfTheReportAddUp() {
        for (int warmUp = 0; warmUp < 400; warmUp += 133) {
            try (Fission fission = Fission.builder().warmUp(warmUp).children(3).build()) {
                assertThat(fission.lastReport()).isEqualTo(NOTHING);
                assertThat(fission.map(ITEMS, FissionRunTest::slowly)).isEqualTo(ITEMS);
                check(fission.lastReport());
                assertThat(fission.lastReport().itemsInParent()).isGreaterThanOrEqualTo(Math.min(warmUp, ITEMS.size()));
                try (Stream<Integer> results = fission.imapUnordered(ITEMS, FissionRunTest::slowly)) {
                    assertThat(results.count()).isEqualTo(ITEMS.size());
                }
                check(fission.lastReport());
                try (Stream<Integer> results = fission.each(ITEMS,
                        slice -> slice.stream().flatMap(x -> Stream.of(x, x)))) {
                    assertThat(results.count()).isEqualTo(2L * ITEMS.size());
                }
                check(fission.lastReport());
            }
        }
    }

    private static void check(FissionReport report) {
        assertThat(report.itemsInParent() + report.itemsInChildren()).as("%s", report).isEqualTo(ITEMS.size());
        assertThat(report.provenDeadlocks() + report.unprovenTimeouts()).isEqualTo(report.detections().size());
        assertThat(report.forks()).isGreaterThanOrEqualTo(report.reforks());
        assertThat(report.mostBytesDirtied()).isLessThanOrEqualTo(report.bytesDirtied());
        if (report.itemsInChildren() > 0) {
            assertThat(report.forks()).isPositive();
            assertThat(report.bytesDirtied()).isPositive();
        }
    }

    @Test
    void theReportOfARunUnderWayCanBeHad() {
        try (Fission fission = Fission.builder().warmUp(0).build();
                Stream<Integer> results = fission.imap(ITEMS, FissionRunTest::slowly)) {
            Iterator<Integer> each = results.iterator();
            assertThat(each.next()).isZero();
            assertThat(fission.lastReport().forks()).isPositive();
            assertThat(fission.lastReport().itemsInChildren()).isBetween(1L, 300L);
        }
    }

    @Test
    void theReportTellsWhatTheForksHaveCost() {
        List<FissionReport> heard = new ArrayList<>();
        try (Fission fission = Fission.builder().warmUp(0).children(2).onReport(heard::add).build()) {
            fission.map(ITEMS, FissionRunTest::slowly);
            FissionReport report = fission.lastReport();
            assertThat(heard).containsExactly(report);
            assertThat(report.lastFork()).isPositive();
            assertThat(report.longestFork()).isGreaterThanOrEqualTo(report.lastFork());
            assertThat(report.pageTableBytes()).isPositive();
            boolean isWhole = ((Support.Supported) Fission.support()).isWhole();
            assertThat(report.wholeForks()).isEqualTo(isWhole ? report.forks() : 0);
            assertThat(report.whyNotWhole().isEmpty()).isEqualTo(isWhole);
            assertThat(report.longestPause()).isBetween(Duration.ofNanos(isWhole ? 1 : 0), report.longestFork());
        }
        assertThat(heard).hasSize(1);
    }

    @Test
    void eachRunIsReportedOnceHoweverItEnds() throws Exception {
        List<FissionReport> heard = Collections.synchronizedList(new ArrayList<>());
        try (Fission fission = Fission.builder().warmUp(0).children(2).onReport(heard::add).build()) {
            try (Stream<Integer> results = fission.imap(ITEMS, FissionRunTest::slowly)) {
                assertThat(results.iterator().next()).isZero();
            }
            assertThat(heard).hasSize(1).allMatch(report -> report.forks() > 0);
            assertThatThrownBy(() -> fission.map(ITEMS, x -> Integer.parseInt("x" + x)))
                    .isInstanceOf(NumberFormatException.class);
            assertThat(heard).hasSize(2);
            assertThat(fission.submit(() -> 1).get()).isEqualTo(1);
            assertThat(heard).hasSize(3);
            assertThat(heard.getLast().forks()).isPositive();
            assertThat(heard.getLast().itemsInChildren()).isEqualTo(1);
        }
        assertThat(heard).hasSize(3);
    }

    @Test
    void aListenerThatThrowsLeavesNothingBehind() {
        try (Fission fission = Fission.builder().warmUp(0).onReport(report -> {
            throw new IllegalStateException("not interested");
        }).build()) {
            assertThatThrownBy(() -> fission.map(ITEMS, x -> x)).hasMessage("not interested");
            assertThatThrownBy(() -> fission.submit(() -> 1).get()).hasRootCauseMessage("not interested");
        }
        assertThat(ProcessHandle.current().children()).isEmpty();
    }

    /** The first run's listener kept the others from being ended. */
    @Test
    void aListenerThatThrowsKeepsNoOtherRunFromBeingEnded() {
        Fission fission = Fission.builder().warmUp(0).children(1).onReport(report -> {
            throw new IllegalStateException("not interested");
        }).build();
        for (int run = 0; run < 3; run++) {
            assertThat(fission.imap(ITEMS, FissionRunTest::slowly).iterator().next()).isZero();
        }
        Future<?> submitted = fission.submit(() -> 1);
        assertThatThrownBy(fission::close).isInstanceOf(IllegalStateException.class).hasMessage("not interested")
                .satisfies(thrown -> assertThat(thrown.getSuppressed()).hasSize(2));
        assertThat(submitted).isDone();
        assertThat(ProcessHandle.current().children()).isEmpty();
    }

    /** A stream that was begun while its pool was being shut down went on. */
    @Test
    void noStreamOutlivesAPoolThatIsShutDownByForce() throws Exception {
        for (int round = 0; round < 300; round++) {
            Fission fission = Fission.builder().warmUp(Integer.MAX_VALUE).build();
            CyclicBarrier start = new CyclicBarrier(2);
            FutureTask<?> reading = new FutureTask<>(() -> {
                start.await();
                fission.imap(() -> Stream.generate(() -> 1).iterator(), x -> x).forEach(x -> {}); // without end
                return null;
            });
            Thread reader = Thread.ofPlatform().start(reading);
            start.await();
            fission.shutdownNow();
            assertThatThrownBy(() -> reading.get(Delays.PATIENCE.toMillis(), TimeUnit.MILLISECONDS)).cause()
                    .isInstanceOfAny(IllegalStateException.class, CancellationException.class);
            reader.join();
        }
    }

    @Test
    void aListenerThatThrowsDoesNotHideWhyARunHasFailed() {
        try (Fission fission = Fission.builder().warmUp(0).onReport(report -> {
            throw new IllegalStateException("not interested");
        }).build()) {
            assertThatThrownBy(() -> fission.map(ITEMS, x -> Integer.parseInt("x" + x)))
                    .isInstanceOf(NumberFormatException.class).satisfies(thrown -> assertThat(thrown.getSuppressed())
                            .anyMatch(other -> "not interested".equals(other.getMessage())));
            assertThatThrownBy(() -> fission.submit(() -> Integer.parseInt("x")).get()).cause()
                    .isInstanceOf(NumberFormatException.class).satisfies(thrown -> assertThat(thrown.getSuppressed())
                            .anyMatch(other -> "not interested".equals(other.getMessage())));
        }
    }

    @Test
    void aTaskThatChangesTheWorldRunsOnceForEachItemWhereNothingGoesWrong() {
        SharedCounters begun = new SharedCounters(ITEMS.size());
        try (Fission fission = Fission.builder().warmUp(10).children(3).build()) {
            fission.map(ITEMS, x -> begun.count(x));
            long again = fission.lastReport().provenDeadlocks() + fission.lastReport().reforks();
            assertThat(ITEMS.stream().filter(x -> begun.get(x) != 1).count()).isLessThanOrEqualTo(again);
            assertThat(ITEMS).allMatch(x -> begun.get(x) >= 1);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 10, 1000})
    void progressGrowsToTheTotal(int warmUp) {
        List<List<Long>> heard = new ArrayList<>();
        try (Fission fission = Fission.builder().warmUp(warmUp)
                .progress((done, total) -> heard.add(List.of(done, total))).build()) {
            fission.map(ITEMS, FissionRunTest::slowly);
        }
        assertThat(heard).isNotEmpty().allMatch(one -> one.get(1) == ITEMS.size());
        assertThat(heard).map(List::getFirst).isSorted().doesNotHaveDuplicates().endsWith((long) ITEMS.size());
    }

    @Test
    void theTotalOfAnIterableIsUnknown() {
        List<List<Long>> heard = new ArrayList<>();
        try (Fission fission = Fission.builder().warmUp(0)
                .progress((done, total) -> heard.add(List.of(done, total))).build()) {
            fission.map(() -> ITEMS.iterator(), FissionRunTest::slowly);
        }
        assertThat(heard).endsWith(List.of((long) ITEMS.size(), -1L));
    }

    @Test
    void anotherCodecMayEncodeTheResults() {
        try (Fission fission = Fission.builder().warmUp(0).codec(Codec.java()).build()) {
            assertThat(fission.map(List.of(1, 2), List::of)).containsExactly(List.of(1), List.of(2));
        }
    }

    /** A codec of the program's own, with all that it refers to. */
    private static final class Own implements Codec {
        @Override
        public String name() {
            return "own";
        }

        @Override
        public byte[] encode(Object value) throws IOException {
            return Codec.java().encode(value);
        }

        @Override
        public Object decode(byte[] bytes, int offset, int length) throws IOException {
            return Codec.java().decode(bytes, offset, length);
        }
    }

    private static WeakReference<Codec> used(int warmUp) {
        Codec codec = new Own();
        try (Fission fission = Fission.builder().warmUp(warmUp).codec(codec).build()) {
            assertThat(fission.map(List.of(1, 2), List::of)).containsExactly(List.of(1), List.of(2));
        }
        return new WeakReference<>(codec);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 10})
    void aCodecThatNobodyUsesAnyMoreIsForgotten(int warmUp) {
        WeakReference<Codec> codec = used(warmUp);
        assertThat(Delays.within(Delays.PATIENCE, () -> {
            System.gc();
            return codec.refersTo(null);
        })).isTrue();
    }

    @Test
    void twoRunsOfOnePoolKeepTheirChildrenApart() throws Exception {
        try (Fission fission = Fission.builder().warmUp(0).children(2).build()) {
            Callable<List<Integer>> run = () -> fission.map(ITEMS, x -> slowly(x) + Unistd.getpid());
            FutureTask<List<Integer>> other = new FutureTask<>(run);
            Thread thread = Thread.ofPlatform().start(other);
            List<Integer> mine = run.call();
            List<Integer> others = other.get();
            thread.join();
            var myChildren = new HashSet<>(IntStream.range(0, 300).mapToObj(i -> mine.get(i) - i).toList());
            var otherChildren = new HashSet<>(IntStream.range(0, 300).mapToObj(i -> others.get(i) - i).toList());
            assertThat(myChildren).doesNotContainAnyElementsOf(otherChildren);
        }
    }

    @Test
    void aPoolUsedInAChildComputesThere() {
        int parent = Unistd.getpid();
        try (Fission fission = Fission.builder().warmUp(0).build()) {
            List<List<Integer>> pids = fission.map(List.of(1, 2), x -> {
                List<Integer> inner = new ArrayList<>(fission.map(List.of(1, 2, 3), y -> Unistd.getpid()));
                inner.add(Unistd.getpid());
                return inner;
            });
            assertThat(pids).allSatisfy(inner -> assertThat(inner).hasSize(4).containsOnly(inner.getLast())
                    .doesNotContain(parent));
        }
    }

    @Test
    void settingsThatMakeNoSenseAreRefusedWithTheirValue() {
        Fission.Builder builder = Fission.builder();
        assertThatIllegalArgumentException().isThrownBy(() -> builder.children(0)).withMessageContaining("0");
        assertThatIllegalArgumentException().isThrownBy(() -> builder.children(-3)).withMessageContaining("-3");
        assertThatIllegalArgumentException().isThrownBy(() -> builder.warmUp(-1)).withMessageContaining("-1");
        assertThatIllegalArgumentException().isThrownBy(() -> builder.maxRetries(-1)).withMessageContaining("-1");
        assertThatIllegalArgumentException().isThrownBy(() -> builder.itemTimeout(Duration.ZERO))
                .withMessageContaining("PT0S");
        assertThatIllegalArgumentException().isThrownBy(() -> builder.itemTimeout(Duration.ofMillis(-1)));
        assertThatNullPointerException().isThrownBy(() -> builder.codec(null));
        assertThatNullPointerException().isThrownBy(() -> builder.progress(null));
    }

    @Test
    void aTimeoutLongerThanAnyoneLivesIsNoLimit() {
        try (Fission fission = Fission.builder().itemTimeout(Duration.ofSeconds(Long.MAX_VALUE)).build()) {
            assertThat(fission.map(List.of(1), x -> x)).containsExactly(1);
        }
    }
}
