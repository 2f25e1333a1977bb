package io.cleave.memory;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.AlreadyExistsException;
import io.cleave.BlockNotFoundException;
import io.cleave.os.Signals;
import io.cleave.os.Unistd;
import io.cleave.testing.ChildJvm;
import io.cleave.testing.Delays;
import java.util.ArrayList;
import java.util.List;
import java.util.Scanner;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Blocks between processes: who counts as attached, and what becomes of blocks whose processes end. */
final class BlockProcessesTest {
    private static final String NAME = "process-test";
    private static final MemoryOptions LOCK = MemoryOptions.defaults().withKind(BlockKind.MUTEX);

    private static BlockInfo info(String name) {
        return SharedMemory.list().stream().filter(info -> info.name().equals(name)).findFirst().orElse(null);
    }

    /** Attaches to a block, says so, waits for a line, and ends normally without closing. */
    static final class Holder {
        public static void main(String[] arguments) {
            SharedMemory block = SharedMemory.openOrCreate(arguments[0], 8);
            long value = (long) JAVA_LONG.varHandle().getAndAdd(block.segment(), 0L, 1L);
            System.out.println("attached " + value);
            new Scanner(System.in, UTF_8).nextLine();
            System.exit((int) (long) JAVA_LONG.varHandle().getVolatile(block.segment(), 0L));
        }
    }

    @Test
    void processesShareWhatTheyWrite() throws InterruptedException {
        try (SharedMemory block = SharedMemory.create(NAME, 8); ChildJvm child = ChildJvm.start(Holder.class, NAME)) {
            assertThat(child.awaitLine("attached ")).isEqualTo("0");
            assertThat((long) JAVA_LONG.varHandle().getAndAdd(block.segment(), 0L, 41L)).isEqualTo(1);
            child.send("end");
            assertThat(child.awaitExit()).isEqualTo(42);
        }
    }

    @Test
    void aProcessThatEndsNormallyGivesUpItsHandles() throws InterruptedException {
        try (ChildJvm child = ChildJvm.start(Holder.class, NAME)) {
            child.awaitLine("attached ");
            assertThat(info(NAME)).isNotNull();
            child.send("end");
            child.awaitExit();
            assertThat(info(NAME)).isNull();
        }
    }

    @Test
    void theBlockOfAKilledProcessLivesOnInOtherHands() throws InterruptedException {
        try (ChildJvm child = ChildJvm.start(Holder.class, NAME)) {
            child.awaitLine("attached ");
            try (SharedMemory block = SharedMemory.open(NAME)) {
                assertThat(info(NAME).attached()).isEqualTo(2);
                child.kill();
                BlockInfo info = info(NAME);
                assertThat(info.state()).isEqualTo(BlockInfo.State.LIVE);
                assertThat(info.attached()).isEqualTo(1);
                assertThat(info.creatorPid()).isEqualTo(child.pid());
                assertThat(info.creator()).isEqualTo(BlockInfo.Creator.DEAD);
                assertThat(Cleanup.run().skipped()).contains(NAME);
                assertThat(block.segment().get(JAVA_LONG, 0)).isEqualTo(1);
                SharedMemory.open(NAME).close();
            }
            assertThat(info(NAME)).as("closed by the last one, who was not the creator").isNull();
        }
    }

    /** Opens a block of a lock's kind as its arguments say, waits for a line, and ends normally without closing. */
    static final class Looker {
        public static void main(String[] arguments) {
            List<SharedMemory> blocks = new ArrayList<>();
            for (String argument : arguments) {
                blocks.add(SharedMemory.open(NAME, LOCK.withReadOnly(argument.equals("reads"))));
            }
            System.out.println("attached " + blocks.size());
            new Scanner(System.in, UTF_8).nextLine();
            System.exit(0);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"reads", "reads writes", "writes reads"})
    void aReadOnlyHandleOnALockIsGivenUpAtTheEndOfAProcess(String handles) throws InterruptedException {
        SharedMemory block = SharedMemory.create(NAME, 512, LOCK);
        try (ChildJvm child = ChildJvm.start(Looker.class, handles.split(" "))) {
            child.awaitLine("attached ");
            block.close();
            child.send("end");
            assertThat(child.awaitExit()).isZero();
        }
        assertThat(info(NAME)).isNull();
    }

    private static void leaveOrphan() throws InterruptedException {
        try (ChildJvm child = ChildJvm.start(Holder.class, NAME)) {
            child.awaitLine("attached ");
            child.kill();
        }
        assertThat(info(NAME).state()).isEqualTo(BlockInfo.State.ORPHAN);
        assertThat(info(NAME).attached()).isZero();
    }

    @Test
    void openDoesNotFindAnOrphanAndSweepsIt() throws InterruptedException {
        leaveOrphan();
        assertThatThrownBy(() -> SharedMemory.open(NAME)).isInstanceOf(BlockNotFoundException.class);
        assertThat(info(NAME)).isNull();
    }

    @Test
    void createReplacesAnOrphan() throws InterruptedException {
        leaveOrphan();
        try (SharedMemory block = SharedMemory.create(NAME, 100)) {
            assertThat(block.segment().get(JAVA_LONG, 0)).as("nothing of the orphan").isZero();
        }
    }

    @Test
    void openOrCreateReplacesAnOrphanOfWhateverSize() throws InterruptedException {
        leaveOrphan();
        try (SharedMemory block = SharedMemory.openOrCreate(NAME, 100)) {
            assertThat(block.segment().get(JAVA_LONG, 0)).as("nothing of the orphan").isZero();
        }
    }

    @Test
    void cleanupRemovesAnOrphanAndADryRunOnlySaysSo() throws InterruptedException {
        leaveOrphan();
        assertThat(Cleanup.dryRun().cleaned()).contains(NAME);
        assertThat(info(NAME)).isNotNull();
        assertThat(Cleanup.run().cleaned()).contains(NAME);
        assertThat(info(NAME)).isNull();
        CleanupResult nothing = Cleanup.run();
        assertThat(List.of(nothing.cleaned(), nothing.failed(), nothing.skipped()))
                .noneMatch(names -> names.contains(NAME));
    }

    @Test
    void aStoppedProcessIsStillAttached() throws InterruptedException {
        try (ChildJvm child = ChildJvm.start(Holder.class, NAME)) {
            child.awaitLine("attached ");
            int sigstop = 19;
            assertThat(Signals.kill((int) child.pid(), sigstop)).isZero();
            assertThat(Cleanup.run().skipped()).contains(NAME);
            assertThat(info(NAME).state()).isEqualTo(BlockInfo.State.LIVE);
            assertThatThrownBy(() -> SharedMemory.create(NAME, 8)).isInstanceOf(AlreadyExistsException.class);
            child.kill();
        }
        assertThat(Cleanup.run().cleaned()).contains(NAME);
    }

    @Test
    void aPersistentBlockSurvivesAllItsProcesses() throws InterruptedException {
        SharedMemory.create(NAME, 8, Lifetime.PERSISTENT).close();
        try (ChildJvm child = ChildJvm.start(Holder.class, NAME)) {
            child.awaitLine("attached ");
            child.kill();
        }
        assertThat(info(NAME).state()).isEqualTo(BlockInfo.State.PERSISTENT);
        assertThat(Cleanup.run().skipped()).contains(NAME);
        try (SharedMemory block = SharedMemory.open(NAME)) {
            assertThat(block.segment().get(JAVA_LONG, 0)).isEqualTo(1);
            block.unlink();
        }
    }

    /** Creates block after block, keeps those that it gets, and says which. */
    static final class Creator {
        private static final List<SharedMemory> KEPT = new ArrayList<>();

        public static void main(String[] arguments) {
            new Scanner(System.in, UTF_8).nextLine();
            for (int i = 0; i < Integer.parseInt(arguments[0]); i++) {
                try {
                    KEPT.add(SharedMemory.create("race-" + i, 8));
                    System.out.println("won " + i);
                } catch (AlreadyExistsException e) {
                    System.out.println("lost " + i);
                }
            }
            System.out.println("done");
            new Scanner(System.in, UTF_8).nextLine();
        }
    }

    @Test
    void ofManyProcessesThatCreateANameOneWins() throws InterruptedException {
        int names = 200;
        List<ChildJvm> children = new ArrayList<>();
        try {
            for (int i = 0; i < 3; i++) {
                children.add(ChildJvm.start(Creator.class, Integer.toString(names)));
            }
            children.forEach(child -> child.send("go"));
            children.forEach(child -> child.awaitLine("done"));
            IntPredicate oneWins = i -> children.stream().filter(child -> child.lines().contains("won " + i))
                    .count() == 1;
            assertThat(IntStream.range(0, names)).allMatch(oneWins::test);
            children.forEach(child -> child.send("end"));
            for (ChildJvm child : children) {
                assertThat(child.awaitExit()).isZero();
            }
        } finally {
            children.forEach(ChildJvm::close);
        }
        assertThat(SharedMemory.list()).noneMatch(info -> info.name().startsWith("race-"));
    }

    /** Forks, and lets the child close and reopen what it inherited, before it leaves. */
    static final class Forker {
        private static final int FORKED = 77;

        public static void main(String[] arguments) {
            SharedMemory block = SharedMemory.create(NAME, 8);
            SharedMemory anonymous = SharedMemory.anonymous(8);
            warmUp();
            int pid = Unistd.fork();
            if (pid == 0) {
                throw Unistd._exit(inChild(block, anonymous));
            }
            long status = 0;
            while (status == 0) {
                status = Signals.waitpid(pid, Signals.WNOHANG);
                Delays.pause(Delays.SHORT);
            }
            System.out.println("child " + Signals.exitCodeOf((int) status));
            System.out.println("attached " + info(NAME).attached());
            System.out.println("values " + block.segment().get(JAVA_LONG, 0) + anonymous.segment().get(JAVA_LONG, 0));
            block.close();
            anonymous.close();
            System.out.println("block " + info(NAME));
        }

        private static int inChild(SharedMemory block, SharedMemory anonymous) {
            try {
                block.segment().set(JAVA_LONG, 0, 4);
                anonymous.segment().set(JAVA_LONG, 0, 2);
                SharedMemory own = SharedMemory.open(NAME);
                int handles = info(NAME).attached();
                own.close();
                block.close();
                anonymous.close();
                return handles == 2 && info(NAME).attached() == 1 ? FORKED : 1;
            } catch (RuntimeException e) {
                System.out.println(e);
                return 2;
            }
        }

        /** A child had better not load classes. */
        private static void warmUp() {
            SharedMemory block = SharedMemory.open(NAME);
            block.segment().set(JAVA_LONG, 0, info(NAME).attached());
            block.close();
        }
    }

    @Test
    void aForkedChildUsesItsParentsBlocksAndNeverEndsThem() throws InterruptedException {
        // A child can neither collect nor wait for a compiler thread: enough memory, and interpreted.
        try (ChildJvm child = ChildJvm.start(List.of("-Xint", "-Xmn256m"), Forker.class)) {
            assertThat(child.awaitLine("child ")).isEqualTo("" + Forker.FORKED);
            assertThat(child.awaitLine("attached ")).isEqualTo("1");
            assertThat(child.awaitLine("values ")).isEqualTo("42");
            assertThat(child.awaitLine("block ")).isEqualTo("null");
            assertThat(child.awaitExit()).isZero();
        }
    }
}
