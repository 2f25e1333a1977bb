package io.cleave.fission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.HotSpotDiagnosticMXBean;
import io.cleave.WorkerDiedException;
import io.cleave.os.Unistd;
import io.cleave.os.YoungCollection;
import io.cleave.testing.ChildJvm;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Children that need memory: whole ones collect garbage, others have what was free of the young generation. */
final class FissionMemoryTest {
    private static final String YOUNG = "-Xmn16m";
    private static final String ONE_THREAD = "-Dcleave.fission.whole=false";
    /** Else the parallel collector makes Eden as small as it thinks fit, on a busy machine smaller than one item needs. */
    private static final String STEADY = "-XX:-UseAdaptiveSizePolicy";

    /** Makes garbage of a size, in small pieces, and returns 0. */
    private static int litter(long bytes) {
        int sum = 0;
        for (long made = 0; made < bytes; made += 1024) {
            byte[] piece = new byte[1000];
            piece[(int) (made / 1024 % 1000)] = 1;
            sum += piece[0] + piece.length;
        }
        return sum > 0 ? 0 : 1;
    }

    private static long collections() {
        return ManagementFactory.getGarbageCollectorMXBeans().stream()
                .mapToLong(GarbageCollectorMXBean::getCollectionCount).sum();
    }

    private static String describe(FissionReport report) {
        return " forks " + report.forks() + " reforks " + report.reforks() + " parent " + report.itemsInParent()
                + " children " + report.itemsInChildren();
    }

    /** Makes much garbage in a child, though less than Eden has room for. */
    static final class LittersInALargeEden {
        private static final int ITEMS = 100;
        private static final long EACH = 6L << 20;
        /** So that whoever looks after the child's memory comes to look, on a busy machine, too. */
        private static final long NAP_NANOS = 10_000_000;

        public static void main(String[] arguments) {
            byte[][] alive = new byte[64][1 << 10]; // what a collection has to copy
            long before = collections();
            try (Fission fission = Fission.builder().warmUp(0).children(1).build()) {
                List<Long> seen = fission.map(IntStream.range(0, ITEMS).boxed().toList(), x -> {
                    LockSupport.parkNanos(NAP_NANOS);
                    return alive[x % 64][0] + litter(EACH) + collections() - before;
                });
                System.out.println("first " + seen.getFirst() + " last " + (seen.getLast() > 0) + " steady "
                        + (seen.getLast() < ITEMS / 2) + " parent " + (collections() - before));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"-XX:+UseSerialGC", "-XX:+UseParallelGC", "-XX:+UseG1GC"})
    void aChildCollectsLongBeforeItHasTouchedALargeEden(String collector) throws InterruptedException {
        assumeTrue(YoungCollection.isThere());
        try (ChildJvm jvm = ChildJvm.start(List.of(collector, "-Xmn1g", "-Xms1500m", "-Xmx1500m", STEADY),
                LittersInALargeEden.class)) {
            assertThat(jvm.awaitExit()).as(jvm.toString()).isZero();
            assertThat(jvm.lines()).contains("first 0 last true steady true parent 0");
        }
    }

    /** Runs items that each need some of Eden, and all together many times as much. */
    static final class Litters {
        public static void main(String[] arguments) {
            List<Integer> items = IntStream.range(0, 40).boxed().toList();
            int parent = Unistd.getpid();
            for (int warmUp = 0; warmUp < 3; warmUp += 2) {
                try (Fission fission = Fission.builder().warmUp(warmUp).children(2).build()) {
                    List<Integer> results = fission.map(items, x -> x + litter(4L << 20));
                    FissionReport report = fission.lastReport();
                    System.out.println("map " + results.equals(items) + describe(report));
                    List<Integer> kept = fission.map(items, x -> new ArrayList<>(results.subList(0, x)).size()
                            + litter(2L << 20));
                    System.out.println("kept " + kept.equals(items) + describe(fission.lastReport()));
                }
                Function<List<Integer>, Stream<Integer>> body = slice -> slice.stream().map(x -> x + litter(2L << 20));
                body.apply(items).forEach(x -> {}); // so that no child has to load what this needs
                try (Fission fission = Fission.builder().warmUp(warmUp).children(2).build();
                        Stream<Integer> each = fission.each(items, body)) {
                    System.out.println("each " + each.toList().equals(items));
                }
            }
            System.out.println("parent " + (parent == Unistd.getpid()));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"-XX:+UseSerialGC", "-XX:+UseParallelGC", "-XX:+UseG1GC"})
    void manyItemsTogetherMayNeedFarMoreThanEden(String collector) throws InterruptedException {
        try (ChildJvm jvm = ChildJvm.start(List.of(collector, YOUNG, "-Xms256m", "-Xmx256m", ONE_THREAD, STEADY),
                Litters.class)) {
            assertThat(jvm.awaitExit()).as(jvm.toString()).isZero();
            assertThat(jvm.lines()).filteredOn(line -> line.startsWith("map ")).hasSize(2).allSatisfy(
                    line -> assertThat(line).startsWith("map true").doesNotContain("reforks 0"));
            assertThat(jvm.lines()).filteredOn(line -> line.startsWith("kept ")).hasSize(2)
                    .allMatch(line -> line.startsWith("kept true"));
            assertThat(jvm.lines()).filteredOn(line -> line.startsWith("each ")).containsExactly("each true",
                    "each true");
            assertThat(jvm.lines()).contains("parent true");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"-XX:+UseSerialGC", "-XX:+UseParallelGC", "-XX:+UseG1GC"})
    void aWholeChildCollectsWhatItNeeds(String collector) throws InterruptedException {
        assumeTrue(Fission.support() instanceof Support.Supported(boolean isWhole, String _) && isWhole);
        List<String> options = List.of(collector, YOUNG, "-Xms256m", "-Xmx256m");
        try (ChildJvm jvm = ChildJvm.start(options, Litters.class);
                ChildJvm other = ChildJvm.start(options, NeedsTooMuch.class, "isolated")) {
            assertThat(jvm.awaitExit()).as(jvm.toString()).isZero();
            assertThat(jvm.lines()).filteredOn(line -> line.startsWith("map true forks 2 reforks 0")).hasSize(2);
            assertThat(jvm.lines()).contains("each true", "parent true");
            assertThat(other.awaitLine("nothing thrown")).contains("forks 2 reforks 0 parent 0 children 20");
        }
    }

    /** Has several threads make room at once. */
    static final class MakesRoom {
        public static void main(String[] arguments) throws InterruptedException {
            List<String> before = ratios();
            List<Thread> threads = IntStream.range(0, 4).mapToObj(i -> Thread.ofPlatform().start(() -> {
                for (int n = 1; n < 12; n++) {
                    LargeObjects.makeRoom(((long) n * i) << 22);
                }
            })).toList();
            for (Thread thread : threads) {
                thread.join();
            }
            System.out.println("unchanged " + ratios().equals(before));
        }

        private static List<String> ratios() {
            HotSpotDiagnosticMXBean options = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
            return Stream.of("MinHeapFreeRatio", "MaxHeapFreeRatio").map(name -> options.getVMOption(name).getValue())
                    .toList();
        }
    }

    @Test
    void roomForLargeObjectsIsMadeByOneThreadAtATimeAndLeavesTheSettingsOfTheHeap() throws InterruptedException {
        try (ChildJvm jvm = ChildJvm.start(List.of("-XX:+UseG1GC", "-Xms16m", "-Xmx512m"), MakesRoom.class)) {
            assertThat(jvm.awaitExit()).as(jvm.toString()).isZero();
            assertThat(jvm.lines()).contains("unchanged true");
        }
    }

    /** Runs one item that needs far more than Eden has, among others that do not; with an argument nothing runs here. */
    static final class NeedsTooMuch {
        public static void main(String[] arguments) {
            Fission.Builder builder = Fission.builder().children(2);
            try (Fission fission = arguments.length > 0 ? builder.warmUp(0).build() : builder.build()) {
                fission.map(IntStream.range(0, 20).boxed().toList(), x -> {
                    LockSupport.parkNanos(5_000_000); // it is worth a fork
                    return x == 19 ? litter(100L << 20) : litter(1 << 10);
                });
                System.out.println("nothing thrown" + describe(fission.lastReport()));
            } catch (WorkerDiedException e) {
                System.out.println("thrown " + e.getMessage());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"-XX:+UseSerialGC", "-XX:+UseParallelGC", "-XX:+UseG1GC"})
    void anItemThatNeedsMoreThanEdenIsAnErrorWithBothFiguresAndTheRemedy(String collector) throws InterruptedException {
        try (ChildJvm jvm = ChildJvm.start(List.of(collector, YOUNG, "-Xms256m", "-Xmx256m", ONE_THREAD, STEADY),
                NeedsTooMuch.class, "isolated")) {
            assertThat(jvm.awaitExit()).as(jvm.toString()).isZero();
            String message = jvm.awaitLine("thrown ");
            assertThat(message).contains("more memory", "item 19 (19)", "-Xmn");
            Matcher figures = Pattern.compile("filled at least (\\d+) MiB when Eden's (\\d+) MiB").matcher(message);
            assertThat(figures.find()).as(message).isTrue();
            assertThat(Integer.parseInt(figures.group(1))).isBetween(1, 100);
            assertThat(Integer.parseInt(figures.group(2))).isBetween(1, 16);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"-XX:+UseSerialGC", "-XX:+UseParallelGC", "-XX:+UseG1GC"})
    void anItemThatNeedsMoreThanEdenIsComputedByTheCallerWhichCanCollect(String collector) throws InterruptedException {
        try (ChildJvm jvm = ChildJvm.start(List.of(collector, YOUNG, "-Xms256m", "-Xmx256m", ONE_THREAD, STEADY),
                NeedsTooMuch.class)) {
            assertThat(jvm.awaitExit()).as(jvm.toString()).isZero();
            assertThat(jvm.awaitLine("nothing thrown")).doesNotContain(" forks 0 ");
        }
    }
}
