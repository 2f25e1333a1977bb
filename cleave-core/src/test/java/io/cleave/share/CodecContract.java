package io.cleave.share;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.Serializable;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What every codec promises. A class for each codec extends it. */
abstract class CodecContract {
    /** Some bytes in front of an encoded object and behind it, so that offset and length matter. */
    private static final int AROUND = 5;

    abstract Codec codec();

    /** The name by which the other side finds the codec. */
    abstract String name();

    enum Kind {
        PLAIN, WITH_BODY {
            @Override
            public String toString() {
                return "body";
            }
        }
    }

    record Point(int x, double y) implements Serializable {}

    record Tree(String name, List<Tree> children, Map<String, Point> points) implements Serializable {}

    /** What a bean inherits from. */
    static class Base implements Serializable {
        private static final long serialVersionUID = 1L;
        protected long base;
    }

    /** A bean with a parent class and a transient field. */
    static final class Derived extends Base {
        private static final long serialVersionUID = 1L;
        private String text;
        private transient String cache = "not sent";

        static Derived of(long base, String text) {
            Derived derived = new Derived();
            derived.base = base;
            derived.text = text;
            derived.cache = "cached";
            return derived;
        }
    }

    static List<Object> values() {
        Map<String, Integer> ordered = new LinkedHashMap<>();
        ordered.put("z", 1);
        ordered.put(null, null);
        return Arrays.asList(null, true, (byte) -1, (short) 300, 'x', 5, -5L, 1.5f, Float.NaN, -0.0, Double.NaN, "",
                "plain", "\u20ac \u00e9", "\ud83d\ude00", "\ud83d", "a\ude00b", "x".repeat(70_000),
                "\u4e2d".repeat(70_000), BigInteger.TEN.pow(50), new BigDecimal("1.50"), Duration.ofNanos(1),
                LocalDate.EPOCH, ZonedDateTime.of(2024, 1, 2, 3, 4, 5, 6, ZoneId.of("Europe/Paris")), new UUID(3, 4),
                Kind.PLAIN, Kind.WITH_BODY, TimeUnit.DAYS, String.class, int[].class, List.of(), List.of(1, "a"),
                Arrays.asList(1, null), Set.of("a"), Map.of(), Map.of("k", List.of(1L)), ordered,
                new TreeMap<>(Map.of("b", 1, "a", 2)), new ConcurrentHashMap<>(Map.of(1, 2)),
                new EnumMap<>(Map.of(Kind.PLAIN, "p")), BitSet.valueOf(new long[] {9}), new Point(1, -0.0), tree(3));
    }

    private static Tree tree(int depth) {
        return new Tree("t" + depth, depth == 0 ? List.of() : List.of(tree(depth - 1), tree(0)),
                new HashMap<>(Map.of("p", new Point(depth, depth))));
    }

    Object copy(Object value) throws IOException {
        byte[] bytes = codec().encode(value);
        byte[] holder = new byte[bytes.length + 2 * AROUND];
        Arrays.fill(holder, (byte) 0x55);
        System.arraycopy(bytes, 0, holder, AROUND, bytes.length);
        return codec().decode(holder, AROUND, bytes.length);
    }

    @Test
    void valuesOfAllKindsComeBackEqualAndOfTheSameClass() throws IOException {
        for (Object value : values()) {
            Object copy = copy(value);
            assertThat(copy).isEqualTo(value);
            if (value instanceof Number || value instanceof Record || value instanceof Enum) {
                assertThat(copy).hasSameClassAs(value);
            }
        }
    }

    @Test
    void aWholeListOfThemComesBackEqual() throws IOException {
        assertThat(copy(new ArrayList<>(values()))).isEqualTo(values());
    }

    @Test
    void arraysComeBackWithTheirContent() throws IOException {
        for (Object array : List.of(new boolean[] {true}, new byte[] {1, -1}, new char[] {'a', '\uffff'},
                new int[] {}, new long[] {Long.MIN_VALUE}, new double[] {Double.NaN}, new String[] {"a", null},
                new int[][] {{1}, null, {}}, new Object[] {1, "a", new Object[] {null}},
                new Point[] {new Point(1, 2)})) {
            Object copy = copy(array);
            assertThat(copy).hasSameClassAs(array);
            assertThat(Arrays.deepEquals(new Object[] {copy}, new Object[] {array})).isTrue();
        }
    }

    @Test
    void aBeanComesBackWithItsInheritedFieldsAndWithoutTheTransient() throws IOException {
        Derived copy = (Derived) copy(Derived.of(7, "text"));
        assertThat(copy.base).isEqualTo(7);
        assertThat(copy.text).isEqualTo("text");
        assertThat(copy.cache).isNotEqualTo("cached");
    }

    @Test
    void enumsAndClassesComeBackAsTheOnesThereAre() throws IOException {
        assertThat(copy(Kind.WITH_BODY)).isSameAs(Kind.WITH_BODY);
        assertThat(copy(Point.class)).isSameAs(Point.class);
    }

    @Test
    void whatIsTheSameObjectTwiceComesBackSo() throws IOException {
        List<Object> list = new ArrayList<>();
        Object part = new ArrayList<>(List.of(1));
        list.add(part);
        list.add(part);
        list.add(list);
        List<?> copy = (List<?>) copy(list);
        assertThat((Object) copy.get(0)).isEqualTo(part).isSameAs(copy.get(1)).isNotSameAs(part);
        assertThat((Object) copy.get(2)).isSameAs(copy);
    }

    @Test
    void whatCannotBeEncodedIsRefusedByAnExceptionAndHarmsNothing() throws IOException {
        for (Object value : List.of(Thread.currentThread(), new ThreadLocal<>(), List.of(1, Thread.currentThread()))) {
            assertThatThrownBy(() -> codec().encode(value)).isInstanceOf(Exception.class);
            assertThat(copy(List.of(1, "a"))).isEqualTo(List.of(1, "a"));
        }
    }

    @Test
    void randomBytesAreRefusedByAnExceptionOrAreSomeObject() throws IOException {
        Random random = new Random(11);
        for (int round = 0; round < 3_000; round++) {
            byte[] bytes = new byte[random.nextInt(64)];
            random.nextBytes(bytes);
            assertNothingWorseThanAnException(bytes);
        }
        assertThat(copy(tree(2))).isEqualTo(tree(2));
    }

    @Test
    void damagedBytesAreRefusedByAnExceptionOrAreSomeObject() throws IOException {
        Random random = new Random(12);
        List<byte[]> intact = new ArrayList<>();
        for (Object value : values()) {
            byte[] bytes = codec().encode(value);
            if (bytes.length < 5_000) {
                intact.add(bytes);
            }
        }
        for (int round = 0; round < 6_000; round++) {
            byte[] bytes = intact.get(random.nextInt(intact.size())).clone();
            if (random.nextBoolean()) {
                bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length + 1));
            }
            for (int flips = random.nextInt(4); flips >= 0 && bytes.length > 0; flips--) {
                bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
            }
            assertNothingWorseThanAnException(bytes);
        }
        assertThat(copy(tree(2))).isEqualTo(tree(2));
    }

    private void assertNothingWorseThanAnException(byte[] bytes) {
        try {
            codec().decode(bytes, 0, bytes.length);
        } catch (Exception e) {
            assertThat(e).isNotNull();
        }
    }

    @Test
    void severalThreadsUseItAtOnce() throws Exception {
        List<FutureTask<Boolean>> uses = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            int seed = i;
            uses.add(new FutureTask<>(() -> {
                boolean same = true;
                for (int round = 0; round < 200; round++) {
                    Object value = List.of(tree(seed), "round " + round, (long) seed);
                    same &= value.equals(copy(value));
                }
                return same;
            }));
            threads.add(Thread.ofPlatform().start(uses.getLast()));
        }
        for (FutureTask<Boolean> use : uses) {
            assertThat(use.get()).isTrue();
        }
        for (Thread thread : threads) {
            thread.join();
        }
    }

    @Test
    void itsNameIsKnown() {
        assertThat(codec().name()).isEqualTo(name());
    }
}
