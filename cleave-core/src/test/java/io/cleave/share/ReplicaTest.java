package io.cleave.share;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.cleave.IncompatibleBlockException;
import io.cleave.TokenException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A value that is copied out, freed, and received again, as another machine would receive it. */
final class ReplicaTest extends ShareTestBase {
    private static final int FLOATS = 700_000;

    @AfterEach
    void forget() {
        SharedData.clearCache();
    }

    private static byte[] image(String name) throws IOException {
        try (Replica replica = Replica.find(name).orElseThrow()) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            replica.copyTo(out);
            assertThat(out.size()).isEqualTo((int) replica.byteSize());
            return out.toByteArray();
        }
    }

    /** The image of a value that is nowhere any more. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Sent(String name, byte[] image) {}

    private static Sent sent(Object value) throws IOException {
        Sent sent;
        try (SharedData<Object> data = SharedData.of(value)) {
            sent = new Sent(data.name(), image(data.name()));
        }
        Share.trim();
        assertThat(Replica.find(sent.name)).isEmpty();
        return sent;
    }

    @Test
    void aReceivedValueIsThereUnderItsNameUntilTheLastLetsGoOfIt() throws Exception {
        Sent sent = sent(floats(FLOATS, 1));
        Replica first = Replica.receive(sent.name, sent.image.length, new ByteArrayInputStream(sent.image));
        Replica second = Replica.find(sent.name).orElseThrow();
        first.close();
        first.close();
        assertThat(SharedData.load(sent.name, float[].class)).isEqualTo(floats(FLOATS, 1));
        second.close();
        assertThat(Replica.find(sent.name)).isEmpty();
        assertThat(blocks()).isEmpty();
    }

    @Test
    void aValueThatIsThereIsHeldAndNotWrittenAgain() throws Exception {
        try (SharedData<String> data = SharedData.of("x".repeat(50_000))) {
            byte[] image = image(data.name());
            try (Replica replica = Replica.receive(data.name(), image.length, new ByteArrayInputStream(image))) {
                assertThat(replica.byteSize()).isEqualTo(image.length);
                assertThat(blocks()).hasSize(1);
            }
            assertThat(SharedData.load(data.name(), String.class)).hasSize(50_000);
        }
    }

    @Test
    void whatIsCutShortOrNotTheValueIsRefusedAndLeavesNothing() throws Exception {
        Sent sent = sent(floats(FLOATS, 1));
        byte[] cut = Arrays.copyOf(sent.image, sent.image.length - 1);
        assertThatExceptionOfType(EOFException.class)
                .isThrownBy(() -> Replica.receive(sent.name, sent.image.length, new ByteArrayInputStream(cut)));
        Sent other = sent("another");
        assertThatExceptionOfType(IncompatibleBlockException.class)
                .isThrownBy(
                        () -> Replica.receive(sent.name, other.image.length, new ByteArrayInputStream(other.image)));
        assertThatExceptionOfType(TokenException.class)
                .isThrownBy(() -> Replica.receive("no name", 10, new ByteArrayInputStream(new byte[10])));
        assertThat(blocks()).isEmpty();
    }
}
