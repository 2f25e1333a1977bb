package io.cleave.testing;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.fission.Fission;
import io.cleave.objects.SharedHeap;
import io.cleave.pool.ProcessPool;
import io.cleave.pool.SerializableCallable;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Cleave as a named module, used from the class path. This package is not one of the module's. */
final class ModulePathTest {
    /** Something that needs the codec. */
    record Pair(int number, String text) {}

    static final class Program {
        public static void main(String[] arguments) throws Exception {
            try (ProcessPool pool = ProcessPool.builder().workers(1).build(); Fission fission = Fission.create()) {
                SerializableCallable<String> call = () -> ProcessPool.class.getModule().getName();
                System.out.println("module " + pool.submit(call).get());
                List<Integer> numbers = List.of(1, 2, 3);
                System.out.println("workers " + pool.map(numbers, n -> new Pair(n, "n" + n)));
                System.out.println("children " + fission.map(numbers, n -> new Pair(n, "n" + n)));
            }
        }
    }

    /** An object of an interface that is not in Cleave's module. */
    interface Counter {
        long count();

        long incrementAndGetCount();

        Label label();
    }

    /** An object in that. */
    interface Label {
        String text();

        void text(String value);
    }

    static final class ObjectProgram {
        public static void main(String[] arguments) {
            try (SharedHeap heap = SharedHeap.create(arguments[0], 16 << 20)) {
                Counter counter = heap.object("counter", Counter.class);
                counter.label().text("a text in a block of its own");
                System.out.println("count " + counter.incrementAndGetCount() + " " + counter.label().text());
                System.out.println("module " + SharedHeap.class.getModule().getName());
            }
        }
    }

    private static String entries(Predicate<Path> wanted) {
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> wanted.test(Path.of(entry))).collect(Collectors.joining(File.pathSeparator));
    }

    private static boolean isModule(Path entry) {
        String name = String.valueOf(entry.getFileName());
        return Files.exists(entry.resolve("module-info.class")) || name.startsWith("fory-core")
                || name.startsWith("jspecify") || (name.startsWith("cleave") && name.endsWith(".jar"));
    }

    @Test
    void poolsWorkOnTheModulePath() throws InterruptedException {
        List<String> options = List.of("--module-path", entries(ModulePathTest::isModule), "--add-modules", "io.cleave",
                "--enable-native-access=io.cleave");
        try (ChildJvm jvm = ChildJvm.start(entries(entry -> !isModule(entry)), Map.of(), options, Program.class)) {
            assertThat(jvm.awaitExit()).as(jvm.toString()).isZero();
            String pairs = "[Pair[number=1, text=n1], Pair[number=2, text=n2], Pair[number=3, text=n3]]";
            assertThat(jvm.lines()).contains("module io.cleave", "workers " + pairs, "children " + pairs);
        }
    }

    @Test
    void liveObjectsWorkOnTheModulePath() throws InterruptedException {
        List<String> options = List.of("--module-path", entries(ModulePathTest::isModule), "--add-modules", "io.cleave",
                "--enable-native-access=io.cleave");
        try (ChildJvm jvm = ChildJvm.start(entries(entry -> !isModule(entry)), Map.of(), options, ObjectProgram.class,
                "module-path" + ProcessHandle.current().pid())) {
            assertThat(jvm.awaitExit()).as(jvm.toString()).isZero();
            assertThat(jvm.lines()).contains("module io.cleave", "count 1 a text in a block of its own");
        }
    }
}
