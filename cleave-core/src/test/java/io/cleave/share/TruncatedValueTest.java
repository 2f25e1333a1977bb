package io.cleave.share;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.CleaveException;
import io.cleave.IncompatibleBlockException;
import io.cleave.memory.SharedMemory;
import io.cleave.testing.ChildJvm;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Values whose files somebody truncates: what Cleave itself does with them is an error, and not the end of the JVM. */
final class TruncatedValueTest {
    private static final int BYTES = 4 << 20;

    /** Each step in interpreted code, where fewest of the accesses that fail are recognised. */
    static final class Victim {
        private static final Path DIRECTORY = Path.of(System.getenv("CLEAVE_DIR"));

        public static void main(String[] arguments) {
            String kept = Share.write(new byte[BYTES]);
            cutAll(0);
            expect(IncompatibleBlockException.class, () -> Share.read(kept, byte[].class));
            System.out.println("freed " + Share.free(kept));
            Share.free(Share.write(new byte[BYTES])); // idle now, to be used for the next value
            cutAll(8192);
            String next = Share.write(new byte[BYTES]);
            System.out.println("written " + Share.read(next, byte[].class).length);
            Tensor one = Share.read(next, Tensor.class);
            Tensor other = Share.read(next, Tensor.class);
            MemorySegment view = Share.read(next, MemorySegment.class);
            cutAll(8192);
            expect(InternalError.class, () -> System.out.println("equal: " + one.equals(other)));
            expect(InternalError.class, () -> System.out.println("read: " + view.get(JAVA_BYTE, BYTES - 1)));
            expect(CleaveException.class, () -> SharedMemory.open("no-such-block"));
            System.out.println("lives on");
        }

        private static void cutAll(long size) {
            try (Stream<Path> files = Files.list(DIRECTORY)) {
                for (Path file : files.filter(path -> path.toString().contains("cleave.value.")).toList()) {
                    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                        channel.truncate(size);
                    }
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private static void expect(Class<? extends Throwable> kind, Runnable action) {
            try {
                action.run();
                System.out.println("no " + kind.getSimpleName());
            } catch (Throwable thrown) {
                System.out.println(kind.isInstance(thrown) ? "as expected" : "unexpected " + thrown);
            }
        }
    }

    @Test
    void whatHasBeenCutShortIsAnErrorAndTheNextValueIsWritten() throws IOException {
        Path directory = Files.createTempDirectory(Path.of("/dev/shm"), "cleave-test.cut.");
        try (ChildJvm child = ChildJvm.start(Map.of("CLEAVE_DIR", directory.toString()), List.of("-Xint"),
                Victim.class)) {
            child.awaitLine("lives on");
            assertThat(child.lines()).contains("freed false", "written " + BYTES)
                    .noneMatch(line -> line.startsWith("no ") || line.startsWith("unexpected "));
        } finally {
            try (Stream<Path> files = Files.list(directory)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
            Files.delete(directory);
        }
    }
}
