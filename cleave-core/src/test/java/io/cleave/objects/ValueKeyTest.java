package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import java.lang.foreign.MemorySegment;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class ValueKeyTest {
    /** Records whose bytes do not say whether they are equal. */
    record Loose(String name) {
        @Override
        public boolean equals(Object other) {
            return other instanceof Loose loose && loose.name.equalsIgnoreCase(name);
        }

        @Override
        public int hashCode() {
            return name.toLowerCase(java.util.Locale.ROOT).hashCode();
        }
    }

    record Named(Loose loose) {}

    record WithArray(int number, byte[] bytes) {}

    record WithMap(Map<String, Integer> map) {}

    record WithText(StringBuilder text) {}

    record WithList(List<Object> list) {}

    private static byte[] bytes(Class<?> type, Object key) {
        @SuppressWarnings("unchecked") // its keys are of the class
        ValueEncoding<Object> encoding = (ValueEncoding<Object>) ValueEncoding.ofKey(type);
        try (ValueBuffer buffer = ValueBuffer.lend()) {
            encoding.encodeKey(key, buffer);
            byte[] bytes = Arrays.copyOf(buffer.bytes(), (int) buffer.length());
            Object copy = encoding.decode(MemorySegment.ofArray(bytes), 0, bytes.length);
            assertThat(copy).isEqualTo(key);
            assertThat(key).isEqualTo(copy);
            encoding.encodeKey(copy, buffer);
            assertThat(Arrays.copyOf(buffer.bytes(), (int) buffer.length())).isEqualTo(bytes);
            return bytes;
        }
    }

    @Test
    void keysAreEqualJustWhereTheirBytesAre() {
        List<Object> keys = Stream.concat(ValueCorpus.keys(), ValueCorpus.nans()).toList();
        List<Object> again = Stream.concat(ValueCorpus.keys(), ValueCorpus.nans()).toList();
        List<byte[]> bytes = keys.stream().map(key -> bytes(Object.class, key)).toList();
        List<byte[]> others = again.stream().map(key -> bytes(Object.class, key)).toList();
        int equal = 0;
        for (int i = 0; i < keys.size(); i++) {
            for (int j = 0; j < keys.size(); j++) {
                boolean isEqual = keys.get(i).equals(again.get(j));
                if (Arrays.equals(bytes.get(i), others.get(j)) != isEqual) {
                    fail("equal: %s, but not by their bytes: %s and %s", isEqual, keys.get(i), again.get(j));
                }
                equal += isEqual ? 1 : 0;
            }
        }
        assertThat(equal).isGreaterThan(keys.size()); // the NaN are one
    }

    @Test
    void declaredKeysAreEqualJustWhereTheirBytesAre() {
        List<Object> keys = ValueCorpus.keys().toList();
        List<byte[]> bytes = keys.stream().map(key -> bytes(key.getClass(), key)).toList();
        for (int i = 0; i < keys.size(); i++) {
            for (int j = 0; j < i; j++) {
                if (keys.get(i).getClass() == keys.get(j).getClass() && Arrays.equals(bytes.get(i), bytes.get(j))) {
                    fail("other keys of the same bytes: %s and %s", keys.get(i), keys.get(j));
                }
            }
        }
    }

    @Test
    void whatHasNoCanonicalFormIsNoKey() {
        Stream<Object> others = Stream.concat(ValueCorpus.others(), Stream.of(new Loose("a"), new Named(new Loose("a")),
                new WithArray(1, new byte[1]), new WithMap(Map.of()), new WithText(new StringBuilder("a")),
                new WithList(new ArrayList<>()), new WithList(List.of(new int[1])), Stream.of(1, 2, 3).toList(),
                new ValueCorpus.Box(new byte[1]), new ValueCorpus.Box(new Object()), List.of(Set.of()),
                java.util.Optional.of(new HashMap<>())));
        ValueEncoding<Object> encoding = ValueEncoding.ofKey(Object.class);
        try (ValueBuffer buffer = ValueBuffer.lend()) {
            for (Object value : others.toList()) {
                assertThatThrownBy(() -> encoding.encodeKey(value, buffer))
                        .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("cannot be a key");
            }
        }
    }

    @Test
    void aClassWithoutKeysIsRefusedWhenTheStructureIsOpened() {
        for (Class<?> type : List.of(byte[].class, String[].class, Object[].class, HashMap.class, ArrayList.class,
                Loose.class, Named.class, WithArray.class, WithText.class, StringBuilder.class)) {
            assertThatThrownBy(() -> ValueEncoding.ofKey(type)).as(type.getName())
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining(type.getTypeName())
                    .hasMessageContaining("cannot be a key");
        }
        assertThatThrownBy(() -> ValueEncoding.ofKey(WithArray.class)).hasMessageContaining("its component bytes")
                .hasMessageContaining("arrays are equal only to themselves");
        assertThatThrownBy(() -> ValueEncoding.ofKey(Named.class)).hasMessageContaining("its component loose")
                .hasMessageContaining("an equals of its own");
        for (Class<?> type : List.of(Object.class, Comparable.class, Number.class, String.class, UUID.class,
                BigDecimal.class, WithList.class, ValueCorpus.Line.class, ValueCorpus.Color.class)) {
            assertThat((Object) ValueEncoding.ofKey(type).type()).isEqualTo(type);
        }
    }

    @Test
    void aKeyOfTooManyLevelsIsRefused() {
        ValueCorpus.Chain chain = null;
        for (int i = 0; i < 100; i++) {
            chain = new ValueCorpus.Chain(i, chain);
        }
        ValueCorpus.Chain deep = chain;
        try (ValueBuffer buffer = ValueBuffer.lend()) {
            assertThatThrownBy(() -> ValueEncoding.ofKey(ValueCorpus.Chain.class).encodeKey(deep, buffer))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("16 levels");
        }
    }

    @Test
    void largeKeysAreWhole() {
        String text = "key\0".repeat(1 << 20);
        assertThat(bytes(String.class, text)).hasSize(text.length() + 1);
        assertThat(bytes(Object.class, List.of(text, "end"))).hasSizeGreaterThan(text.length());
    }

    @Test
    void nothingOfTheKeyBeforeIsLeft() {
        try (ValueBuffer buffer = ValueBuffer.lend()) {
            ValueEncoding<Object> encoding = ValueEncoding.ofKey(Object.class);
            assertThatThrownBy(() -> encoding.encodeKey(List.of("text", new int[1]), buffer))
                    .isInstanceOf(IllegalArgumentException.class);
            encoding.encodeKey("a", buffer);
            assertThat(buffer.length()).isEqualTo(3);
        }
    }
}
