package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.share.ElementType;
import io.cleave.share.Tensor;
import java.io.Serializable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ValueRoundTripTest {
    /** What has to be there on both sides of a value. */
    private static final byte GUARD = 0x5a;

    /** Encodes into memory at an odd place, looks that nothing else was written, and decodes. */
    static <T> T roundTrip(ValueEncoding<T> encoding, T value) {
        try (Arena arena = Arena.ofConfined(); ValueBuffer buffer = ValueBuffer.lend()) {
            encoding.encode(value, buffer);
            long length = buffer.length();
            MemorySegment memory = arena.allocate(length + 20);
            memory.fill(GUARD);
            buffer.copyTo(memory, 11);
            for (long i = 0; i < 11; i++) {
                assertThat(memory.get(ValueLayout.JAVA_BYTE, i)).isEqualTo(GUARD);
            }
            for (long i = 11 + length; i < memory.byteSize(); i++) {
                assertThat(memory.get(ValueLayout.JAVA_BYTE, i)).isEqualTo(GUARD);
            }
            return encoding.decode(memory, 11, length);
        }
    }

    @Test
    void aValueIsTheSameToTheLastBit() {
        for (Object value : ValueCorpus.all().toList()) {
            ValueCorpus.assertSame(roundTrip(ValueEncoding.of(Object.class), value), value);
            ValueCorpus.assertSame(declared(value.getClass(), value), value);
        }
    }

    private static <T> Object declared(Class<T> type, Object value) {
        return roundTrip(ValueEncoding.of(type), type.cast(value));
    }

    @Test
    void nullHasNoBytes() {
        for (Class<?> type : List.of(Object.class, Long.class, String.class, byte[].class, ValueCorpus.Point.class)) {
            try (ValueBuffer buffer = ValueBuffer.lend()) {
                ValueEncoding<?> encoding = ValueEncoding.of(type);
                encoding.encode(null, buffer);
                assertThat(buffer.length()).isZero();
                assertThat((Object) encoding.decode(MemorySegment.NULL, 0, 0)).isNull();
            }
        }
    }

    @Test
    void everyValueHasBytes() {
        try (ValueBuffer buffer = ValueBuffer.lend()) {
            for (Object value : ValueCorpus.all().toList()) {
                ValueEncoding.of(Object.class).encode(value, buffer);
                assertThat(buffer.length()).isPositive();
            }
        }
    }

    @Test
    void numbersTakeNoMoreThanTheirBytes() {
        try (ValueBuffer buffer = ValueBuffer.lend()) {
            ValueEncoding.of(Long.class).encode(7L, buffer);
            assertThat(buffer.length()).isEqualTo(8);
            ValueEncoding.of(Integer.class).encode(7, buffer);
            assertThat(buffer.length()).isEqualTo(4);
            ValueEncoding.of(String.class).encode("seven", buffer);
            assertThat(buffer.length()).isEqualTo(6);
            ValueEncoding.of(ValueCorpus.Color.class).encode(ValueCorpus.Color.BLUE, buffer);
            assertThat(buffer.length()).isEqualTo(2);
            ValueEncoding.of(ValueCorpus.Point.class).encode(new ValueCorpus.Point(1, 2), buffer);
            assertThat(buffer.length()).isEqualTo(17);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4095, 4096, 4097, 20_000})
    void largePartsComeToTheirPlaces(int size) {
        byte[] bytes = new byte[size];
        Arrays.fill(bytes, (byte) 3);
        boolean[] flags = new boolean[size];
        Arrays.fill(flags, true);
        long[] longs = new long[size];
        Arrays.setAll(longs, i -> i * 0x9e3779b97f4a7c15L);
        String latin1 = "\u00e9\0".repeat(size);
        String wide = "\ud800\u0100\udc00".repeat(size);
        ValueCorpus.Mixed mixed = new ValueCorpus.Mixed(1, bytes, latin1, flags, 2, wide, longs, "end");
        ValueCorpus.Mixed copy = roundTrip(ValueEncoding.of(ValueCorpus.Mixed.class), mixed);
        assertThat(copy).usingRecursiveComparison().isEqualTo(mixed);
        assertThat(roundTrip(ValueEncoding.of(byte[].class), bytes)).isEqualTo(bytes);
        assertThat(roundTrip(ValueEncoding.of(boolean[].class), flags)).isEqualTo(flags);
        assertThat(roundTrip(ValueEncoding.of(long[].class), longs)).isEqualTo(longs);
        assertThat(roundTrip(ValueEncoding.of(String.class), latin1)).isEqualTo(latin1);
        assertThat(roundTrip(ValueEncoding.of(String.class), wide)).isEqualTo(wide);
    }

    @Test
    void aHundredMegabytesAreNotCopiedBeforeTheyAreInPlace() {
        byte[] bytes = new byte[100 << 20];
        bytes[bytes.length - 1] = 9;
        String text = "x".repeat(100 << 20);
        try (Arena arena = Arena.ofConfined(); ValueBuffer buffer = ValueBuffer.lend()) {
            ValueEncoding<byte[]> ofBytes = ValueEncoding.of(byte[].class);
            ofBytes.encode(bytes, buffer);
            assertThat(buffer.bytes().length).isLessThan(1 << 20);
            MemorySegment memory = arena.allocate(buffer.length());
            buffer.copyTo(memory, 0);
            assertThat(Arrays.equals(ofBytes.decode(memory, 0, buffer.length()), bytes)).isTrue();
            ValueEncoding.of(String.class).encode(text, buffer);
            assertThat(buffer.bytes().length).isLessThan(1 << 20);
            memory = arena.allocate(buffer.length());
            buffer.copyTo(memory, 0);
            assertThat(text.equals(ValueEncoding.of(String.class).decode(memory, 0, buffer.length()))).isTrue();
        }
    }

    @Test
    void elementsAreSeenWhereTheyAre() {
        try (Arena arena = Arena.ofConfined(); ValueBuffer buffer = ValueBuffer.lend()) {
            for (Class<?> type : List.of(Object.class, double[].class)) {
                double[] numbers = {1, -0.0, Double.NaN};
                @SuppressWarnings("unchecked") // its values are arrays
                ValueEncoding<Object> encoding = (ValueEncoding<Object>) ValueEncoding.of(type);
                encoding.encode(numbers, buffer);
                MemorySegment memory = arena.allocate(buffer.length() + 8, 8);
                buffer.copyTo(memory, 8);
                MemorySegment view = Objects.requireNonNull(encoding.viewElements(memory, 8, buffer.length()));
                assertThat(view.isReadOnly()).isTrue();
                assertThat(view.address() % 8).isZero();
                memory.set(ValueLayout.JAVA_DOUBLE, view.address() - memory.address(), 5.0);
                assertThat(view.get(ValueLayout.JAVA_DOUBLE, 0)).isEqualTo(5.0);
                assertThat(view.byteSize()).isEqualTo(24);
            }
            Tensor tensor = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3).transpose();
            ValueEncoding<Tensor> encoding = ValueEncoding.of(Tensor.class);
            encoding.encode(tensor, buffer);
            MemorySegment memory = arena.allocate(buffer.length(), 8);
            buffer.copyTo(memory, 0);
            Tensor view = Objects.requireNonNull(encoding.viewTensor(memory, 0, buffer.length()));
            assertThat(view).isEqualTo(tensor);
            assertThat(view.isReadOnly()).isTrue();
            assertThat(encoding.decode(memory, 0, buffer.length())).isEqualTo(tensor);
            assertThat(ValueEncoding.of(String.class).viewElements(memory, 0, buffer.length())).isNull();
            assertThat(ValueEncoding.of(Long.class).viewTensor(memory, 0, 8)).isNull();
        }
    }

    @Test
    void aTensorWithinAnObjectOfAnotherKindIsStored() {
        Tensor tensor = Tensor.of(ElementType.INT, MemorySegment.ofArray(new int[] {1, 2, 3, 4}), 2, 2);
        long[] large = new long[5000];
        large[4999] = 7;
        Map<String, Object> map = new HashMap<>();
        map.put("tensor", tensor);
        map.put("large", large);
        map.put("again", tensor);
        @SuppressWarnings("unchecked") // it is what was written
        Map<String, Object> copy = (Map<String, Object>) roundTrip(ValueEncoding.of(Object.class), map);
        assertThat(copy.get("tensor")).isEqualTo(tensor).isSameAs(copy.get("again"));
        assertThat((long[]) copy.get("large")).isEqualTo(large);
    }

    @Test
    void aRecordOfTooManyLevelsGoesThroughTheCodec() {
        ValueCorpus.Chain chain = null;
        for (int i = 0; i < 3000; i++) {
            chain = new ValueCorpus.Chain(i, chain);
        }
        ValueCorpus.Chain copy = roundTrip(ValueEncoding.of(ValueCorpus.Chain.class), chain);
        for (int i = 2999; i >= 0; i--) {
            assertThat(copy.number()).isEqualTo(i);
            copy = copy.next();
        }
        assertThat(copy).isNull();
        Object list = "x";
        for (int i = 0; i < 15; i++) {
            list = List.of(list, list, list, list, list, list, list, list);
        }
        Object copied = roundTrip(ValueEncoding.of(Object.class), list);
        for (int i = 0; i < 15; i++) {
            assertThat((List<?>) copied).hasSize(8);
            copied = ((List<?>) copied).get(i % 8);
        }
        assertThat(copied).isEqualTo("x");
    }

    @Test
    void subclassesOfKnownClassesStayWhatTheyAre() {
        BigDecimal odd = new ValueCorpus.Money("1.50");
        assertThat(roundTrip(ValueEncoding.of(BigDecimal.class), odd)).isExactlyInstanceOf(ValueCorpus.Money.class)
                .isEqualTo(odd);
        List<Object> nulls = Stream.<Object>of("a", null, "b").toList();
        assertThat((Object) roundTrip(ValueEncoding.of(List.class), nulls)).isEqualTo(nulls)
                .isExactlyInstanceOf(nulls.getClass());
        List<Object> tolerant = Stream.<Object>of("a", "c", "b").toList();
        assertThat(roundTrip(ValueEncoding.of(List.class), tolerant).contains(null)).isFalse();
        assertThatThrownBy(() -> roundTrip(ValueEncoding.of(List.class), List.of(1, 2, 3)).contains(null))
                .isInstanceOf(NullPointerException.class);
    }

    @Test
    void anObjectThatCannotBeStoredIsNamed() {
        record Holder(Object what) implements Serializable {}
        try (ValueBuffer buffer = ValueBuffer.lend()) {
            ValueEncoding<Object> encoding = ValueEncoding.of(Object.class);
            assertThatThrownBy(() -> encoding.encode(new Holder(new Thread()), buffer))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("java.lang.Thread");
            encoding.encode("fine", buffer);
            assertThat(buffer.length()).isEqualTo(6);
        }
        assertThatThrownBy(() -> ValueEncoding.of(long.class)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("Long");
    }

    @Test
    @SuppressWarnings({"unchecked", "rawtypes"}) // that is what is tried
    void aValueOfAnotherClassIsRefused() {
        try (ValueBuffer buffer = ValueBuffer.lend()) {
            ValueEncoding raw = ValueEncoding.of(Long.class);
            assertThatThrownBy(() -> raw.encode(1, buffer)).isInstanceOf(ClassCastException.class);
            assertThatThrownBy(() -> raw.encodeKey("1", buffer)).isInstanceOf(ClassCastException.class);
        }
    }

    /** What the codec runs may store values, too. */
    @Test
    void aBufferInUseIsNotGivenAgain() {
        try (ValueBuffer first = ValueBuffer.lend()) {
            ValueEncoding.of(String.class).encode("first", first);
            try (ValueBuffer second = ValueBuffer.lend()) {
                ValueEncoding.of(BigInteger.class).encode(BigInteger.TEN, second);
                assertThat(second).isNotSameAs(first);
            }
            assertThat(first.length()).isEqualTo(6);
        }
        List<ValueBuffer> lent = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            try (ValueBuffer buffer = ValueBuffer.lend()) {
                lent.add(buffer);
            }
        }
        assertThat(lent.get(0)).isSameAs(lent.get(1));
    }

    @Test
    void collectionsKeepTheirElements() {
        Map<Object, Object> map = Map.of("a", 1, 2L, List.of(Optional.empty(), Optional.of('c')), 3.0, Set.of(1, 2, 3));
        assertThat((Object) roundTrip(ValueEncoding.of(Map.class), map)).isEqualTo(map)
                .isExactlyInstanceOf(map.getClass());
    }
}
