package io.cleave.fission;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.testing.ChildJvm;
import io.cleave.testing.Delays;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Nothing is left of a run whose process is killed. */
final class FissionOrphansTest {
    /** Computes endlessly many items, until it is killed. */
    static final class Endless {
        public static void main(String[] arguments) throws Exception {
            boolean sleeps = arguments[0].equals("sleeping children");
            Runnable run = () -> {
                try (Fission fission = Fission.builder().warmUp(0).children(3).build();
                        Stream<byte[]> results = fission.imap(() -> IntStream.iterate(0, x -> x + 1).iterator(), x -> {
                            if (sleeps && x > 100) {
                                Thread.sleep(1_000_000);
                            }
                            return new byte[x % 1000];
                        })) {
                    results.forEach(result -> {
                        if (result.length == 90) {
                            System.out.println("working");
                        }
                        if (arguments[0].equals("waiting children") && result.length == 95) {
                            Delays.pause(Delays.PATIENCE.multipliedBy(10)); // the rings fill, and children wait for room
                        }
                    });
                }
            };
            Thread thread = arguments[0].startsWith("busy") ? Thread.ofVirtual().start(run)
                    : Thread.ofPlatform().start(run);
            thread.join();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"busy children of a virtual thread", "sleeping children", "waiting children"})
    void allChildrenEndWithAParentThatIsKilledAndLeaveNoFile(String kind) throws Exception {
        List<ProcessHandle> children;
        try (ChildJvm jvm = ChildJvm.start(Endless.class, kind)) {
            jvm.awaitLine("working");
            int least = kind.equals("waiting children") ? 1 : 2; // who takes no more results needs no second child
            assertThat(Delays.within(Delays.PATIENCE, () -> jvm.handle().children().count() >= least)).isTrue();
            if (kind.equals("waiting children")) {
                Delays.pause(Delays.SHORT.multipliedBy(4));
            }
            children = jvm.handle().descendants().toList();
            for (ProcessHandle child : children) {
                assertThat(namedSharedMemoryOf(child)).isEmpty();
            }
            jvm.kill();
        }
        assertThat(Delays.within(Delays.GRACE, () -> children.stream().noneMatch(ProcessHandle::isAlive)))
                .as("living of %s", children).isTrue();
    }

    private static List<String> namedSharedMemoryOf(ProcessHandle process) {
        try (Stream<String> maps = Files.lines(Path.of("/proc/" + process.pid() + "/maps"))) {
            return maps.filter(line -> line.contains("/dev/shm/")).toList();
        } catch (IOException | UncheckedIOException e) {
            return List.of(); // it has left in the meantime
        }
    }
}
