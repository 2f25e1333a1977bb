package io.cleave.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class JsonTest {
    @Test
    void valuesOfAllKindsAreWritten() {
        assertThat(Json.text(Arrays.asList(1, 2.5, true, null, "a", List.of(), Map.of(), Map.of("k", List.of(1)))))
                .isEqualTo("[1,2.5,true,null,\"a\",[],{},{\"k\":[1]}]");
    }

    @Test
    void whatIsNotPlainIsEscaped() {
        assertThat(Json.text("\"\\\n\u03bb")).isEqualTo("\"\\\"\\\\\\u000a\\u03bb\"");
    }

    @Test
    void whatIsNoNumberIsNull() {
        assertThat(Json.text(Arrays.asList(Double.NaN, Json.rounded(Double.POSITIVE_INFINITY))))
                .isEqualTo("[null,null]");
    }

    @Test
    void figuresAreRoundedWithoutAnExponent() {
        assertThat(Json.text(List.of(Json.rounded(1234567.8), Json.rounded(0.000012345678), Json.rounded(100))))
                .isEqualTo("[1234570,0.0000123457,100]");
    }

    @Test
    void flatObjectsAreRead() {
        assertThat(Json.flatObjects("[\n {\"a\": \"x y\", \"b\": null, \"c\": 1.5},\n {\"a\":\"\"}]"))
                .containsExactly(Map.of("a", "x y", "c", "1.5"), Map.of("a", ""));
    }
}
