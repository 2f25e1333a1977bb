package io.cleave.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.AllocationException;
import io.cleave.WorkerException;
import io.cleave.share.Share;
import io.cleave.testing.ChildJvm;
import io.cleave.testing.Delays;
import io.cleave.testing.SmallDevice;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Large tasks, items and results, which go through shared memory and leave nothing there. */
class ProcessPoolLargeTest extends ProcessPoolTestBase {
    private static final int MIB = 1 << 20;

    /** A point with a name. */
    private record Point(int x, double y, String name) implements Serializable {}

    private static <V> V get(Future<V> future) throws Exception {
        return future.get(Delays.PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
    }

    private static byte[] bytes(int count, int seed) {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++) {
            bytes[i] = (byte) (i * 31 + seed);
        }
        return bytes;
    }

    private static float[] floats(int count) {
        float[] floats = new float[count];
        for (int i = 0; i < count; i++) {
            floats[i] = i;
        }
        return floats;
    }

    private static List<Point> points(int count) {
        return IntStream.range(0, count).mapToObj(i -> new Point(i, i / 2.0, "point " + i)).toList();
    }

    private static long blocks() {
        Path directory = Path.of(Objects.requireNonNullElse(System.getenv("CLEAVE_DIR"), "/dev/shm"));
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.getFileName().toString().startsWith("cleave.")).count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Freed memory is kept warm for a while, which is not what these tests are about. */
    private ProcessPool.Builder workers(int count) {
        ProcessPool.Builder builder = builder().workers(count).output(WorkerOutput.DISCARD);
        return isForked() ? builder : builder.jvmOptions("-Xmx1g", "-Dcleave.idleMillis=50");
    }

    @AfterEach
    void giveBack() {
        Share.trim();
    }

    private static void assertNoMoreBlocksThan(long before) {
        BooleanSupplier isClean = () -> {
            System.gc(); // segments are views of what is shared
            Share.trim();
            return blocks() <= before;
        };
        assertThat(Delays.within(Delays.PATIENCE, isClean)).as("%s blocks", blocks()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 30})
    void largeItemsAndResultsArriveAndLeaveNothing(int mib) throws Exception {
        long before = blocks();
        int size = mib * MIB;
        try (ProcessPool pool = workers(2).build()) {
            List<byte[]> results = pool.map(List.of(bytes(size, 1), bytes(size, 2), bytes(size, 3)), item -> {
                item[0]++;
                return item;
            });
            for (int i = 0; i < 3; i++) {
                byte[] expected = bytes(size, i + 1);
                expected[0]++;
                assertThat(Arrays.equals(results.get(i), expected)).isTrue();
            }
            float[] floats = get(pool.submit(() -> floats(size / Float.BYTES)));
            assertThat(Arrays.equals(floats, floats(size / Float.BYTES))).isTrue();
            assertThat(pool.map(List.of(floats, floats), item -> item[item.length - 1]))
                    .containsOnly(floats[floats.length - 1]);

            List<Point> points = points(size / 64);
            assertThat(pool.map(List.of(points), item -> item.reversed().stream().toList()).getFirst().reversed())
                    .isEqualTo(points);

            MemorySegment segment = MemorySegment.ofArray(bytes(size, 5));
            assertThat(pool.map(List.of(segment), MemorySegment::byteSize)).containsExactly((long) size);
            MemorySegment result = get(pool.submit(() -> MemorySegment.ofArray(bytes(size, 6))));
            assertThat(result.mismatch(MemorySegment.ofArray(bytes(size, 6)))).isEqualTo(-1);
            assertThat(result.get(ValueLayout.JAVA_BYTE, 1)).isEqualTo((byte) 37);
            result = MemorySegment.NULL;
            assertThat(result.byteSize()).isZero();
            assertNoMoreBlocksThan(before);
        }
        assertNoMoreBlocksThan(before);
    }

    @Test
    void aLargeTaskIsSentOnceAndFreed() throws Exception {
        long before = blocks();
        byte[] captured = bytes(5 * MIB, 7);
        try (ProcessPool pool = workers(2).build()) {
            assertThat(pool.map(IntStream.range(0, 100).boxed().toList(), x -> captured[x]))
                    .isEqualTo(IntStream.range(0, 100).mapToObj(x -> captured[x]).toList());
            assertThat(get(pool.submit(() -> captured.length))).isEqualTo(5 * MIB);
            assertNoMoreBlocksThan(before);
        }
        try (ProcessPool pool = workers(1).initializer(() -> {
            if (captured.length != 5 * MIB) {
                throw new IllegalStateException();
            }
        }).build()) {
            assertThat(get(pool.submit(() -> 1))).isEqualTo(1);
        }
        assertNoMoreBlocksThan(before);
    }

    @Test
    void workersThatLeaveLeaveNothing() throws Exception {
        long before = blocks();
        try (ProcessPool pool = create(2)) {
            assertThat(pool.map(List.of(1, 2, 3, 4), x -> bytes(MIB, x))).hasSize(4);
            assertThat(blocks()).as("kept warm").isGreaterThan(before);
        }
        assertNoMoreBlocksThan(before);
    }

    @Test
    void whatNobodyTakesIsFreed() throws Exception {
        long before = blocks();
        try (ProcessPool pool = workers(2).chunkSize(1).taskTimeout(Delays.SHORT.multipliedBy(200)).build()) {
            try (Stream<byte[]> results = pool.imap(() -> IntStream.iterate(0, x -> x + 1).iterator(),
                    x -> bytes(MIB, x))) {
                Iterator<byte[]> each = results.iterator();
                assertThat(each.next()).hasSize(MIB);
            }
            assertNoMoreBlocksThan(before);

            CompletableFuture<byte[]> cancelled = pool.submit(() -> bytes(MIB, 1));
            cancelled.cancel(true);
            assertNoMoreBlocksThan(before);

            byte[] item = bytes(MIB, 2);
            assertThatThrownBy(() -> pool.map(List.of(item, item, item, item), each -> {
                Thread.sleep(each.length);
                return each;
            })).isInstanceOf(WorkerException.class).hasCauseInstanceOf(TimeoutException.class);
            assertNoMoreBlocksThan(before);

            assertThatThrownBy(() -> pool.map(List.of(item, item, item), each -> {
                Mishap.KILL.happen();
                return each;
            })).hasMessageContaining("SIGKILL");
            assertNoMoreBlocksThan(before);
        }
        assertNoMoreBlocksThan(before);
    }

    @Test
    void largeResultsOfAWorkerThatThenDiesAreNotLost() {
        try (ProcessPool pool = workers(1).chunkSize(4).build();
                Stream<byte[]> results = pool.imap(List.of(0, 1, 2, 3), x -> {
                    if (x == 3) {
                        Thread.sleep(3000); // until the others have been received
                        Mishap.KILL.happen();
                    }
                    return bytes(MIB, x);
                })) {
            List<byte[]> received = new ArrayList<>();
            assertThatThrownBy(() -> results.forEachOrdered(received::add)).hasMessageContaining("SIGKILL");
            assertThat(received).hasSize(3);
            for (int i = 0; i < 3; i++) {
                assertThat(Arrays.equals(received.get(i), bytes(MIB, i))).isTrue();
            }
        }
    }

    /** Sends large things where there is little shared memory. */
    static final class Cramped {
        public static void main(String[] arguments) throws Exception {
            byte[] large = bytes(5 * MIB, 0);
            try (ProcessPool pool = ProcessPool.create(1)) {
                try {
                    pool.map(List.of(large), item -> item.length);
                } catch (AllocationException e) {
                    System.out.println("item " + e.getMessage());
                }
                try {
                    var _ = pool.submit(() -> large.length);
                } catch (AllocationException e) {
                    System.out.println("task " + e.getMessage());
                }
                System.out.println("result " + get(pool.submit(() -> bytes(5 * MIB, 0))).length);
                System.out.println("floats " + get(pool.submit(() -> floats(MIB))).length);
                System.out.println("small " + pool.map(List.of(bytes(MIB / 4, 0)), item -> item.length));
            }
        }
    }

    @Test
    void whereSharedMemoryIsFullTheErrorSaysSoAndResultsTravelWithoutIt(@TempDir Path directory) throws Exception {
        try (SmallDevice _ = SmallDevice.at(directory);
                ChildJvm jvm = ChildJvm.start(Map.of("CLEAVE_DIR", directory.toString()), List.of(), Cramped.class)) {
            assertThat(jvm.awaitLine("item ")).contains(directory.toString());
            assertThat(jvm.awaitLine("task ")).contains(directory.toString());
            assertThat(jvm.awaitLine("result ")).isEqualTo(Integer.toString(5 * MIB));
            assertThat(jvm.awaitLine("floats ")).isEqualTo(Integer.toString(MIB));
            assertThat(jvm.awaitLine("small ")).isEqualTo("[" + MIB / 4 + "]");
            assertThat(jvm.awaitExit()).isZero();
        }
    }
}
