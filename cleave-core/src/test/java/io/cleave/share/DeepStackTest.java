package io.cleave.share;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.cleave.memory.raw.Proof;
import io.cleave.testing.ChildJvm;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class DeepStackTest extends ShareTestBase {
    @Test
    void itIsInTheMidstOfWhatItsCallerIsAt() throws IOException {
        assertThat(DeepStack.run(Proof::isUnderWay)).isFalse();
        Proof.begin();
        try {
            assertThat(DeepStack.run(Proof::isUnderWay)).isTrue();
        } finally {
            Proof.end();
        }
    }

    /** Looks, when it is loaded, which threads are taken for those that load it. */
    static final class Witness implements Serializable {
        private static final long serialVersionUID = 1L;
        private transient boolean isHere;
        private transient boolean isDeep;
        private transient boolean isStarted;

        private Object readResolve() {
            Witness seen = new Witness();
            FutureTask<Boolean> started = new FutureTask<>(LoadedValues::isDecoding);
            Thread.ofPlatform().start(started);
            try {
                seen.isHere = LoadedValues.isDecoding();
                seen.isDeep = DeepStack.run(LoadedValues::isDecoding);
                seen.isStarted = started.get();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
            return seen;
        }
    }

    @Test
    void aThreadThatIsStartedWhileAValueIsLoadedDoesNotCountAsLoading() throws IOException {
        try (SharedData<Witness> data = SharedData.of(new Witness())) {
            Witness seen = Objects.requireNonNull(SharedData.load(data.name(), Witness.class));
            assertThat(seen.isHere).isTrue();
            assertThat(seen.isDeep).isTrue();
            assertThat(seen.isStarted).isFalse();
        } finally {
            SharedData.clearCache();
        }
        assertThat(DeepStack.run(LoadedValues::isDecoding)).isFalse();
    }

    /** Nests. */
    record Link(@Nullable Object next) implements Serializable {}

    /** Encodes a chain where there is no address space for a large stack. */
    static final class Narrow {
        private static final long SPARE_BYTES = 512 << 20;

        public static void main(String[] arguments) throws Exception {
            Object chain = null;
            for (int i = 0; i < 20_000; i++) {
                chain = new Link(chain);
            }
            Codec.standard().encode(new Link(null));
            long pages = Long.parseLong(Files.readString(Path.of("/proc/self/statm")).split(" ")[0]);
            new ProcessBuilder("prlimit", "--as=" + (pages * 4096 + SPARE_BYTES), "--pid",
                    Long.toString(ProcessHandle.current().pid())).inheritIO().start().waitFor();
            try {
                Codec.standard().encode(chain);
                System.out.println("encoded");
            } catch (IOException e) {
                System.out.println("refused: " + e.getMessage());
            }
        }
    }

    @Test
    void withoutRoomForItAValueIsRefusedWithWhatToDo() {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/prlimit")));
        try (ChildJvm narrow = ChildJvm.start(List.of("-Xmx64m"), Narrow.class)) {
            assertThat(narrow.awaitLine("refused: ")).contains("ulimit -v");
        }
    }
}
