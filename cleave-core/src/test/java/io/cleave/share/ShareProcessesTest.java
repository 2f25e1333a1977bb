package io.cleave.share;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.BlockNotFoundException;
import io.cleave.memory.BlockInfo;
import io.cleave.memory.Cleanup;
import io.cleave.memory.Lifetime;
import io.cleave.testing.ChildJvm;
import io.cleave.testing.Delays;
import io.cleave.testing.SmallDevice;
import java.lang.foreign.MemorySegment;
import java.lang.ref.WeakReference;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Values between processes: who holds them, and what becomes of them when processes end. */
final class ShareProcessesTest extends ShareTestBase {
    private static final String SUM = Double.toString(Helper.sumOf(floats(5000, 7)));

    @Test
    void whatOneJvmWritesAnotherReads() {
        try (ChildJvm writer = helper(); ChildJvm reader = helper()) {
            String token = ask(writer, "write 5000 7", "token ");
            assertThat(ask(reader, "hold " + token, "held ")).isEqualTo(SUM);
            assertThat(read(token, float[].class)).isEqualTo(floats(5000, 7));
        }
        assertThat(Cleanup.run().failed()).isEmpty();
    }

    @Test
    void aValueOutlivesItsWriterWhileSomebodyLooksAtIt() throws InterruptedException {
        try (ChildJvm writer = helper(); ChildJvm reader = helper()) {
            String token = ask(writer, "write 5000 7", "token ");
            assertThat(ask(reader, "hold " + token, "held ")).isEqualTo(SUM);
            writer.kill();
            assertThat(Cleanup.run().cleaned()).isEmpty();
            assertThat(ask(reader, "sum", "sum ")).isEqualTo(SUM);
            assertThat(read(token, float[].class)).hasSize(5000);
            reader.send("exit");
            reader.awaitExit();
            assertThatThrownBy(() -> Share.read(token, float[].class)).isInstanceOf(BlockNotFoundException.class);
            assertThat(blocks()).isEmpty();
        }
    }

    /** Writes a value in a thread with a class loader that nobody else has. */
    static final class Passing {
        public static void main(String[] arguments) throws InterruptedException {
            read(Share.write(5), Integer.class); // the codec's loader is that of who comes first
            WeakReference<ClassLoader> loader = write();
            boolean isGone = Delays.within(Delays.PATIENCE, () -> {
                System.gc();
                return loader.refersTo(null);
            });
            System.out.println(isGone ? "gone" : "kept");
        }

        private static WeakReference<ClassLoader> write() throws InterruptedException {
            ClassLoader loader = new ClassLoader(Passing.class.getClassLoader()) {};
            Thread writer = new Thread(() -> Share.write(new byte[5000], SHARED));
            writer.setContextClassLoader(loader);
            writer.start();
            writer.join();
            return new WeakReference<>(loader);
        }
    }

    @Test
    void noThreadThatLooksAfterValuesKeepsTheWritersClassLoader() throws InterruptedException {
        try (ChildJvm writer = ChildJvm.start(List.of("-XX:SoftRefLRUPolicyMSPerMB=0"), Passing.class)) {
            writer.awaitLine("gone");
            writer.awaitExit();
        }
    }

    @Test
    void aWriterThatEndsTakesItsValuesWithItUnlessTheyAreToStay() throws InterruptedException {
        try (ChildJvm writer = helper()) {
            String passing = ask(writer, "write 5000 7", "token ");
            String staying = ask(writer, "persist", "token ");
            writer.send("exit");
            writer.awaitExit();
            assertThatThrownBy(() -> Share.read(passing, float[].class)).isInstanceOf(BlockNotFoundException.class);
            assertThat(read(staying, float[].class)).isEqualTo(floats(1000, 1));
            assertThat(Share.free(staying)).isTrue();
            assertThat(Share.free(staying)).isFalse();
            assertThat(blocks()).isEmpty();
        }
    }

    @Test
    void aKilledWriterLeavesWhatCleanupRemoves() throws InterruptedException {
        try (ChildJvm writer = helper()) {
            String token = ask(writer, "write 5000 7", "token ");
            writer.kill();
            assertThatThrownBy(() -> Share.read(token, float[].class)).isInstanceOf(BlockNotFoundException.class);
            ChildJvm second = helper();
            ask(second, "write 5000 7", "token ");
            second.close();
            assertThat(Cleanup.run().cleaned()).hasSize(1);
            assertThat(blocks()).isEmpty();
        }
    }

    @Test
    void aKilledReaderGivesUpItsHold() throws InterruptedException {
        String token = Share.write(floats(5000, 7), SHARED);
        try (ChildJvm reader = helper()) {
            ask(reader, "hold " + token, "held ");
            assertThat(Objects.requireNonNull(block(token)).attached()).isEqualTo(2);
            reader.kill();
            assertThat(Delays.within(Delays.PATIENCE, () -> attached(token) == 1)).isTrue();
        }
        assertThat(Share.free(token)).isTrue();
    }

    private static int attached(String token) {
        BlockInfo info = block(token);
        return info == null ? 0 : info.attached();
    }

    @Test
    void whoeverFreesAValueNobodysViewChanges() {
        try (ChildJvm writer = helper(); ChildJvm reader = helper(); ChildJvm freer = helper()) {
            String token = ask(writer, "write 5000 7", "token ");
            ask(reader, "hold " + token, "held ");
            Lease<MemorySegment> lease = Share.open(token, MemorySegment.class);
            MemorySegment view = Objects.requireNonNull(lease.value());
            assertThat(ask(freer, "free " + token, "freed ")).isEqualTo("true");
            assertThat(ask(writer, "free " + token, "freed ")).isEqualTo("false");
            assertThatThrownBy(() -> Share.read(token, float[].class)).isInstanceOf(BlockNotFoundException.class);
            for (int i = 0; i < 3; i++) {
                String next = ask(writer, "write 5000 " + i, "token ");
                assertThat(ask(reader, "sum", "sum ")).isEqualTo(SUM);
                assertThat(view.toArray(JAVA_FLOAT)).isEqualTo(floats(5000, 7));
                assertThat(ask(freer, "free " + next, "freed ")).isEqualTo("true");
            }
            lease.close();
        }
        assertThat(Cleanup.run().failed()).isEmpty();
    }

    @Test
    void theWriterUsesMemoryAgainThatAnotherProcessHasFreed() {
        try (ChildJvm freer = helper()) {
            String token = Share.write(new byte[2 << 20]);
            long size = Objects.requireNonNull(block(token)).byteSize();
            assertThat(ask(freer, "free " + token, "freed ")).isEqualTo("true");
            assertThat(Delays.within(Delays.PATIENCE, () -> {
                String next = Share.write(new byte[(2 << 20) - 4096]);
                boolean same = Objects.requireNonNull(block(next)).byteSize() == size;
                Share.free(next);
                return same;
            })).isTrue();
        }
    }

    @Test
    void idleMemoryIsGivenBackByItself() {
        try (ChildJvm writer = helper("-Dcleave.idleMillis=700")) {
            String token = ask(writer, "write 5000 7", "token ");
            assertThat(ask(writer, "free " + token, "freed ")).isEqualTo("true");
            assertThat(blocks()).as("kept for the next write").hasSize(1);
            assertThat(Delays.within(Delays.PATIENCE, () -> blocks().isEmpty())).as("%s", blocks()).isTrue();
        }
    }

    @Test
    void whatAnotherProcessFreesIsGivenBackThoughItsWriterDoesNothing() {
        try (ChildJvm writer = helper("-Dcleave.idleMillis=700")) {
            String token = ask(writer, "write 5000 7", "token ");
            assertThat(Share.free(token)).isTrue();
            assertThat(Delays.within(Delays.PATIENCE, () -> blocks().isEmpty())).isTrue();
        }
    }

    @Test
    void anUnreachableViewGivesItsMemoryBack() {
        String token = Share.write(floats(5000, 7), SHARED);
        WeakReference<MemorySegment> view = new WeakReference<>(read(token, MemorySegment.class).asSlice(64));
        assertThat(attached(token)).isEqualTo(2);
        assertThat(Delays.within(Delays.PATIENCE, () -> {
            System.gc();
            return view.refersTo(null) && attached(token) == 1;
        })).isTrue();
        Share.free(token);
    }

    @Test
    void whatDoesNotFitOnTheDeviceTravelsInItsTokenWhereThatIsAllowed(@TempDir Path directory) throws Exception {
        try (SmallDevice _ = SmallDevice.at(directory);
                ChildJvm writer = helper(Map.of("CLEAVE_DIR", directory.toString()))) {
            assertThat(ask(writer, "large false", "error ")).contains("AllocationException", directory.toString());
            String token = ask(writer, "large true", "token ");
            assertThat(token).startsWith("cleave:1:i:");
            assertThat(read(token, byte[].class)).hasSize(2 << 20).containsOnly(0);
            assertThat(ask(writer, "write 5000 7", "token ")).as("what fits").startsWith("cleave:1:s:");
        }
    }

    @Test
    void aPersistentValueIsHeldByNobodyAndStillFound() throws InterruptedException {
        try (ChildJvm writer = helper()) {
            String token = ask(writer, "persist", "token ");
            writer.kill();
            BlockInfo info = Objects.requireNonNull(found(token));
            assertThat(info.state()).isEqualTo(BlockInfo.State.PERSISTENT);
            assertThat(info.lifetime()).isEqualTo(Lifetime.PERSISTENT);
            assertThat(read(token, float[].class)).hasSize(1000);
            assertThat(Share.free(token)).isTrue();
            assertThat(blocks()).isEmpty();
        }
    }

    private static @Nullable BlockInfo found(String token) {
        return block(token);
    }
}
