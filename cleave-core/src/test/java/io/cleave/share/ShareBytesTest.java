package io.cleave.share;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.CleaveException;
import io.cleave.TokenException;
import io.cleave.testing.ChildJvm;
import io.cleave.testing.Delays;
import java.io.File;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.URI;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Tokens of bytes, and what a program's standard output sees of all this. */
final class ShareBytesTest extends ShareTestBase {
    private static <T> T read(byte[] token, Class<T> type) {
        return Objects.requireNonNull(Share.read(token, type));
    }

    @Test
    void aTokenOfBytesHoldsWhatATokenOfTextDoes() {
        Map<String, Object> value = Map.of("a", List.of(1, 2L), "b", "text");
        assertThat((Object) read(Share.writeBytes(value), Map.class)).isEqualTo(value);
        assertThat(read(Share.writeBytes(floats(3000, 1)), float[].class)).isEqualTo(floats(3000, 1));
        byte[] token = Share.writeBytes(floats(3000, 2), INLINE);
        assertThat(read(token, MemorySegment.class).toArray(ValueLayout.JAVA_FLOAT)).isEqualTo(floats(3000, 2));
        assertThat(read(token, FloatBuffer.class).get(7)).isEqualTo(floats(3000, 2)[7]);
        assertThat(read(token, Tensor.class).size()).isEqualTo(3000);
        assertThat(Share.read(Share.writeBytes(null), String.class)).isNull();
        assertThat(token.length).isLessThan(12_000 + 300);
        assertThat(Share.free(token)).isFalse();
    }

    @Test
    void thatOfAValueInSharedMemoryIsTheTextOfItsToken() {
        byte[] token = Share.writeBytes(floats(3000, 1), SHARED);
        assertThat(read(new String(token, StandardCharsets.US_ASCII), float[].class)).isEqualTo(floats(3000, 1));
        try (Lease<Tensor> lease = Share.open(token, Tensor.class)) {
            assertThat(lease.toString()).contains("Tensor");
            assertThat(Objects.requireNonNull(lease.value()).size()).isEqualTo(3000);
        }
        assertThat(Share.free(token)).isTrue();
    }

    @Test
    void aClosedLeaseAndItsValueSaySoAsText() {
        byte[] token = Share.writeBytes(Tensor.of(floats(3000, 1)), SHARED);
        Lease<Tensor> lease = Share.open(token, Tensor.class);
        Tensor tensor = Objects.requireNonNull(lease.value());
        lease.close();
        assertThat(lease.toString()).contains("closed");
        assertThat(tensor.toString()).contains("3000").contains("closed");
        Share.free(token);
    }

    @Test
    void bytesThatWereCutChangedOrMadeUpAreRefused() {
        byte[] token = Share.writeBytes(Map.of("a", new int[2000]));
        Random random = new Random(5);
        for (int round = 0; round < 2000; round++) {
            byte[] damaged = random.nextBoolean() ? token.clone()
                    : java.util.Arrays.copyOf(token, random.nextInt(token.length));
            if (damaged.length > 0) {
                damaged[random.nextInt(damaged.length)] ^= (byte) (1 + random.nextInt(255));
            }
            assertThatThrownBy(() -> Share.read(damaged, Object.class)).isInstanceOf(CleaveException.class);
        }
        assertThatThrownBy(() -> Share.read(new byte[0], Object.class)).isInstanceOf(TokenException.class)
                .hasMessageContaining("Share.writeBytes");
    }

    /** A program that shares what Fory has something to say about. */
    @SuppressWarnings("IdentityHashMapUsage") // one of the classes in question
    static final class Program {
        public static void main(String[] arguments) throws Exception {
            for (Object value : List.of(new File("/x"), new Properties(), new IdentityHashMap<>(Map.of("a", 1)),
                    Collections.nCopies(3, "x"), new ArrayList<>(List.of(1, 2, 3)).subList(0, 2),
                    URI.create("http://a/").toURL(), new CodecContract.Hooked())) {
                Share.read(Share.write(value), Object.class);
            }
            System.out.println("done");
        }
    }

    @Test
    void standardOutputIsTheProgramsOwn() {
        try (ChildJvm program = ChildJvm.start(Program.class)) {
            assertThat(Delays.within(Delays.PATIENCE, () -> program.lines().contains("done"))).as("%s", program)
                    .isTrue();
            // Standard error is among the lines; Fory's log has a level and a thread.
            assertThat(program.lines()).noneMatch(line -> line.matches(".*(WARN|INFO|ERROR) .*\\[main\\].*"));
        }
    }
}
