package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.share.ElementType;
import io.cleave.share.Tensor;
import java.lang.foreign.MemorySegment;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.Month;
import java.time.MonthDay;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.time.Period;
import java.time.Year;
import java.time.YearMonth;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;

/** Values of every kind, with the edges of each. */
final class ValueCorpus {
    private ValueCorpus() {
    }

    record Point(long x, long y) {}

    record Empty() {}

    record Numbers(boolean a, byte b, short c, char d, int e, long f, float g, double h, Integer i, String j) {}

    record Mixed(int a, byte[] b, String c, boolean[] d, long e, String f, long[] g, Object h) {}

    record Line(Point from, Point to, Color color, Object note) {}

    record Chain(int number, Chain next) {}

    record Box(Object what) {}

    record Varied(int... numbers) {}

    enum Color {
        RED, GREEN {
            @Override
            public String toString() {
                return "a class of its own";
            }
        },
        BLUE
    }

    static final class Money extends BigDecimal {
        private static final long serialVersionUID = 1L;

        Money(String text) {
            super(text);
        }
    }

    /** Those that are no keys. */
    static Stream<Object> others() {
        return Stream.of(new boolean[0], new boolean[] {true, false, true}, new byte[0], new byte[] {-128, 0, 127},
                new short[0], new short[] {Short.MIN_VALUE, 3}, new char[0], new char[] {'\0', '\uffff', '\ud800'},
                new int[0], new int[] {Integer.MIN_VALUE, 1}, new long[0], new long[] {Long.MIN_VALUE, 1},
                new float[0], new float[] {Float.NaN, Float.intBitsToFloat(0x7fc00001), -0.0f},
                new double[0], new double[] {Double.longBitsToDouble(0x7ff8000000000123L), -0.0},
                new String[0], new String[] {"", null, "a\0b", "\ud800"},
                Set.of(), Set.of(1), Set.of(1, "b", 3L), Map.of(), Map.of("a", 1), Map.of("a", 1, "b", List.of(2)),
                new ArrayList<>(List.of(1, 2)), new HashMap<>(Map.of("k", new Point(1, 2))),
                new TreeMap<>(Map.of(1, 2)),
                Locale.GERMANY, new Money("2.50"), String.class, new Object[] {1, "b"}, new int[][] {{1}, {2, 3}},
                new Mixed(1, new byte[3], "", new boolean[2], 2, "\u0100", new long[1], null), new Varied(1, 2));
    }

    /** Those that are, each another one. */
    static Stream<Object> keys() {
        return Stream.of(booleansAndNumbers(), texts(), bigs(), times(), composites()).flatMap(stream -> stream);
    }

    static Stream<Object> all() {
        return Stream.concat(Stream.concat(keys(), nans()), others());
    }

    /** All NaN of a type are one key. */
    static Stream<Object> nans() {
        return Stream.of(Float.intBitsToFloat(0x7fc00001), Float.intBitsToFloat(0xffc12345),
                Float.intBitsToFloat(0x7f800001),
                Double.longBitsToDouble(0x7ff8000000000001L), Double.longBitsToDouble(0xfff8123456789abcL),
                Double.longBitsToDouble(0x7ff0000000000001L),
                new Numbers(true, (byte) 1, (short) 2, 'c', 3, 4, Float.intBitsToFloat(0x7fc00001),
                        Double.longBitsToDouble(0xfff8123456789abcL), null, ""));
    }

    private static Stream<Object> booleansAndNumbers() {
        return Stream.of(true, false, (byte) -128, (byte) 0, (byte) 127, Short.MIN_VALUE, (short) 0, Short.MAX_VALUE,
                Character.MIN_VALUE, 'a', '\ud800', Character.MAX_VALUE, Integer.MIN_VALUE, -1, 0, 1,
                Integer.MAX_VALUE, Long.MIN_VALUE, -1L, 0L, 1L, Long.MAX_VALUE, 0.0f, -0.0f, Float.NaN,
                Float.MIN_VALUE, Float.MAX_VALUE, Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY, 0.0, -0.0,
                Double.NaN, Double.MIN_VALUE, Double.MAX_VALUE, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY);
    }

    private static Stream<Object> texts() {
        return Stream.of("", "\0", "\0\0", "a", "a\0", "ab", "\u00e9", "e\u0301", "\u00ff", "\u0100", "\uffff",
                "\ud800", "\udc00", "\ud83d\ude00", "\ude00\ud83d", "0", "1.0", "x".repeat(5000),
                "\u4e2d".repeat(5000));
    }

    private static Stream<Object> bigs() {
        return Stream.of(BigInteger.ZERO, BigInteger.ONE, BigInteger.ONE.negate(), BigInteger.valueOf(128),
                BigInteger.valueOf(Long.MIN_VALUE), BigInteger.ONE.shiftLeft(5000),
                BigInteger.ONE.shiftLeft(70000).not(),
                new BigDecimal("0"), new BigDecimal("0.0"), new BigDecimal("1"), new BigDecimal("1.0"),
                new BigDecimal("1.00"), new BigDecimal("1E+3"), new BigDecimal("1000"), new BigDecimal("-1E-40"),
                new BigDecimal(BigInteger.TEN, Integer.MIN_VALUE), new BigDecimal(BigInteger.TEN, Integer.MAX_VALUE),
                new UUID(0, 0), new UUID(1, 0), new UUID(0, 1), new UUID(Long.MIN_VALUE, -1));
    }

    private static Stream<Object> times() {
        ZoneId paris = ZoneId.of("Europe/Paris");
        LocalDateTime twice = LocalDateTime.of(2024, 10, 27, 2, 30);
        return Stream.of(Instant.MIN, Instant.MAX, Instant.EPOCH, Instant.EPOCH.plusNanos(1), Duration.ZERO,
                Duration.ofSeconds(Long.MAX_VALUE, 999_999_999), Duration.ofSeconds(Long.MIN_VALUE),
                Duration.ofNanos(-1), Period.ZERO, Period.of(1, 0, 0), Period.of(0, 12, 0), Period.of(-1, 2, -3),
                LocalDate.MIN, LocalDate.MAX, LocalDate.of(2024, 2, 29), LocalTime.MIN, LocalTime.MAX,
                LocalTime.of(1, 2, 3, 4), LocalDateTime.MIN, LocalDateTime.MAX, OffsetTime.MIN, OffsetTime.MAX,
                OffsetDateTime.MIN, OffsetDateTime.MAX, OffsetDateTime.of(twice, ZoneOffset.UTC),
                OffsetDateTime.of(twice.plusHours(1), ZoneOffset.ofHours(1)), ZoneOffset.UTC, ZoneOffset.MIN,
                ZoneOffset.ofTotalSeconds(1), paris, ZoneId.of("UTC"), ZoneId.of("UTC+01:00"), ZoneId.of("GMT"),
                ZonedDateTime.ofLocal(twice, paris, ZoneOffset.ofHours(1)),
                ZonedDateTime.ofLocal(twice, paris, ZoneOffset.ofHours(2)), twice.atZone(ZoneOffset.UTC),
                twice.atZone(ZoneId.of("UTC")), ZonedDateTime.of(LocalDateTime.MAX, ZoneOffset.MIN), Year.of(0),
                Year.of(-1), Year.of(Year.MAX_VALUE), YearMonth.of(0, 1), YearMonth.of(1, 12), MonthDay.of(2, 29),
                MonthDay.of(12, 2), DayOfWeek.MONDAY, Month.FEBRUARY);
    }

    private static Stream<Object> composites() {
        return Stream.of(Color.RED, Color.GREEN, Color.BLUE, new Empty(), new Point(1, 2), new Point(2, 1),
                new Numbers(true, (byte) 1, (short) 2, 'c', 3, 4, 5.0f, 6.0, 7, "8"),
                new Numbers(true, (byte) 1, (short) 2, 'c', 3, 4, 0.0f, 0.0, null, null),
                new Numbers(true, (byte) 1, (short) 2, 'c', 3, 4, -0.0f, 0.0, null, null),
                new Numbers(true, (byte) 1, (short) 2, 'c', 3, 4, 0.0f, -0.0, null, ""),
                new Line(new Point(1, 2), null, Color.GREEN, "note"), new Line(null, new Point(1, 2), null, 5),
                new Line(null, new Point(1, 2), null, 5L), new Chain(1, new Chain(2, null)), new Chain(1, null),
                new Box(1), new Box(1L), new Box("1"), new Box(null), new Box(new Box(null)), new Box(Color.RED),
                new Box(DayOfWeek.MONDAY), new Box(new Point(1, 2)), Optional.empty(), Optional.of(1),
                Optional.of(Optional.empty()), List.of(), List.of(1), List.of(1, 2), List.of(2, 1), List.of(1, 2, 3),
                List.of(List.of(1), 2), List.of(1, List.of(2)), List.of("a", "b"), List.of("ab"),
                List.of(Optional.empty()),
                Tensor.of(new int[] {1, 2, 3, 4}), Tensor.of(new int[] {1, 2, 3, 4}, 2, 2),
                Tensor.of(new float[] {0.0f}), Tensor.of(new float[] {-0.0f}), Tensor.of(new int[] {0}),
                Tensor.of(new short[] {0}), Tensor.of(ElementType.FLOAT16, MemorySegment.ofArray(new short[] {0}), 1),
                Tensor.of(new boolean[] {true, false}), Tensor.of(new byte[0]), Tensor.of(new byte[0], 0, 5),
                Tensor.of(new double[] {1}, 1, 1, 1));
    }

    /** Insists on the same class and the same bits. */
    static void assertSame(Object actual, Object expected) {
        if (expected instanceof Tensor) {
            assertThat(actual).isEqualTo(expected);
            return;
        }
        assertThat(actual).isExactlyInstanceOf(expected.getClass());
        switch (expected) {
            case Float f -> assertThat(Float.floatToRawIntBits((Float) actual)).isEqualTo(Float.floatToRawIntBits(f));
            case Double d ->
                assertThat(Double.doubleToRawLongBits((Double) actual)).isEqualTo(Double.doubleToRawLongBits(d));
            case float[] f -> {
                for (int i = 0; i < f.length; i++) {
                    assertSame(((float[]) actual)[i], f[i]);
                }
            }
            case double[] d -> {
                for (int i = 0; i < d.length; i++) {
                    assertSame(((double[]) actual)[i], d[i]);
                }
            }
            case Numbers numbers -> {
                assertThat(actual).isEqualTo(expected);
                assertSame(((Numbers) actual).g(), numbers.g());
                assertSame(((Numbers) actual).h(), numbers.h());
            }
            case Mixed _,Varied _ -> assertThat(actual).usingRecursiveComparison().isEqualTo(expected);
            default -> assertThat(Arrays.deepEquals(new Object[] {actual}, new Object[] {expected})).isTrue();
        }
    }
}
