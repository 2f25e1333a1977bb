package io.cleave.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.testing.ChildJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Processes that are killed at every step that others can see. */
final class BlockCrashTest {
    private static final int KILLED = 128 + 9;
    private static final int COMPLETED = 3;
    /** The locks ATTACHED and NAME are held, the name is gone. */
    private static final int SWEEPING_STEPS = 3;
    private static final String PREFIX = "crash-test-";

    /** Everything that can be done with blocks, once. */
    static final class Script {
        public static void main(String[] arguments) {
            String name = arguments[0];
            SharedMemory creator = SharedMemory.create(name, 8, MemoryOptions.defaults().withGroupAccess(true));
            SharedMemory other = SharedMemory.open(name,
                    MemoryOptions.defaults().withGroupAccess(true).withReadOnly(true));
            creator.close();
            other.close();
            SharedMemory unlinked = SharedMemory.create(name, 8);
            unlinked.unlink();
            SharedMemory successor = SharedMemory.openOrCreate(name, 8);
            unlinked.close();
            successor.close();
            System.exit(COMPLETED);
        }
    }

    /** Meets an orphan, in one of the ways in which it is swept. */
    static final class Sweeper {
        public static void main(String[] arguments) {
            switch (arguments[0]) {
                case "create" -> SharedMemory.create(arguments[1], 8).close();
                case "open" -> SharedMemory.open(arguments[1]).close();
                case "another" -> SharedMemory.create(PREFIX + "next", 8).close();
                default -> Cleanup.run();
            }
        }
    }

    private static ChildJvm start(int crashPoint, Class<?> main, String... arguments) {
        List<String> options = List.of("-Dcleave.crashPoint=" + crashPoint, "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC");
        return ChildJvm.start(options, main, arguments);
    }

    private static void assertThatCleanupLeavesNothing(String when) {
        assertThat(Cleanup.run().failed()).isEmpty();
        assertThat(SharedMemory.list()).as(when).noneMatch(info -> info.name().startsWith(PREFIX));
    }

    @Test
    void whereverAProcessIsKilledItsNameIsFreeAndCleanupLeavesNothing() throws InterruptedException {
        String name = PREFIX + "script";
        int exit = KILLED;
        int crashPoint = 0;
        while (exit == KILLED) {
            crashPoint++;
            try (ChildJvm child = start(crashPoint, Script.class, name)) {
                exit = child.awaitExit();
            }
            if (crashPoint % 2 == 0) { // steps that leave an orphan are among the even and the odd ones
                SharedMemory.create(name, 100).close();
            }
            assertThatCleanupLeavesNothing("after a death at step " + crashPoint);
            SharedMemory.create(name, 100).close();
        }
        assertThat(exit).isEqualTo(COMPLETED);
        assertThat(crashPoint).as("steps to die at").isGreaterThan(15);
    }

    @Test
    void whereverASweeperIsKilledTheNextOneFinishes() throws Exception {
        for (String way : List.of("create", "open", "another", "cleanup")) {
            for (int crashPoint = 1; crashPoint <= SWEEPING_STEPS; crashPoint++) {
                leaveOrphan(PREFIX + way);
                try (ChildJvm child = start(crashPoint, Sweeper.class, way, PREFIX + way)) {
                    assertThat(child.awaitExit()).isEqualTo(KILLED);
                }
                assertThatCleanupLeavesNothing("after the death of " + way + " at step " + crashPoint);
                SharedMemory.create(PREFIX + way, 100).close();
            }
        }
    }

    /** A copy of a block is a whole block that nobody is attached to. */
    private static void leaveOrphan(String name) throws IOException {
        Path directory = Path.of(Objects.requireNonNullElse(System.getenv("CLEAVE_DIR"), "/dev/shm"));
        try (SharedMemory block = SharedMemory.create(PREFIX + "original", 8)) {
            Files.copy(directory.resolve("cleave." + block.name()), directory.resolve("cleave." + name),
                    StandardCopyOption.COPY_ATTRIBUTES);
        }
        assertThat(SharedMemory.list())
                .anyMatch(info -> info.name().equals(name) && info.state() == BlockInfo.State.ORPHAN);
    }
}
