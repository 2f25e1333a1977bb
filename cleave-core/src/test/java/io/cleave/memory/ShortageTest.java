package io.cleave.memory;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.AllocationException;
import io.cleave.CleaveException;
import io.cleave.memory.raw.Shortage;
import io.cleave.share.Share;
import io.cleave.testing.ChildJvm;
import io.cleave.testing.SmallDevice;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is done, and said, where memory or descriptors run out. */
final class ShortageTest {
    private static final int DESCRIPTORS = 200;

    private Path directory;

    @BeforeEach
    void makeDirectory() throws IOException {
        directory = Files.createTempDirectory(Path.of("/dev/shm"), "cleave-test.short.");
    }

    @AfterEach
    void removeDirectory() throws IOException {
        Files.delete(directory);
    }

    /** Makes and looks at more than there is room for, all of it garbage at once. */
    static final class Forgetful {
        public static void main(String[] arguments) {
            for (int i = 0; i < 40; i++) {
                String token = Share.write(new byte[300_000]);
                if (Share.read(token, MemorySegment.class).get(JAVA_BYTE, 299_999) != 0) {
                    throw new AssertionError("a fresh array holds zeroes");
                }
                Share.free(token);
                SharedMemory.create("forgotten" + i, 300_000).segment().fill((byte) 1);
            }
            System.out.println("done");
        }
    }

    @Test
    void whatNobodyRefersToDoesNotFillTheDevice() {
        try (SmallDevice _ = SmallDevice.at(directory);
                ChildJvm child = ChildJvm.start(Map.of("CLEAVE_DIR", directory.toString()), List.of(),
                        Forgetful.class)) {
            child.awaitLine("done");
        }
    }

    /** Leaves an orphan that fills most of the device, or makes a block beside it. */
    static final class Heir {
        public static void main(String[] arguments) {
            SharedMemory.create(arguments[0], 700_000);
            System.out.println("made");
            Runtime.getRuntime().halt(0);
        }
    }

    @Test
    void whatKilledProcessesLeftDoesNotFillTheDevice() {
        try (SmallDevice _ = SmallDevice.at(directory)) {
            for (int i = 0; i < 3; i++) {
                try (ChildJvm child = ChildJvm.start(Map.of("CLEAVE_DIR", directory.toString()), List.of(), Heir.class,
                        "heir" + i)) {
                    child.awaitLine("made");
                }
            }
        }
    }

    /** Opens until no descriptor is left, says how that ended, and does it again once all is closed. */
    static final class Hoarder {
        public static void main(String[] arguments) {
            List<AutoCloseable> held = new ArrayList<>();
            report("create", held, i -> SharedMemory.create("hoard" + i, 8));
            report("open", held, i -> SharedMemory.open("hoard0"));
            report("anonymous", held, i -> SharedMemory.anonymous(8));
            String token = Share.write(new byte[300_000]);
            report("views", held, i -> {
                Share.read(token, MemorySegment.class);
                return () -> {};
            });
            System.exit(0);
        }

        private static void report(String what, List<AutoCloseable> held, IntFunction<AutoCloseable> opener) {
            try {
                for (int i = 0; i < 2 * DESCRIPTORS; i++) {
                    held.add(opener.apply(i));
                }
                System.out.println(what + ": fine");
            } catch (CleaveException e) {
                System.out.println(what + ": " + e.getMessage());
            }
            try {
                while (held.size() > (what.equals("create") ? 1 : 0)) {
                    held.removeLast().close();
                }
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }
    }

    @Test
    void whereDescriptorsRunOutTheLimitAndTheRemedyAreNamed() throws Exception {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        Path own = Files.createDirectory(directory.resolve("own"));
        ProcessBuilder shell = new ProcessBuilder("sh", "-c", "ulimit -n " + DESCRIPTORS + "; exec \"$@\"", "sh", java,
                "--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path"),
                Hoarder.class.getName()).redirectErrorStream(true);
        shell.environment().put("CLEAVE_DIR", own.toString());
        Process process = shell.start();
        List<String> lines = process.inputReader().lines().toList();
        assertThat(process.waitFor()).as(String.join("\n", lines)).isZero();
        for (String what : List.of("create: ", "open: ", "anonymous: ")) {
            assertThat(lines).filteredOn(line -> line.startsWith(what)).singleElement().asString()
                    .contains("EMFILE", DESCRIPTORS + " file descriptors", "ulimit -n")
                    .doesNotContain("/proc to be mounted");
        }
        assertThat(lines).contains("views: fine");
        Files.delete(own);
    }

    @Test
    void anAllocationThatFailsAgainAndAgainDoesNotCollectEachTime() {
        try (SharedMemory block = SharedMemory.create("held-meanwhile", 8)) {
            long before = collections();
            for (int i = 0; i < 300; i++) {
                assertThatThrownBy(() -> SharedMemory.anonymous(1L << 50)).isInstanceOf(AllocationException.class);
            }
            assertThat(collections() - before).isLessThan(30);
            assertThat(block.byteSize()).isEqualTo(8);
        }
    }

    @Test
    void whatWasRefusedOnceIsRefusedAgain() {
        BlockSpace.check(1, null);
        for (int i = 0; i < 4; i++) {
            assertThatThrownBy(() -> BlockSpace.check(Long.MAX_VALUE, null)).isInstanceOf(AllocationException.class);
        }
    }

    @Test
    void theShortageIsToldWhateverGivingUpReservesMeetsWith() {
        AtomicBoolean fails = new AtomicBoolean(true);
        Shortage.whenShort(() -> {
            if (fails.get()) {
                throw new CleaveException("this is not what was asked for");
            }
            return false;
        });
        try {
            assertThatThrownBy(() -> Shortage.mended(() -> {
                throw new AllocationException("no memory");
            })).isInstanceOf(AllocationException.class).hasMessage("no memory");
        } finally {
            fails.set(false);
        }
    }

    private static long collections() {
        return ManagementFactory.getGarbageCollectorMXBeans().stream()
                .mapToLong(GarbageCollectorMXBean::getCollectionCount).sum();
    }
}
