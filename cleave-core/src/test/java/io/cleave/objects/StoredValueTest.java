package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.IncompatibleBlockException;
import io.cleave.heap.Change;
import io.cleave.heap.Heap;
import io.cleave.heap.HeapReport;
import io.cleave.heap.TestSpace;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Values in one word, or behind it. */
class StoredValueTest {
    private final TestSpace space = new TestSpace(64 << 20);
    private final Heap heap = fresh();

    private Heap fresh() {
        Heap.format(space, 42);
        return Heap.attach(space);
    }

    @AfterEach
    void close() {
        space.close();
    }

    private <T> long store(StoredValue<T> values, T value) {
        try (ValueBuffer buffer = ValueBuffer.lend(); Change change = heap.change()) {
            long word = values.encode(value, buffer);
            if (word == StoredValue.NOTHING) {
                word = values.store(change, buffer);
            }
            change.commit();
            return word;
        }
    }

    private void free(long word) {
        try (Change change = heap.change()) {
            StoredValue.free(word, change);
            change.commit();
        }
    }

    private <T> StoredValue<T> of(Class<T> type) {
        return new StoredValue<>(heap.memory(), ValueEncoding.of(type));
    }

    private <T> T readUnsure(StoredValue<T> values, long word) {
        if (!StoredValue.isBlock(word)) {
            return values.decodeInline(word);
        }
        return values.sure(values.readUnsure(word, values.length(word)));
    }

    private <T> void assertRoundTrip(Class<T> type, Object value) {
        StoredValue<T> values = of(type);
        long word = store(values, type.cast(value));
        ValueCorpus.assertSame(values.decode(word), value);
        ValueCorpus.assertSame(readUnsure(values, word), value);
        HeapReport report = heap.verify(check -> StoredValue.walk(heap.memory(), word, check));
        assertThat(report.isSound()).as(report::toString).isTrue();
        free(word);
    }

    @Test
    void aValueIsTheSameToTheLastBitAndItsBlockIsAccountedFor() {
        for (Object value : ValueCorpus.all().toList()) {
            assertRoundTrip(value.getClass(), value);
            assertRoundTrip(Object.class, value);
        }
        for (long bit = 0; bit < Long.SIZE; bit++) {
            long power = 1L << bit;
            LongStream.of(power, power - 1, -power, ~power, 0xffL << 56 | power).forEach(number -> {
                assertRoundTrip(Long.class, number);
                assertRoundTrip(Integer.class, (int) number);
                assertRoundTrip(Double.class, Double.longBitsToDouble(number));
            });
        }
        assertThat(heap.verify(_ -> {}).usedBytes()).isZero();
    }

    @Test
    void nullIsAValueAndNotNothing() {
        for (Class<?> type : List.of(Object.class, Integer.class, String.class, byte[].class,
                ValueCorpus.Color.class)) {
            StoredValue<?> values = of(type);
            assertThat(store(values, null)).isEqualTo(StoredValue.NULL).isNotEqualTo(StoredValue.NOTHING);
            assertThat((Object) values.decode(StoredValue.NULL)).isNull();
        }
    }

    @Test
    void whatIsShortTakesNoBlock() {
        for (Object value : Stream.of(true, 'c', (byte) 1, (short) -1, Integer.MIN_VALUE, 1.5f, "", "abcdefg", 0L, -5L,
                1L << 55, 1.0, 0.25, -3.0, ValueCorpus.Color.GREEN, new byte[6]).toList()) {
            assertThat(StoredValue.isBlock(storeAny(value.getClass(), value))).as(value + "").isFalse();
        }
        assertThat(StoredValue.isBlock(store(of(String.class), "abcdefgh"))).isTrue();
        assertThat(StoredValue.isBlock(store(of(Double.class), 0.1))).isTrue();
        assertThat(StoredValue.isBlock(store(of(Object.class), 5))).isFalse();
    }

    private <T> long storeAny(Class<T> type, Object value) {
        return store(of(type), type.cast(value));
    }

    @Test
    void rubbishIsNeverReadAsAValueOfALengthThatIsNotThere() {
        StoredValue<String> values = of(String.class);
        long word = store(values, "a string of some length");
        assertThat(values.length(word)).isEqualTo(24);
        heap.memory().setPlain(word, 1L << 40);
        assertThat(values.length(word)).isEqualTo(-1);
        assertThatThrownBy(() -> values.decode(word)).isInstanceOf(IncompatibleBlockException.class);
        heap.memory().setPlain(word, -5);
        assertThat(values.length(word)).isEqualTo(-1);
        assertThat(heap.verify(check -> StoredValue.walk(heap.memory(), word, check)).faults()).isNotEmpty();
        assertThat(values.length(1L << 50)).isEqualTo(-1);
        assertThat(values.length(word + 2)).isEqualTo(-1);
        assertThatThrownBy(() -> values.decode(0xff)).isInstanceOf(IncompatibleBlockException.class);
    }

    @Test
    void whatWasReadFromABlockThatProvesStaleHarmsNobody() {
        StoredValue<Object> values = of(Object.class);
        List<Object> read = new ArrayList<>();
        long word = store(values, (Object) List.of("first", "second", "third"));
        for (int at = 8; at < 24; at++) {
            heap.memory().setBytePlain(word + at, (byte) 0xfe);
            read.add(values.readUnsure(word, values.length(word)));
        }
        assertThat(read).allMatch(byte[].class::isInstance);
        StoredValue<String> texts = of(String.class);
        long text = store(texts, "some text");
        heap.memory().setBytePlain(text + 8, (byte) 7);
        Object unsure = texts.readUnsure(text, texts.length(text));
        assertThat(unsure).isInstanceOf(IncompatibleBlockException.class);
        assertThatThrownBy(() -> texts.sure(unsure)).isInstanceOf(IncompatibleBlockException.class);
    }

    @Test
    void aSchemaIsReadAsItWasStored() {
        for (ValueSchema second : new ValueSchema[] {null, ValueSchema.of(String.class)}) {
            ValueSchema first = ValueSchema.of(ValueCorpus.Line.class);
            long block;
            try (Change change = heap.change()) {
                block = StoredSchema.store(heap.memory(), change, first, second);
                change.commit();
            }
            StoredSchema stored = StoredSchema.read(heap.memory(), block);
            assertThat(stored.first()).isEqualTo(first.text());
            assertThat(stored.second()).isEqualTo(second == null ? "" : second.text());
            StoredSchema.refuse("list", "elements", first, stored.first());
            assertThatThrownBy(
                    () -> StoredSchema.refuse("list", "elements", ValueSchema.of(Long.class), stored.first()))
                    .isInstanceOf(IncompatibleBlockException.class).hasMessageContaining("elements")
                    .hasMessageContaining("java.lang.Long").hasMessageContaining("ValueCorpus$Line");
            heap.memory().setIntPlain(block, -1);
            assertThat(StoredSchema.read(heap.memory(), block)).isNull();
        }
        assertThat(StoredSchema.read(heap.memory(), 12345)).isNull();
    }
}
