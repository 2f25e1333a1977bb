package io.cleave.heap;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.AllocationException;
import io.cleave.IncompatibleBlockException;
import io.cleave.memory.BlockInfo;
import io.cleave.memory.Cleanup;
import io.cleave.memory.Lifetime;
import io.cleave.memory.MemoryOptions;
import io.cleave.memory.SharedMemory;
import io.cleave.testing.ChildJvm;
import io.cleave.testing.SmallDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Scanner;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of heaps between processes that come, go, are killed, and run out of room. */
final class HeapFileProcessesTest {
    private static final String NAME = "heap-processes-test";
    private static final long MAXIMUM = 8L << 20;
    private static final int KILLED = 128 + 9;
    private static final int COMPLETED = 3;
    private static final int PROCESSES = 16;
    private static final MemoryOptions DEFAULTS = MemoryOptions.defaults();

    /** Makes a heap, lets it grow, leaves it to another handle, makes another in its place. */
    static final class Script {
        public static void main(String[] arguments) {
            HeapFile made = HeapFile.create(NAME, MAXIMUM, 1 << 20, DEFAULTS);
            HeapFile other = HeapFile.openOrCreate(NAME, MAXIMUM, 0, DEFAULTS);
            made.close();
            other.reserve(MAXIMUM / 2, MAXIMUM / 2);
            other.memory().set(JAVA_LONG, MAXIMUM - 8, 42);
            other.unlink();
            HeapFile successor = HeapFile.openOrCreate(NAME, MAXIMUM, 0, DEFAULTS);
            other.close();
            successor.close();
            System.exit(COMPLETED);
        }
    }

    @Test
    void whereverItsMakerIsKilledThereIsAWholeHeapOrNone() throws InterruptedException {
        int exit = KILLED;
        int crashPoint = 0;
        while (exit == KILLED) {
            crashPoint++;
            try (ChildJvm child = ChildJvm.start(List.of("-Dcleave.crashPoint=" + crashPoint,
                    "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"), Script.class)) {
                exit = child.awaitExit();
            }
            for (BlockInfo info : SharedMemory.list()) {
                assertThat(info.state()).as(info + " after a death at step " + crashPoint)
                        .isEqualTo(BlockInfo.State.ORPHAN);
            }
            if (crashPoint % 2 == 0) {
                try (HeapFile heap = HeapFile.openOrCreate(NAME, 2 * MAXIMUM, 0, DEFAULTS)) {
                    HeapFormat.check(heap.memory());
                }
            }
            assertThat(Cleanup.run().failed()).isEmpty();
            assertThat(SharedMemory.list()).noneMatch(info -> info.name().equals(NAME));
        }
        assertThat(exit).isEqualTo(COMPLETED);
        assertThat(crashPoint).as("steps to die at").isGreaterThan(10);
    }

    /** Waits for a line, then opens or makes the heap with a size of its own, adds one, and says how that went. */
    static final class Opener {
        public static void main(String[] arguments) {
            long maximum = Long.parseLong(arguments[0]);
            Scanner input = new Scanner(System.in, UTF_8);
            System.out.println("ready");
            input.nextLine();
            try {
                HeapFile heap = HeapFile.openOrCreate(NAME, maximum, 0, DEFAULTS);
                long _ = (long) JAVA_LONG.varHandle().getAndAdd(heap.memory(), HeapLayout.ROOTS_AT, 1L);
                System.out.println("opened " + maximum);
                input.nextLine();
                System.out.println("counted " + heap.memory().get(JAVA_LONG, HeapLayout.ROOTS_AT));
            } catch (IncompatibleBlockException e) {
                System.out.println("opened " + e.getMessage());
                input.nextLine();
                System.out.println("counted -1");
            }
        }
    }

    @Test
    void ofManyThatOpenOneNameAtOnceWithDifferentSizesAllGetOneHeapOrAreToldBoth() {
        List<ChildJvm> children = new ArrayList<>();
        try {
            for (int i = 0; i < PROCESSES; i++) {
                children.add(ChildJvm.start(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx32m"),
                        Opener.class, Long.toString(MAXIMUM + i % 2 * MAXIMUM)));
            }
            children.forEach(child -> child.awaitLine("ready"));
            children.forEach(child -> child.send("go"));
            List<String> results = children.stream().map(child -> child.awaitLine("opened ")).toList();
            children.forEach(child -> child.send("count"));
            List<String> counts = children.stream().map(child -> child.awaitLine("counted ")).toList();
            String winner = results.stream().filter(result -> result.length() < 20).findFirst().orElseThrow();
            String loser = Long.toString(3 * MAXIMUM - Long.parseLong(winner));
            assertThat(results).filteredOn(result -> result.length() < 20).hasSize(PROCESSES / 2)
                    .containsOnly(winner);
            assertThat(results).filteredOn(result -> result.length() >= 20).hasSize(PROCESSES / 2)
                    .allMatch(
                            message -> message.contains(winner + " bytes") && message.contains(loser + " were asked"));
            assertThat(counts).filteredOn(count -> !count.equals("-1")).hasSize(PROCESSES / 2)
                    .containsOnly(Integer.toString(PROCESSES / 2));
        } finally {
            children.forEach(ChildJvm::close);
            assertThat(Cleanup.run().failed()).isEmpty();
        }
    }

    /** Makes, grows and opens heaps on a device that has room for less and less: for nothing but its own file at last. */
    static final class Crowded {
        private static final int MOST_BALLAST_PAGES = 220; // of 256, less those of the table of participants

        public static void main(String[] arguments) throws IOException {
            Path ballast = Path.of(System.getenv("CLEAVE_DIR")).resolve("ballast");
            int refused = 0;
            for (int pages = 0; pages <= MOST_BALLAST_PAGES; pages += 5) {
                Files.write(ballast, new byte[pages * 4096]);
                try (HeapFile heap = HeapFile.create(NAME, MAXIMUM, 0, DEFAULTS)) {
                    long at = MAXIMUM / 2;
                    heap.memory().set(JAVA_LONG, HeapLayout.ROOTS_AT, pages);
                    try {
                        for (; at < MAXIMUM; at += 65536) {
                            heap.reserve(at, 65536);
                            heap.memory().asSlice(at, 65536).fill((byte) 1);
                        }
                        throw new AssertionError("more was reserved than the device has");
                    } catch (AllocationException e) {
                        refused++;
                    }
                    try (HeapFile other = HeapFile.open(NAME, DEFAULTS)) {
                        if (other.memory().get(JAVA_LONG, HeapLayout.ROOTS_AT) != pages) {
                            throw new AssertionError("the heap has changed");
                        }
                    }
                } catch (AllocationException e) {
                    refused++;
                }
            }
            Files.delete(ballast);
            System.out.println("refused " + refused);
        }
    }

    @Test
    void aFullDeviceIsATypedErrorAtEachStepAndNeverASignal(@TempDir Path directory) throws InterruptedException {
        try (SmallDevice _ = SmallDevice.at(directory);
                ChildJvm child = ChildJvm.start(Map.of("CLEAVE_DIR", directory.toString()), List.of(),
                        Crowded.class)) {
            assertThat(child.awaitLine("refused ")).isEqualTo("45");
            assertThat(child.awaitExit()).isZero();
        }
    }

    /** Adds one to what is in a heap that stays. */
    static final class Visitor {
        public static void main(String[] arguments) {
            HeapFile heap = HeapFile.openOrCreate(NAME, MAXIMUM, 0, DEFAULTS.withLifetime(Lifetime.PERSISTENT));
            System.out.println("found " + JAVA_LONG.varHandle().getAndAdd(heap.memory(), HeapLayout.ROOTS_AT, 1L));
            if (arguments.length > 0) {
                Runtime.getRuntime().halt(1);
            }
            heap.close();
        }
    }

    @Test
    void onADiskAHeapOutlivesAllOfItsProcesses() throws Exception {
        Path directory = Files.createTempDirectory(Path.of("").toAbsolutePath(), "heap-on-disk.");
        try {
            for (int i = 0; i < 3; i++) {
                String[] arguments = i == 1 ? new String[] {"halt"} : new String[0];
                try (ChildJvm child = ChildJvm.start(Map.of("CLEAVE_DIR", directory.toString()), List.of(),
                        Visitor.class, arguments)) {
                    assertThat(child.awaitLine("found ")).isEqualTo(Integer.toString(i));
                    assertThat(child.awaitExit()).isEqualTo(i == 1 ? 1 : 0);
                }
            }
        } finally {
            try (Stream<Path> files = Files.list(directory)) {
                for (Path file : files.toList()) { // the heap's, and the table of participants
                    Files.delete(file);
                }
            }
            Files.delete(directory);
        }
    }
}
