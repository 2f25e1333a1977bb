package io.cleave.fission;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.testing.ChildJvm;
import java.io.Serializable;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What comes back from children is what they computed, whatever it is. The warm-ups are in this order because nobody
 * promises that a child can load what a result needs; the calling JVM, which begins, can.
 */
final class FissionResultsTest {
    private static final int RING = RunMemory.RING_BYTES;

    record Point(int x, double y) {}

    record Shape(String name, List<Point> points, Map<String, Object> properties, Shape inner, Kind kind) {}

    enum Kind {
        ROUND, SQUARE
    }

    /** Not serializable for Java, but plain data. */
    static final class Bean {
        private final int[] numbers;
        private final String text;

        Bean(int[] numbers, String text) {
            this.numbers = numbers;
            this.text = text;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Bean bean && Arrays.equals(bean.numbers, numbers) && bean.text.equals(text);
        }

        @Override
        public int hashCode() {
            return text.hashCode();
        }
    }

    private static List<Object> values() {
        Map<String, Integer> ordered = new LinkedHashMap<>();
        ordered.put("z", 1);
        ordered.put("a", null);
        return Arrays.asList(null, true, false, 0, -1, Integer.MIN_VALUE, Integer.MAX_VALUE, 0L, Long.MIN_VALUE,
                Long.MAX_VALUE, 0.0, -0.0, Double.MIN_VALUE, Double.NaN, Double.NEGATIVE_INFINITY, 1.5f, Float.NaN,
                (byte) -1, (short) -300, 'x', '\uffff', "", "plain", "\0", "\u00ff latin \u00e9", "\u0100", "\u20ac 5",
                "\ud83d\ude00 pair", "\ud83d", "\ude00", "a\ud800b", "x".repeat(100_000), "\u4e2d".repeat(100_000),
                BigInteger.TWO.pow(200), new BigDecimal("1.50"), Duration.ofNanos(5), Instant.EPOCH, new UUID(1, 2),
                Kind.SQUARE, TimeUnit.DAYS, Optional.empty(), Optional.of("x"), String.class, List.of(),
                List.of(1, "a"),
                Arrays.asList(1, null), Set.of(1), Map.of("k", List.of(Map.of())), ordered, new TreeMap<>(Map.of(1, 2)),
                new EnumMap<>(Map.of(Kind.ROUND, 1)), BitSet.valueOf(new long[] {5}), new Point(1, -0.0),
                new Shape("s", List.of(new Point(1, 2)), new HashMap<>(Map.of("p", 5L)),
                        new Shape("", List.of(), Map.of(), null, null), Kind.ROUND),
                new Bean(new int[] {1, 2}, "bean"));
    }

    @ParameterizedTest
    @ValueSource(ints = {1000, 1, 0})
    void aResultOfAnyKindArrivesEqualAndOfTheSameClass(int warmUp) {
        List<Object> values = values();
        try (Fission fission = Fission.builder().warmUp(warmUp).build()) {
            List<Object> results = fission.map(values, value -> value);
            assertThat(results).isEqualTo(values);
            for (int i = 0; i < values.size(); i++) {
                Object value = values.get(i);
                assertThat(results.get(i) == null).isEqualTo(value == null);
                if (value instanceof Number || value instanceof Record) {
                    assertThat(results.get(i)).hasSameClassAs(value);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1000, 0})
    void theBitsOfNumbersAreKept(int warmUp) {
        List<Long> bits = List.of(0x8000000000000000L, 0x7ff8000000000000L, 0x7ff800000000beefL, 0xfff0000000000000L);
        try (Fission fission = Fission.builder().warmUp(warmUp).build()) {
            List<Double> results = fission.map(bits, Double::longBitsToDouble);
            assertThat(results).map(Double::doubleToRawLongBits).isEqualTo(bits);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1000, 0})
    void arraysArriveWithTheirContent(int warmUp) {
        List<Object> arrays = List.of(new byte[] {1, -1}, new int[] {}, new long[] {1L << 40},
                new String[] {"a", null, "\u20ac"}, new double[][] {{1}, {}, {2, 3}}, new Object[] {1, "a", null});
        try (Fission fission = Fission.builder().warmUp(warmUp).build()) {
            List<Object> results = fission.map(arrays, array -> array);
            assertThat(Arrays.deepEquals(results.toArray(), arrays.toArray())).isTrue();
            for (int i = 0; i < arrays.size(); i++) {
                assertThat(results.get(i)).hasSameClassAs(arrays.get(i));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1000, 0})
    void anObjectThatContainsItselfAndTheSamePartTwiceArrivesSo(int warmUp) {
        try (Fission fission = Fission.builder().warmUp(warmUp).build()) {
            List<Object> result = fission.map(List.of(1), item -> {
                List<Object> list = new ArrayList<>();
                Object part = new ArrayList<>(List.of(item));
                list.add(part);
                list.add(part);
                list.add(list);
                return list;
            }).getFirst();
            assertThat(result.get(0)).isEqualTo(List.of(1)).isSameAs(result.get(1));
            assertThat(result.get(2)).isSameAs(result);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1000, 0})
    void aResultSharesNoStateWithTheCallersObjectsWhereverItWasComputed(int warmUp) {
        List<Integer> callers = new ArrayList<>(List.of(1, 2, 3));
        try (Fission fission = Fission.builder().warmUp(warmUp).build()) {
            List<Integer> result = fission.map(List.of(1), item -> callers).getFirst();
            callers.set(0, 100);
            assertThat(result).containsExactly(1, 2, 3);
        }
    }

    /** A function that Java can serialise. */
    interface Text extends Supplier<String>, Serializable {}

    @ParameterizedTest
    @ValueSource(ints = {1000, 0})
    void aSerializableLambdaAndAnExceptionMayBeResults(int warmUp) {
        try (Fission fission = Fission.builder().warmUp(warmUp).build()) {
            List<Text> lambdas = fission.map(List.of("a", "b"), item -> () -> item + item);
            assertThat(lambdas).map(Supplier::get).containsExactly("aa", "bb");
            List<Exception> exceptions = fission.map(List.of("a"), IllegalStateException::new);
            assertThat(exceptions.getFirst()).isExactlyInstanceOf(IllegalStateException.class).hasMessage("a");
            List<List<Exception>> nested = fission.map(List.of("a"), item -> List.of(new IllegalStateException(item)));
            assertThat(nested.getFirst().getFirst()).isExactlyInstanceOf(IllegalStateException.class).hasMessage("a");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void resultsLargerThanTheRingArriveWhole(int warmUp) {
        List<Integer> sizes = List.of(RING / 4, RING - 1, RING, RING + 1, 3 * RING + 17, 6 * RING, 5, 2 * RING);
        try (Fission fission = Fission.builder().warmUp(warmUp).build()) {
            List<byte[]> results = fission.map(sizes, FissionResultsTest::random);
            assertThat(results).hasSameSizeAs(sizes);
            for (int i = 0; i < sizes.size(); i++) {
                assertThat(Arrays.equals(results.get(i), random(sizes.get(i)))).isTrue();
            }
        }
    }

    /** A heap that was just collected may be sized so that G1 wants to mark with the first large object, which no child can. */
    @Test
    void largeResultsArriveFromAJvmWhoseHeapIsTight() throws InterruptedException {
        try (ChildJvm jvm = ChildJvm.start(List.of("-Xms16m", "-Xmx1g", "-XX:+UseG1GC"), Tight.class)) {
            assertThat(jvm.awaitExit()).as(jvm.toString()).isZero();
            assertThat(jvm.awaitLine("wrong ")).isEqualTo("0");
        }
    }

    /** Computes large results in children alone, with a good part of the heap in use. */
    static final class Tight {
        public static void main(String[] arguments) {
            List<byte[]> kept = IntStream.range(0, 300).mapToObj(i -> new byte[100_000]).toList();
            List<Integer> sizes = IntStream.range(0, 12).mapToObj(i -> (i % 6 + 1) * RING).toList();
            int wrong = 0;
            for (int round = 0; round < 3; round++) {
                System.gc();
                try (Fission fission = Fission.builder().warmUp(0).build()) {
                    List<byte[]> results = fission.map(sizes, FissionResultsTest::random);
                    for (int i = 0; i < sizes.size(); i++) {
                        wrong += Arrays.equals(results.get(i), random(sizes.get(i))) ? 0 : 1;
                    }
                }
            }
            System.out.println("wrong " + (wrong + kept.size() - 300));
        }
    }

    private static byte[] random(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }

    @ParameterizedTest
    @ValueSource(ints = {100, 1, 0})
    void manyTinyResultsArriveInOrderAndOnce(int warmUp) {
        List<Integer> items = IntStream.range(0, 200_000).boxed().toList();
        try (Fission fission = Fission.builder().warmUp(warmUp).build()) {
            assertThat(fission.map(items, x -> x + 1L))
                    .isEqualTo(items.stream().map(x -> x + 1L).toList());
        }
    }

    @Test
    void resultsOfRandomSizesArriveInOrderWhateverTheChildren() {
        Random random = new Random(42);
        List<Integer> sizes = random.ints(300, 0, 19).map(power -> random.nextInt(1 << power)).boxed().toList();
        for (int children : new int[] {1, 2, 5}) {
            try (Fission fission = Fission.builder().warmUp(0).children(children).build();
                    Stream<String> results = fission.imap(sizes, "\u20ac"::repeat)) {
                assertThat(results.map(String::length).toList()).isEqualTo(sizes);
            }
        }
    }
}
