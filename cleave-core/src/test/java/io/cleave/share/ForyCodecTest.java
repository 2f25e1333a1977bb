package io.cleave.share;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.beans.Expression;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import javax.management.BadAttributeValueExpException;
import org.junit.jupiter.api.Test;

final class ForyCodecTest extends CodecContract {
    @Override
    Codec codec() {
        return Codec.fory();
    }

    @Override
    String name() {
        return "fory";
    }

    record NotSerializable(int x, Map<String, Object> more) {}

    @Test
    void aClassNeedNotBeSerializable() throws IOException {
        NotSerializable value = new NotSerializable(1, Map.of("a", List.of(new NotSerializable(2, Map.of()))));
        assertThat(copy(value)).isEqualTo(value);
    }

    @Test
    void classesKnownToBeAbusedAreNotEncoded() {
        for (Object abused : List.of(new BadAttributeValueExpException("x"), new Expression("x", "length", null),
                new ProcessBuilder("true"))) {
            assertThatThrownBy(() -> codec().encode(abused)).isInstanceOf(Exception.class)
                    .hasMessageContaining(abused.getClass().getName());
            assertThatThrownBy(() -> codec().encode(List.of(1, abused))).isInstanceOf(Exception.class);
        }
    }
}
