package io.cleave.fission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.os.Signals;
import io.cleave.os.Unistd;
import io.cleave.pool.Outcome;
import io.cleave.share.Codec;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Results with large arrays, which travel beside the ring, are what the children computed. */
final class FissionLargeResultsTest {
    private static final int LARGE = 1 << 20;

    /** With arrays in several places, one of them twice. */
    @SuppressWarnings("ArrayRecordComponent") // two are never compared
    record Sheet(int number, double[] cells, double[] sameCells, Map<String, int[]> named, byte[] small)
            implements
                Serializable {
        static Sheet of(int number) {
            double[] cells = new double[SideBuffer.LEAST_BYTES / 8 + number];
            Arrays.setAll(cells, i -> i * 0.5 + number);
            int[] named = new int[SideBuffer.LEAST_BYTES + number];
            Arrays.fill(named, number);
            return new Sheet(number, cells, cells, Map.of("named", named), new byte[] {1, 2, 3});
        }

        void check() {
            assertThat(sameCells).as("one array is one array").isSameAs(cells);
            assertThat(cells).hasSize(SideBuffer.LEAST_BYTES / 8 + number).endsWith((cells.length - 1) * 0.5 + number);
            assertThat(named.get("named")).hasSize(SideBuffer.LEAST_BYTES + number).containsOnly(number);
            assertThat(small).containsExactly(1, 2, 3);
        }
    }

    /** It cannot be encoded, which is found out after its array has been put beside the ring. */
    static final class Unsendable implements Serializable {
        private static final long serialVersionUID = 1L;
        @SuppressWarnings("UnusedVariable") // what the test is about
        private final byte[] large = new byte[LARGE];
        @SuppressWarnings({"serial", "UnusedVariable"})
        private final Object thread = Thread.currentThread();
    }

    private static Fission.Builder isolated() {
        return Fission.builder().children(2).warmUp(0);
    }

    private static byte[] filled(int item, int length) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) item);
        return bytes;
    }

    /** More than fits beside the ring at once, and some of more than that can ever hold. */
    @ParameterizedTest
    @ValueSource(ints = {LARGE, 5 * LARGE, SideBuffer.CAPACITY, SideBuffer.CAPACITY + 1})
    void arraysOfAnySizeComeBack(int length) {
        try (Fission fission = isolated().build()) {
            int items = Math.max(6, 64 * LARGE / length);
            List<byte[]> all = fission.map(IntStream.range(0, items).boxed().toList(), x -> filled(x, length));
            for (int i = 0; i < items; i++) {
                assertThat(Arrays.equals(all.get(i), filled(i, length))).as("item %d", i).isTrue();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"java", "fory", "standard"})
    void objectsWithLargeArraysComeBackWithAllOfThem(String codec) {
        Codec own = codec.equals("java") ? Codec.java() : codec.equals("fory") ? Codec.fory() : Codec.standard();
        try (Fission fission = isolated().codec(own).build()) {
            List<Sheet> sheets = fission.map(IntStream.range(0, 60).boxed().toList(), Sheet::of);
            assertThat(sheets).extracting(Sheet::number)
                    .containsExactlyElementsOf(IntStream.range(0, 60).boxed().toList());
            sheets.forEach(Sheet::check);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"java", "fory", "standard"})
    void whatTheCallerComputesItselfIsACopyToo(String codec) {
        Codec own = codec.equals("java") ? Codec.java() : codec.equals("fory") ? Codec.fory() : Codec.standard();
        List<Sheet> made = new ArrayList<>();
        try (Fission fission = Fission.builder().children(2).warmUp(4).codec(own).build()) {
            List<Sheet> sheets = fission.map(List.of(0, 1, 2, 3), x -> {
                Sheet sheet = Sheet.of(x);
                made.add(sheet);
                return sheet;
            });
            assertThat(made).hasSize(4);
            for (Sheet one : made) {
                Arrays.fill(one.cells(), -1);
                Objects.requireNonNull(one.named().get("named"))[0] = -1;
                one.small()[0] = -1;
            }
            sheets.forEach(Sheet::check);
        }
    }

    @Test
    void oneThatCannotBeEncodedLeavesTheOthersRight() {
        try (Fission fission = isolated().build()) {
            List<Outcome<Integer, Object>> all;
            try (Stream<Outcome<Integer, Object>> outcomes = fission.imapOutcomes(
                    IntStream.range(0, 40).boxed().toList(), x -> x % 3 == 0 ? new Unsendable() : Sheet.of(x))) {
                all = outcomes.toList();
            }
            assertThat(all).hasSize(40);
            for (Outcome<Integer, Object> one : all) {
                assertThat(one instanceof Outcome.Success).as("%s", one.index()).isEqualTo(one.index() % 3 != 0);
                if (one instanceof Outcome.Success<Integer, Object>(var _, var _, Object value)) {
                    ((Sheet) value).check();
                }
            }
        }
    }

    /** Children are killed while they send; what they had sent in part only comes again. */
    @Test
    void noResultIsMixedUpWhereChildrenAreKilledWhileTheySend(@TempDir Path directory) {
        int parent = Unistd.getpid();
        try (Fission fission = isolated().maxRetries(5).build()) {
            List<byte[]> all = fission.map(IntStream.range(0, 24).boxed().toList(), x -> {
                if (x % 4 == 1 && Unistd.getpid() != parent) {
                    dieSoon(directory.resolve("died" + x), x);
                }
                return filled(x, 3 * LARGE);
            });
            for (int i = 0; i < 24; i++) {
                assertThat(Arrays.equals(all.get(i), filled(i, 3 * LARGE))).as("item %d", i).isTrue();
            }
        }
        assertThat(directory).isNotEmptyDirectory();
    }

    /** Kills the child a moment later, the first time. */
    private static void dieSoon(Path mark, int item) {
        try {
            Files.createFile(mark);
        } catch (IOException e) {
            return;
        }
        int pid = Unistd.getpid();
        Thread.ofPlatform().daemon().start(() -> {
            try {
                Thread.sleep(Duration.ofNanos(300_000L * item));
            } catch (InterruptedException e) {
                return;
            }
            Signals.kill(pid, Signals.SIGKILL);
        });
    }

    @Test
    void whatCannotBeDecodedIsTheItemsFailure() {
        Codec broken = new Codec() {
            @Override
            public String name() {
                return "broken";
            }

            @Override
            public byte[] encode(Object value) throws IOException {
                return Codec.standard().encode(value);
            }

            @Override
            public Object decode(byte[] bytes, int offset, int length) throws IOException {
                return Codec.standard().decode(bytes, offset, length);
            }

            @Override
            public byte[] encode(Object value, Sink sink) throws IOException {
                return Codec.standard().encode(value, sink);
            }

            @Override
            public Object decode(byte[] bytes, int offset, int length, Source source) throws IOException {
                return Codec.standard().decode(bytes, offset, length, number -> source.take(number + 7));
            }
        };
        try (Fission fission = isolated().codec(broken).build()) {
            assertThatThrownBy(() -> fission.map(List.of(1, 2, 3, 4), Sheet::of)).hasStackTraceContaining("no part");
        }
    }
}
