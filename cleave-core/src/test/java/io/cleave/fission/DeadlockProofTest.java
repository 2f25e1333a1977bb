package io.cleave.fission;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.os.Futex;
import io.cleave.os.Signals;
import io.cleave.os.Unistd;
import io.cleave.testing.ChildJvm;
import io.cleave.testing.Delays;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which processes are known never to go on, and which are not. */
final class DeadlockProofTest {
    /** The number of the futex call on this processor stands for itself, so that the lines hold on all. */
    private static String line(String rest) {
        return Futex.number() + " " + rest;
    }

    @ParameterizedTest
    @ValueSource(strings = {
            // FUTEX_WAIT_PRIVATE, FUTEX_WAIT_BITSET_PRIVATE, the same on CLOCK_REALTIME, FUTEX_LOCK_PI_PRIVATE
            "0x7f3b94001a50 0x80 0x0 0x0 0x0 0x0 0x7f3b9a7fe1d0 0x7f3b9a89c4e9",
            "0x7f3b94001a50 0x89 0x0 0x0 0x0 0xffffffff 0x7f3b9a7fe1d0 0x7f3b9a89c4e9",
            "0x7f3b94001a50 0x189 0x2 0x0 0x0 0xffffffff 0x7f3b9a7fe1d0 0x7f3b9a89c4e9",
            "0x7f3b94001a50 0x86 0x0 0x0 0x0 0x0 0x7f3b9a7fe1d0 0x7f3b9a89c4e9",
            // what the kernel did not use may be anything, also above the 32 bits of the operation
            "0x7f3b94001a50 0xffffffff00000080 0x2 0x0 0x7f3b94001a50 0xdeadbeef 0x7f3b9a7fe1d0 0x7f3b9a89c4e9"})
    void aPrivateWaitWithoutADeadlineIsEndless(String rest) {
        assertThat(DeadlockProof.isEndlessPrivateWait(line(rest))).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {
            // with a deadline
            "0x7f3b94001a50 0x80 0x0 0x7f3b9a7fe210 0x0 0x0 0x7f3b9a7fe1d0 0x7f3b9a89c4e9",
            "0x7f3b94001a50 0x89 0x0 0x7f3b9a7fe210 0x0 0xffffffff 0x7f3b9a7fe1d0 0x7f3b9a89c4e9",
            "0x7f3b94001a50 0x80 0x0 0xffffffffffffff00 0x0 0x0 0x7f3b9a7fe1d0 0x7f3b9a89c4e9",
            // shared with other processes
            "0x7f3b94001a50 0x0 0x0 0x0 0x0 0x0 0x7f3b9a7fe1d0 0x7f3b9a89c4e9",
            "0x7f3b94001a50 0x9 0x0 0x0 0x0 0xffffffff 0x7f3b9a7fe1d0 0x7f3b9a89c4e9",
            // a wake, not a wait
            "0x7f3b94001a50 0x81 0x7fffffff 0x0 0x0 0x0 0x7f3b9a7fe1d0 0x7f3b9a89c4e9",
            // cut short
            "0x7f3b94001a50 0x80 0x0"})
    void anyOtherFutexCallMayEnd(String rest) {
        assertThat(DeadlockProof.isEndlessPrivateWait(line(rest))).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"running", "-1 0x7ffd3ec49f28 0x7f3b9a89c4e9", "", "0 0x0 0x80 0x0 0x0 0x0 0x0 0x1 0x2",
            // clock_nanosleep, read and poll on x86-64
            "230 0x0 0x0 0x7ffd3ec49f28 0x0 0x0 0x0 0x7ffd3ec49f00 0x7f3b9a89c4e9",
            "0 0x3 0x7ffd3ec49f28 0x1000 0x0 0x0 0x0 0x7ffd3ec49f00 0x7f3b9a89c4e9",
            "7 0x7ffd3ec49f28 0x1 0xffffffff 0x0 0x0 0x0 0x7ffd3ec49f00 0x7f3b9a89c4e9"})
    void whoComputesOrWaitsForTheWorldMayGoOn(String line) {
        assertThat(DeadlockProof.isEndlessPrivateWait(line)).isFalse();
    }

    private static void assertOpen(long pid) {
        DeadlockProof proof = new DeadlockProof((int) pid);
        for (int look = 0; look < 10; look++) {
            assertThat(proof.look(System.nanoTime())).isEqualTo(DeadlockProof.Verdict.OPEN);
            Delays.pause(Delays.SHORT.dividedBy(10));
        }
    }

    @Test
    void aProgramThatSleepsOrReadsMayGoOn() throws IOException {
        for (List<String> command : List.of(List.of("sleep", "1000"), List.of("cat"))) {
            Process process = new ProcessBuilder(command).start();
            try {
                assertOpen(process.pid());
            } finally {
                process.destroyForcibly().onExit().join();
            }
        }
    }

    @Test
    void aProcessThatIsGoneProvesNothing() throws Exception {
        Process process = new ProcessBuilder("true").start();
        process.waitFor();
        assertOpen(process.pid());
    }

    /** Forks children that wait in different ways, and says what is proven of each. */
    static final class Waiters {
        private static final MemorySegment WORD = Arena.global().allocate(4, 4);

        public static void main(String[] arguments) {
            List.of("private endless", "private deadline", "shared endless", "computing").forEach(Waiters::look);
        }

        private static void look(String kind) {
            wait(kind, 0); // what a child needs is loaded before
            int child = Unistd.fork();
            if (child == 0) {
                while (true) {
                    wait(kind, 1_000_000_000_000L);
                }
            }
            DeadlockProof proof = new DeadlockProof(child);
            boolean proven = Delays.within(Delays.SHORT.multipliedBy(6),
                    () -> proof.look(System.nanoTime()) == DeadlockProof.Verdict.PROVEN);
            System.out.println(kind + (proven ? ": dead" : ": alive"));
            Signals.kill(child, Signals.SIGKILL);
            Signals.waitpid(child, 0);
        }

        private static void wait(String kind, long nanos) {
            long end = System.nanoTime() + nanos;
            switch (kind) {
                case "private endless" -> Futex.wait_bitset(WORD, nanos == 0 ? 1 : 0, Futex.NEVER, true);
                case "private deadline" -> Futex.wait_bitset(WORD, 0, end, true);
                case "shared endless" -> Futex.wait_bitset(WORD, nanos == 0 ? 1 : 0, Futex.NEVER, false);
                default -> {
                    while (System.nanoTime() < end) {
                        Thread.onSpinWait();
                    }
                }
            }
        }
    }

    @Test
    void onlyAChildInAnEndlessPrivateWaitIsProvenDead() throws InterruptedException {
        // Interpreted, so that no compiler thread holds a lock at the fork.
        try (ChildJvm jvm = ChildJvm.start(List.of("-Xint"), Waiters.class)) {
            assertThat(jvm.awaitExit()).as(jvm.toString()).isZero();
            assertThat(jvm.lines()).containsExactly("private endless: dead", "private deadline: alive",
                    "shared endless: alive", "computing: alive");
        }
    }
}
