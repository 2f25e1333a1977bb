package io.cleave.bench.soundness;

import java.io.Serializable;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.LongUnaryOperator;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * An item: something to be computed in a child, whose result is known beforehand. The number makes every result of a
 * run another.
 */
sealed interface Trial {
    /** Tells it from all others. */
    int number();

    /** Computes the result, as a rule in a child. */
    @Nullable Object compute() throws Exception;

    /** What {@link #keyOf} must be of the result. */
    @Nullable Object expected();

    /** Whether it may well need a thread that a child does not have. */
    default boolean isBoundToDeadlock() {
        return false;
    }

    /** What of a result is compared: itself, or what sums it up where it is an array. */
    static @Nullable Object keyOf(@Nullable Object result) {
        return switch (result) {
            case byte[] bytes -> "bytes " + bytes.length + " " + checksum(bytes);
            case long[] longs -> "longs " + longs.length + " " + Arrays.hashCode(longs);
            case null, default -> result;
        };
    }

    private static long checksum(byte[] bytes) {
        CRC32 sum = new CRC32();
        sum.update(bytes);
        return sum.getValue();
    }

    /** A result of several parts, for the codec. */
    record Answer(int number, String text, List<Long> values, Map<String, Integer> counts) implements Serializable {
        private static final long serialVersionUID = 1L;
    }

    /** A value of each kind that has a frame of its own, and one that has not. */
    record Small(int number) implements Trial {
        @Override
        public @Nullable Object compute() {
            return expected();
        }

        @Override
        public @Nullable Object expected() {
            return switch (number % 9) {
                case 0 -> number;
                case 1 -> number * 10_000_000_000L;
                case 2 -> number / 7.0;
                case 3 -> "item " + number;
                case 4 -> "\u00fc\u03bb\u4e2d\ud83d\ude00 " + number;
                case 5 -> number % 2 == 0;
                case 6 -> null;
                case 7 ->
                    new Answer(number, "n" + number, List.of(1L, (long) number), new TreeMap<>(Map.of("n", number)));
                default -> List.of(number, "of " + number);
            };
        }
    }

    /** Code that was loaded before, and has never run. */
    record Cold(FreshClass type, LongUnaryOperator function, int number) implements Trial {
        static Cold of(FreshClass type, int number) throws ReflectiveOperationException {
            return new Cold(type, type.load(), number);
        }

        @Override
        public Object compute() {
            return function.applyAsLong(number);
        }

        @Override
        public Object expected() {
            return type.expected(number);
        }
    }

    /** Code whose class nobody has loaded. */
    final class Unloaded implements Trial {
        private final FreshClass type;
        private final byte[] bytes;
        private final int number;

        Unloaded(FreshClass type, int number) {
            this.type = type;
            this.bytes = type.bytes();
            this.number = number;
        }

        @Override
        public int number() {
            return number;
        }

        @Override
        public Object compute() throws ReflectiveOperationException {
            return type.load(bytes).applyAsLong(number);
        }

        @Override
        public Object expected() {
            return type.expected(number);
        }
    }

    /** A class whose loading makes compiled code invalid. */
    record Overriding(OverriddenClass type, int number, boolean isBoundToDeadlock) implements Trial {
        @Override
        public Object compute() throws ReflectiveOperationException {
            return type.callHeir(number);
        }

        @Override
        public Object expected() {
            return type.expected(number);
        }
    }

    /** Locks that threads of the parent hold most of the time. */
    record Locking(Noise noise, int number) implements Trial {
        @Override
        public Object compute() {
            synchronized (noise.monitor) {
                noise.lock.lock();
                try {
                    return expected();
                } finally {
                    noise.lock.unlock();
                }
            }
        }

        @Override
        public Object expected() {
            return "locked " + number;
        }

        @Override
        public boolean isBoundToDeadlock() {
            return true;
        }
    }

    /** A result larger than what lies between a child and its parent. */
    record Large(int number, int size) implements Trial {
        @Override
        public Object compute() {
            SplittableRandom random = new SplittableRandom(number);
            if (number % 2 == 0) {
                byte[] bytes = new byte[size];
                random.nextBytes(bytes);
                return bytes;
            }
            return random.longs(size / Long.BYTES).toArray();
        }

        @Override
        public @Nullable Object expected() {
            return keyOf(compute());
        }
    }

    /** Garbage; a child that is not whole can collect none. */
    record Garbage(int number, int objects) implements Trial {
        @Override
        public Object compute() {
            List<String> texts = new ArrayList<>();
            long sum = number;
            for (int i = 0; i < objects; i++) {
                texts.add("text " + i);
                if (texts.size() == 1000) {
                    sum += texts.stream().mapToInt(String::length).sum();
                    texts = new ArrayList<>();
                }
            }
            return sum + texts.size();
        }

        @Override
        public Object expected() {
            return compute();
        }
    }

    /** Collections, at which a tree of live objects has to come out as it went in. */
    record Collecting(int number, int objects) implements Trial {
        private static final int COLLECTIONS = 3;

        @Override
        public Object compute() {
            Map<Integer, String> live = new TreeMap<>();
            long before = collections();
            for (int round = 0; round < COLLECTIONS; round++) {
                for (int i = 0; i < objects; i++) {
                    live.put(i % 500, "text " + i + " of " + number);
                }
                System.gc();
            }
            return (collections() - before >= COLLECTIONS) + " " + live.hashCode();
        }

        private static long collections() {
            return ManagementFactory.getGarbageCollectorMXBeans().stream()
                    .mapToLong(GarbageCollectorMXBean::getCollectionCount).sum();
        }

        @Override
        public Object expected() {
            Map<Integer, String> live = new TreeMap<>();
            for (int i = 0; i < objects; i++) {
                live.put(i % 500, "text " + i + " of " + number);
            }
            return "true " + live.hashCode();
        }
    }

    /** Threads of the child's own: bare ones, an executor's, the common pool's, and a lock that they share. */
    record Threaded(int number) implements Trial {
        private static final int THREADS = 4;
        private static final int TURNS = 500;

        @Override
        public Object compute() throws Exception {
            long[] sum = new long[1];
            Object lock = new Object();
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                threads.add(Thread.ofPlatform().start(() -> {
                    for (int turn = 0; turn < TURNS; turn++) {
                        synchronized (lock) {
                            sum[0] += number;
                        }
                    }
                }));
            }
            for (Thread thread : threads) {
                thread.join();
            }
            long parallel = IntStream.range(0, 10_000).parallel().mapToLong(i -> i).sum();
            try (ExecutorService executor = Executors.newFixedThreadPool(2)) {
                return sum[0] + parallel + executor.submit(() -> 1L).get()
                        + CompletableFuture.supplyAsync(() -> 2L).get();
            }
        }

        @Override
        public Object expected() {
            return (long) THREADS * TURNS * number + 49_995_000L + 3;
        }
    }

    /** Failures that the item itself takes care of, some of which the JVM makes. */
    record Catching(int number) implements Trial {
        @Override
        public Object compute() {
            int caught = 0;
            Object[] wrong = {null, number, "text", new int[0]};
            for (int i = 0; i < 400; i++) {
                try {
                    Object one = wrong[i % wrong.length];
                    caught += ((int[]) one)[i % 3];
                } catch (NullPointerException e) {
                    caught += 1;
                } catch (ClassCastException e) {
                    caught += 10;
                } catch (ArrayIndexOutOfBoundsException e) {
                    caught += 1000;
                }
            }
            return caught + " " + number;
        }

        @Override
        public Object expected() {
            return 100 * (1 + 2 * 10 + 1000) + " " + number;
        }
    }

    /** Some milliseconds of computing, so that a fork pays. */
    record Slow(int number, int steps) implements Trial {
        @Override
        public Object compute() {
            long x = number + 1L;
            for (int i = 0; i < steps; i++) {
                x = x * 6364136223846793005L + 1442695040888963407L;
            }
            return x;
        }

        @Override
        public Object expected() {
            return compute();
        }
    }

    /** A failure. */
    record Failing(int number) implements Trial {
        /** A failure of a kind of its own. */
        static final class Planned extends Exception {
            private static final long serialVersionUID = 1L;
            private final int number;

            Planned(int number) {
                super("planned failure " + number, new IllegalArgumentException("the cause of " + number));
                this.number = number;
            }
        }

        @Override
        public Object compute() throws Exception {
            throw exception();
        }

        private Exception exception() {
            return switch (number % 3) {
                case 0 -> new Planned(number);
                case 1 -> new IllegalStateException("planned state " + number);
                default -> new ArithmeticException("planned \u03bb " + number);
            };
        }

        /** Says what is wrong with an exception that should be this one's; null where nothing is. */
        @Nullable String complaint(Throwable thrown) {
            Exception wanted = exception();
            if (thrown.getClass() != wanted.getClass()
                    || !String.valueOf(thrown.getMessage()).equals(wanted.getMessage())) {
                return thrown + " instead of " + wanted;
            }
            if (thrown instanceof Planned planned && (planned.number != number || thrown.getCause() == null)) {
                return "the exception has lost its parts";
            }
            return null;
        }

        @Override
        public Object expected() {
            return "a failure";
        }
    }
}
