package io.cleave.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class JsonObjectTest {

    @Test
    void fieldsKeepTheOrderInWhichTheyCame() {
        assertThat(new JsonObject().put("b", 1).put("a", 2L).put("c", true).put("b", 3))
                .hasToString("{\"b\":3,\"a\":2,\"c\":true}");
        assertThat(new JsonObject()).hasToString("{}");
    }

    @Test
    void whatJsonDoesNotKnowIsNull() {
        assertThat(new JsonObject().put("a", Double.NaN).put("b", Float.POSITIVE_INFINITY).put("c", null).put("d", 0.5))
                .hasToString("{\"a\":null,\"b\":null,\"c\":null,\"d\":0.5}");
    }

    @Test
    void objectsAndListsNest() {
        assertThat(new JsonObject().put("list", Arrays.asList(1, null, "x", List.of(new JsonObject().put("y", 2)))))
                .hasToString("{\"list\":[1,null,\"x\",[{\"y\":2}]]}");
        assertThat(new JsonObject().put("empty", Set.of())).hasToString("{\"empty\":[]}");
    }

    @Test
    void textsAreEscapedDownToAscii() {
        assertThat(new JsonObject().put("a\"b", "\\ \n\r\t \u0001 \u007f \u00e4 \ud83d\ude00")).hasToString(
                "{\"a\\\"b\":\"\\\\ \\n\\r\\t \\u0001 \\u007f \\u00e4 \\ud83d\\ude00\"}");
    }

    @Test
    void otherObjectsAreRefused() {
        JsonObject object = new JsonObject().put("x", new Object());
        assertThatIllegalArgumentException().isThrownBy(object::toString).withMessageContaining("java.lang.Object");
    }
}
