package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.IncompatibleBlockException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** Bytes that are no value: an error of one kind, whatever they are. */
final class ValueDamageTest {
    private static final int CHANGES = 300;

    /** A record that refuses some values. */
    record Positive(int number) {
        private static final AtomicInteger MADE = new AtomicInteger();

        Positive {
            MADE.incrementAndGet();
            if (number < 0) {
                throw new IllegalArgumentException("not positive: " + number);
            }
        }
    }

    /** A class that nobody may initialise by its name alone. */
    static final class Innocent {
        private static final AtomicInteger RUNS = Counter.RUNS;

        static {
            RUNS.incrementAndGet();
        }

        private Innocent() {
        }
    }

    /** Counts what another class does when it is initialised. */
    static final class Counter {
        static final AtomicInteger RUNS = new AtomicInteger();

        private Counter() {
        }
    }

    private static byte[] bytes(ValueEncoding<?> encoding, Object value) {
        @SuppressWarnings("unchecked") // the value is of its class
        ValueEncoding<Object> any = (ValueEncoding<Object>) encoding;
        try (ValueBuffer buffer = ValueBuffer.lend()) {
            any.encode(value, buffer);
            byte[] bytes = new byte[(int) buffer.length()];
            buffer.copyTo(MemorySegment.ofArray(bytes), 0);
            return bytes;
        }
    }

    /** Whether bytes were refused, as they have to be where they are no value. */
    private static boolean isRefused(ValueEncoding<?> encoding, byte[] bytes) {
        // What is around the value must not be read.
        byte[] around = new byte[bytes.length + 64];
        Arrays.fill(around, (byte) 0x7f);
        System.arraycopy(bytes, 0, around, 32, bytes.length);
        try {
            Object value = encoding.decode(MemorySegment.ofArray(around).asSlice(0, 32 + bytes.length), 32,
                    bytes.length);
            assertThat(value == null || encoding.type().isInstance(value)).isTrue();
            return false;
        } catch (IncompatibleBlockException e) {
            assertThat(e).hasMessageContaining("cannot be read");
            return true;
        }
    }

    @Test
    void changedBytesAreAValueOrRefused() {
        Random random = new Random(5);
        // The codec's own reader has fuzz tests of its own; here its bytes are a small part.
        Predicate<Object> isSmall = value -> bytes(ValueEncoding.of(Object.class), value).length < 2000;
        List<Object> values = ValueCorpus.all().filter(isSmall).toList();
        int refused = 0;
        for (Object value : values) {
            for (Class<?> type : List.of(Object.class, value.getClass())) {
                ValueEncoding<?> encoding = ValueEncoding.of(type);
                byte[] good = bytes(encoding, value);
                for (int i = 0; i < CHANGES / 10; i++) {
                    byte[] bad = good.clone();
                    for (int j = random.nextInt(3); j >= 0; j--) {
                        bad[random.nextInt(Math.min(bad.length, 40))] = (byte) random.nextInt();
                    }
                    refused += isRefused(encoding, bad) ? 1 : 0;
                }
            }
        }
        assertThat(refused).isGreaterThan(values.size());
    }

    @Test
    void whatIsCutOffIsRefusedOrShorter() {
        for (Object value : ValueCorpus.keys().toList()) {
            ValueEncoding<Object> encoding = ValueEncoding.of(Object.class);
            byte[] good = bytes(encoding, value);
            for (int length = 1; length < Math.min(good.length, 100); length++) {
                assertThat(isRefused(encoding, Arrays.copyOf(good, length))).as("%s cut to %s", value, length)
                        .isTrue();
            }
            assertThat(isRefused(encoding, Arrays.copyOf(good, good.length + 1))).isTrue();
        }
    }

    @Test
    void randomBytesAreAValueOrRefused() {
        Random random = new Random(6);
        List<ValueEncoding<?>> encodings = List.of(ValueEncoding.of(Object.class), ValueEncoding.of(String.class),
                ValueEncoding.of(Long.class), ValueEncoding.of(ValueCorpus.Line.class), ValueEncoding.of(List.class),
                ValueEncoding.of(double[].class), ValueEncoding.of(ValueCorpus.Color.class),
                ValueEncoding.of(ValueCorpus.Chain.class), ValueEncoding.of(java.time.LocalDate.class),
                ValueEncoding.of(java.time.ZonedDateTime.class), ValueEncoding.of(io.cleave.share.Tensor.class));
        int refused = 0;
        for (int i = 0; i < 200_000; i++) {
            byte[] bytes = new byte[1 + random.nextInt(40)];
            random.nextBytes(bytes);
            bytes[0] = (byte) random.nextInt(ValueTags.END);
            refused += isRefused(encodings.get(random.nextInt(encodings.size())), bytes) ? 1 : 0;
        }
        assertThat(refused).isGreaterThan(50_000);
    }

    @Test
    void absurdLengthsAskForNoMemory() {
        for (int tag = 0; tag < ValueTags.END; tag++) {
            for (byte last : new byte[] {0x7f, 1}) {
                byte[] bytes = {(byte) tag, -1, -1, -1, -1, -1, -1, -1, -1, last, 0, 0, 0, 0};
                isRefused(ValueEncoding.of(Object.class), bytes);
                byte[] less = {(byte) tag, -1, -1, -1, -1, last, 0, 0, 0, 0};
                isRefused(ValueEncoding.of(Object.class), less);
                isRefused(ValueEncoding.of(ValueCorpus.Box.class), bytes);
            }
        }
        byte[] deep = new byte[100_000];
        Arrays.fill(deep, (byte) ValueTags.OPTIONAL);
        assertThat(isRefused(ValueEncoding.of(Object.class), deep)).isTrue();
        byte[] nested = new byte[100_000];
        for (int i = 0; i < nested.length; i++) {
            nested[i] = (byte) (i % 2 == 0 ? ValueTags.LIST : 1);
        }
        assertThat(isRefused(ValueEncoding.of(Object.class), nested)).isTrue();
    }

    @Test
    void aConstructorThatRefusesIsAnErrorOfTheBytes() {
        ValueEncoding<Positive> encoding = ValueEncoding.of(Positive.class);
        byte[] bytes = bytes(encoding, new Positive(3));
        bytes[4] = (byte) 0x80;
        assertThatThrownBy(() -> encoding.decode(MemorySegment.ofArray(bytes), 0, bytes.length))
                .isInstanceOf(IncompatibleBlockException.class).hasMessageContaining("not positive");
    }

    @Test
    void aClassThatIsNoRecordOrEnumIsNotTouched() {
        String name = Innocent.class.getName();
        try (ValueBuffer buffer = ValueBuffer.lend()) {
            for (int tag : new int[] {ValueTags.RECORD, ValueTags.ENUM}) {
                for (String text : List.of(name, "no.such.Class", "java.lang.Runtime", "[I", "")) {
                    buffer.beginKey();
                    buffer.putByte(tag);
                    buffer.putText(text);
                    buffer.putLong(0);
                    byte[] bytes = Arrays.copyOf(buffer.bytes(), (int) buffer.length());
                    assertThat(isRefused(ValueEncoding.of(Object.class), bytes)).isTrue();
                }
            }
        }
        assertThat(Counter.RUNS).hasValue(0);
    }

    @Test
    void aValueOfAnotherClassThanDeclaredIsRefused() {
        byte[] text = bytes(ValueEncoding.of(Object.class), "text");
        assertThat(isRefused(ValueEncoding.of(Number.class), text)).isTrue();
        assertThat(isRefused(ValueEncoding.of(Object.class), new byte[] {ValueTags.NULL})).isTrue();
        assertThat(isRefused(ValueEncoding.of(ValueCorpus.Color.class), new byte[] {3, 0})).isTrue();
        assertThat(isRefused(ValueEncoding.of(ValueCorpus.Color.class), new byte[] {2, 0})).isFalse();
        assertThat(isRefused(ValueEncoding.of(Boolean.class), new byte[] {2})).isTrue();
    }
}
