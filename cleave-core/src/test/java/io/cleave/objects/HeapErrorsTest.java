package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.testing.ChildJvm;
import io.cleave.testing.Delays;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Errors of the machine at any place: each operation has happened or has not, and nothing stays held. */
class HeapErrorsTest {
    private static final String NAME = "heap-errors-test";
    private static final long SIZE = 4 << 20;
    private static final int KEYS = 200;

    /** Operations on a heap that may be broken off anywhere, and what must hold after. */
    private static final class Subject {
        private final SharedHeap heap = SharedHeap.openOrCreate(NAME, SIZE);
        private final SharedMap<Integer, String> map = heap.map("map", Integer.class, String.class);
        private final SharedMap<Integer, List<String>> lists = heap.map("lists", Integer.class,
                StructureType.list(String.class));
        private final Random random = new Random(7);

        void operate() {
            int key = random.nextInt(KEYS);
            String value = ".".repeat(random.nextInt(40) == 0 ? 40_000 : random.nextInt(600));
            switch (random.nextInt(8)) {
                case 0 -> map.remove(key);
                case 1 -> map.merge(key, value, (old, more) -> more);
                case 2 -> heap.allocate(1 + random.nextInt(3000)).free();
                case 3 -> {
                    SharedSet<String> _ = heap.set("set " + key % 3, String.class);
                    heap.drop("set " + key % 3);
                }
                case 4 -> lists.put(key % 20, List.of(value, "short"));
                case 5 -> lists.remove(key % 20);
                case 6 -> lists.computeIfAbsent(key % 20, _ -> List.of()).add("more");
                default -> map.put(key, value);
            }
        }

        /** By another thread, as this one could come in again where it has left something held. */
        void check() throws InterruptedException {
            List<String> faults = new ArrayList<>();
            Thread other = Thread.ofPlatform().start(() -> {
                faults.addAll(heap.verify().faults());
                for (int i = 0; i < KEYS; i++) {
                    map.put(i, "value");
                }
                lists.put(0, List.of("value"));
                heap.drop("set 0");
            });
            other.join();
            if (!faults.isEmpty()) {
                throw new AssertionError(faults.toString());
            }
        }

        /** Throws where a call seems to be inside still. */
        void end() throws InterruptedException {
            check();
            heap.close();
        }
    }

    /** Overflows its stack in the middle of operations, also in the code of a user's that they call. */
    static final class Diver {
        private static final int ROUNDS = 150;

        public static void main(String[] arguments) throws InterruptedException {
            Subject subject = new Subject();
            for (int i = 0; i < KEYS; i++) {
                subject.map.put(i, "value");
            }
            int overflows = 0;
            for (int i = 0; i < ROUNDS; i++) {
                int frames = i;
                boolean[] hasOverflown = new boolean[1];
                Thread diver = new Thread(null, () -> {
                    try {
                        sink(subject, frames);
                    } catch (StackOverflowError e) {
                        hasOverflown[0] = true;
                    }
                }, "diver", 220_000);
                diver.start();
                diver.join();
                overflows += hasOverflown[0] ? 1 : 0;
                subject.check();
            }
            subject.end();
            System.out.println("overflows " + (overflows == ROUNDS));
        }

        private static int sink(Subject subject, int frames) {
            return frames > 0 ? sink(subject, frames - 1) + 1 : dive(subject);
        }

        @SuppressWarnings("InfiniteRecursion")
        private static int dive(Subject subject) {
            subject.operate();
            return subject.random.nextInt(3) > 0 ? dive(subject) + 1
                    : subject.map.compute(subject.random.nextInt(KEYS), (_, _) -> "deep " + fall(0)).length();
        }

        /** The end, under a lock. */
        @SuppressWarnings("InfiniteRecursion")
        private static int fall(int depth) {
            return fall(depth + 1) + 1;
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"-Xint", "-XX:TieredStopAtLevel=1", "-XX:+TieredCompilation"})
    void whereTheStackOverflowsNothingStaysHeld(String mode) throws InterruptedException {
        try (ChildJvm jvm = ChildJvm.start(List.of(mode), Diver.class)) {
            assertThat(jvm.awaitExit()).as(() -> String.join("\n", jvm.lines())).isZero();
            assertThat(jvm.awaitLine("overflows ")).isEqualTo("true");
        }
    }

    /** Has no memory but for a little that it lets go before each operation. */
    static final class Hungry {
        private static final int LEAST = 16;
        private static final int ROUNDS = 150;

        public static void main(String[] arguments) throws InterruptedException {
            Subject subject = new Subject();
            for (int i = 0; i < ROUNDS; i++) {
                subject.operate();
            }
            Deque<Object> hoard = new ArrayDeque<>(1 << 20);
            int errors = 0;
            for (int i = 0; i < ROUNDS; i++) {
                fill(hoard, hoard.isEmpty() ? 1 << 20 : LEAST);
                for (int j = i % 40; j > 0 && !hoard.isEmpty(); j--) {
                    hoard.removeLast();
                }
                try {
                    subject.operate();
                } catch (OutOfMemoryError e) {
                    errors++;
                }
                if (i % 50 == 49) {
                    hoard.clear();
                    subject.check();
                }
            }
            hoard.clear();
            subject.end();
            System.out.println("errors " + (errors > ROUNDS / 20));
        }

        private static void fill(Deque<Object> hoard, int largest) {
            for (int bytes = largest; bytes >= LEAST;) {
                try {
                    hoard.addLast(new byte[bytes]);
                } catch (OutOfMemoryError e) {
                    bytes /= 8; // smaller ones may still fit
                }
            }
        }
    }

    @Test
    void whereThereIsNoMemoryNothingStaysHeld() throws InterruptedException {
        try (ChildJvm jvm = ChildJvm.start(List.of("-Xmx16m", "-XX:+UseSerialGC"), Hungry.class)) {
            assertThat(jvm.awaitExit(Delays.PATIENCE.multipliedBy(2))).as(() -> String.join("\n", jvm.lines()))
                    .isZero();
            assertThat(jvm.awaitLine("errors ")).isEqualTo("true");
        }
    }
}
