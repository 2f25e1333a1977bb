package io.cleave.fission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.cleave.os.Unistd;
import io.cleave.testing.ChildJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Fission in JVMs with other options than this one: it works, or says why not. */
final class FissionJvmsTest {
    record Result(int number, String text) {}

    /** Runs fission in its different ways, and says whether all is as it should be. */
    static final class Works {
        public static void main(String[] arguments) {
            System.out.println("support " + (Fission.support() instanceof Support.Supported ? "yes" : "no"));
            List<Integer> items = IntStream.range(0, 300).boxed().toList();
            List<Result> expected = items.stream().map(Works::result).toList();
            try (Fission fission = Fission.create(); Fission isolated = Fission.builder().warmUp(0).build()) {
                System.out.println("map " + fission.map(items, Works::result).equals(expected));
                System.out.println("isolated " + isolated.map(items, Works::result).equals(expected));
                try (Stream<Result> results = fission.each(items, slice -> slice.stream().map(Works::result))) {
                    System.out.println("each " + results.toList().equals(expected));
                }
                System.out.println("forks " + isolated.lastReport().forks());
            }
        }

        private static Result result(int x) {
            long end = System.nanoTime() + 100_000;
            while (System.nanoTime() < end) {
                Thread.onSpinWait();
            }
            return new Result(x, "number " + x);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"-XX:+UseSerialGC", "-XX:+UseParallelGC", "-XX:+UseG1GC", "-Xint", "-XX:TieredStopAtLevel=1",
                    "-XX:+UseCompactObjectHeaders"})
    void itWorksWith(String option) throws InterruptedException {
        try (ChildJvm jvm = ChildJvm.start(List.of(option, "-Xmx512m"), Works.class)) {
            assertThat(jvm.awaitExit()).as(jvm.toString()).isZero();
            assertThat(jvm.lines()).contains("support yes", "map true", "isolated true", "each true")
                    .doesNotContain("forks 0");
        }
    }

    /** Streams of objects are compiled before a child makes the first stream of numbers. */
    static final class LoadsInChildren {
        private static final int UNTIL_COMPILED = 300_000;

        public static void main(String[] arguments) {
            Spliterator<Object> nothing = Spliterators.emptySpliterator();
            long count = 0;
            for (int i = 0; i < UNTIL_COMPILED; i++) {
                count += nothing.estimateSize() + (nothing.tryAdvance(x -> {}) ? 1 : 0) + Stream.empty().count();
            }
            try (Fission isolated = Fission.builder().warmUp(0).build()) {
                System.out.println("results " + isolated.map(List.of(1, 2, 3), x -> x + IntStream.empty().count()));
            }
            System.out.println("count " + count);
        }
    }

    @Test
    void anIsolatedTaskMayUseCollectionsAndStreamsThatThisJvmHasNotLoaded() throws InterruptedException {
        try (ChildJvm jvm = ChildJvm.start(List.of("-Xmx256m"), LoadsInChildren.class)) {
            assertThat(jvm.awaitExit()).as(jvm.toString()).isZero();
            assertThat(jvm.lines()).contains("results [1, 2, 3]", "count 0");
        }
    }

    /** Says what support and create say. */
    static final class Refused {
        public static void main(String[] arguments) {
            System.out.println(
                    "support " + (Fission.support() instanceof Support.Unsupported(String reason) ? reason : "yes"));
            try {
                Fission.create().close();
            } catch (UnsupportedOperationException e) {
                System.out.println("create " + e.getMessage());
            }
        }
    }

    /** Says which processes its children were. */
    static final class Processes {
        public static void main(String[] arguments) {
            try (Fission fission = Fission.builder().warmUp(0).build()) {
                List<Integer> items = IntStream.range(0, 40).boxed().toList();
                System.out.println(String.join(" ", fission.map(items, x -> Unistd.getpid()).stream().distinct()
                        .map(String::valueOf).toList()));
            }
        }
    }

    /**
     * A child shares the parent's place in each file until it has opened it anew, so that two that read from one jar at
     * once would get each other's bytes.
     */
    @Test
    void noChildHasToLoadAClassOfOurs(@TempDir Path directory) throws InterruptedException, IOException {
        Path log = directory.resolve("classes");
        try (ChildJvm jvm = ChildJvm.start(List.of("-Xlog:class+load=info:file=" + log + ":tid:filecount=0"),
                Processes.class)) {
            assertThat(jvm.awaitExit()).as(jvm.toString()).isZero();
            List<String> children = List.of(jvm.lines().getLast().split(" "));
            assertThat(children).isNotEmpty();
            List<String> loaded = Files.readAllLines(log);
            assertThat(loaded).anyMatch(line -> line.contains("io.cleave.fission.ChildMain"));
            assertThat(loaded).noneMatch(line -> line.contains("io.cleave") && children.stream()
                    .anyMatch(child -> line.startsWith("[" + child + "]")));
        }
    }

    private static void assertRefused(String reason, String... options) throws InterruptedException {
        List<String> all = new ArrayList<>(Arrays.asList(options));
        all.add("-Xmx256m");
        try (ChildJvm jvm = ChildJvm.start(all, Refused.class)) {
            int exit = jvm.awaitExit();
            assumeTrue(jvm.lines().stream().noneMatch(line -> line.startsWith("Unrecognized VM option")
                    || line.contains("not supported")), "this JVM has no " + String.join(" ", options));
            assertThat(exit).as(jvm.toString()).isZero();
            assertThat(jvm.awaitLine("support ")).contains(reason);
            assertThat(jvm.awaitLine("create ")).contains("this JVM cannot be forked", jvm.awaitLine("support "));
        }
    }

    @Test
    void theZCollectorIsRefused() throws InterruptedException {
        assertRefused("ZGC", "-XX:+UseZGC");
    }

    @Test
    void shenandoahIsRefused() throws InterruptedException {
        assertRefused("Shenandoah", "-XX:+UseShenandoahGC");
    }

    @Test
    void aJvmThatWaitsForItsCompilersIsRefusedWhereChildrenHaveNone() throws InterruptedException {
        assertRefused("-Xcomp", "-Xcomp", "-XX:TieredStopAtLevel=1", "-Dcleave.fission.whole=false"); // by one compiler alone it starts sooner
    }

    @Test
    void aHeapInAFileIsRefused(@TempDir Path directory) throws InterruptedException {
        assertRefused("-XX:AllocateHeapAt=" + directory, "-XX:AllocateHeapAt=" + directory);
    }
}
