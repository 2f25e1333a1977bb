package io.cleave.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

final class RowTest {
    @Test
    void theMedianIsTheMiddleOne() {
        assertThat(Row.of("work", "cleave", "ms", new double[] {9, 1, 4}))
                .isEqualTo(new Row("work", "cleave", "ms", 3, 4, 1, 9));
    }

    @Test
    void theMedianOfAnEvenNumberLiesBetweenTheMiddleTwo() {
        assertThat(Row.of("work", "cleave", "ms", new double[] {9, 1, 4, 5}).median()).isEqualTo(4.5);
    }

    @Test
    void aRowNeedsSamples() {
        assertThatThrownBy(() -> Row.of("work", "cleave", "ms", new double[0]))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("cleave");
    }

    @Test
    void theFieldsAreThoseOfTheForm() {
        assertThat(Json.text(Row.of("work", "cleave", "ms", new double[] {1.23456789}).fields())).isEqualTo(
                "{\"work\":\"work\",\"subject\":\"cleave\",\"unit\":\"ms\",\"runs\":1,\"median\":1.23457,\"min\":1.23457,"
                        + "\"max\":1.23457}");
    }
}
