package io.cleave.share;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.Serializable;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;
import javax.management.BadAttributeValueExpException;
import org.junit.jupiter.api.Test;

final class StandardCodecTest extends CodecContract {
    @Override
    Codec codec() {
        return Codec.standard();
    }

    @Override
    String name() {
        return "standard";
    }

    record NotSerializable(int x) {}

    @Test
    void dataNeedNotBeSerializable() throws IOException {
        assertThat(copy(List.of(new NotSerializable(1)))).isEqualTo(List.of(new NotSerializable(1)));
    }

    /** An exception with a field of its own. */
    static final class Coded extends Exception {
        private static final long serialVersionUID = 1L;
        private final int code;

        Coded(String message, int code, Throwable cause) {
            super(message, cause);
            this.code = code;
        }
    }

    private static Coded coded() {
        Coded coded = new Coded("outer", 42, new ExecutionException("middle", new IOException("inner")));
        coded.addSuppressed(new IllegalStateException("aside"));
        return coded;
    }

    private static void assertWholeButForTheStack(Coded copy) {
        assertThat(copy.code).isEqualTo(42);
        assertThat(copy).hasMessage("outer").hasRootCauseMessage("inner");
        assertThat(copy.getCause()).isExactlyInstanceOf(ExecutionException.class);
        assertThat(copy.getSuppressed()).extracting(Throwable::getMessage).containsExactly("aside");
    }

    @Test
    void exceptionsComeBackWhole() throws IOException {
        Coded original = coded();
        Coded copy = (Coded) copy(original);
        assertWholeButForTheStack(copy);
        assertThat(copy.getStackTrace()).isEqualTo(original.getStackTrace());
    }

    @Test
    void exceptionsWithinDataComeBackWithAllButTheirStacks() throws IOException {
        Map<?, ?> copy = (Map<?, ?>) copy(Map.of("key", List.of(coded())));
        assertWholeButForTheStack((Coded) ((List<?>) copy.get("key")).getFirst());
    }

    /** A function that can be serialised. */
    interface Text extends Supplier<String>, Serializable {}

    record Holder(Text text, int number) implements Serializable {}

    @Test
    void lambdasComeBackAsFunctions() throws IOException {
        String captured = "captured";
        Text lambda = () -> captured + "!";
        assertThat(((Text) copy(lambda)).get()).isEqualTo("captured!");
        Holder holder = (Holder) copy(new Holder(lambda, 5));
        assertThat(holder.text().get() + holder.number()).isEqualTo("captured!5");
    }

    @Test
    void classesKnownToBeAbusedAreRefusedInBothOfItsWays() throws Exception {
        BadAttributeValueExpException abused = new BadAttributeValueExpException("x");
        assertThatThrownBy(() -> copy(abused)).isInstanceOf(Exception.class);
        assertThatThrownBy(() -> copy(List.of(abused))).isInstanceOf(Exception.class);
    }

    @Test
    void bytesOfAnotherKindAreRefusedByTheirFirstByte() {
        for (byte[] bytes : new byte[][] {{}, {0}, {1, 1, 2}, {-1}}) {
            assertThatThrownBy(() -> codec().decode(bytes, 0, bytes.length)).isInstanceOf(IOException.class)
                    .hasMessageContaining("begins with " + (bytes.length == 0 ? 0 : bytes[0]));
        }
    }
}
