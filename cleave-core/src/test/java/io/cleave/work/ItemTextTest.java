package io.cleave.work;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The texts of items in messages. */
final class ItemTextTest {
    @Test
    void aShortTextIsWhatToStringGives() {
        List<Object> objects = Arrays.asList(null, 1, "text", List.of(), List.of(1, "a"),
                Arrays.asList(1, null, List.of(2)), new TreeMap<>(Map.of("k", List.of(1), "l", 2)), Map.of());
        for (Object object : objects) {
            assertThat(ItemText.of(object)).isEqualTo(String.valueOf(object));
        }
        assertThat(ItemText.of(objects)).isEqualTo(objects.toString());
    }

    @Test
    void aCollectionThatContainsItselfSaysSo() {
        List<Object> list = new ArrayList<>(List.of(1));
        list.add(list);
        assertThat(ItemText.of(list)).isEqualTo(list.toString());
        List<Object> outer = new ArrayList<>();
        List<Object> inner = new ArrayList<>(List.of(outer));
        outer.add(inner);
        assertThat(ItemText.of(outer)).startsWith("[[[[");
    }

    @Test
    void aLongTextIsCut() {
        assertThat(ItemText.of("x".repeat(10_000))).isEqualTo("x".repeat(200) + "...");
        assertThat(ItemText.of("x".repeat(200))).isEqualTo("x".repeat(200));
        assertThat(ItemText.of(Collections.nCopies(Integer.MAX_VALUE, 7))).hasSize(203).startsWith("[7, 7, 7")
                .endsWith("...");
        assertThat(ItemText.of(Collections.nCopies(3, Collections.nCopies(Integer.MAX_VALUE, "word")))).hasSize(203)
                .startsWith("[[word, word");
    }

    @Test
    void aTextThatCannotBeHadIsReplaced() {
        Object broken = new Object() {
            @Override
            public String toString() {
                throw new NoClassDefFoundError("broken");
            }
        };
        assertThat(ItemText.of(broken)).contains("toString failed with java.lang.NoClassDefFoundError");
        assertThat(ItemText.of(List.of(1, broken))).contains("NoClassDefFoundError");
    }
}
