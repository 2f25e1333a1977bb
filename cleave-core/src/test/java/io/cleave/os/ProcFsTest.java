package io.cleave.os;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

final class ProcFsTest {
    private static final int SELF = Unistd.getpid();

    @Test
    void theCallerIsNeitherDeadNorWithoutParentNorBornBeforeItsParent() {
        ProcFs.ProcessStatus status = ProcFs.status("/proc/self");
        assertThat(status).isNotNull();
        assertThat(status.hasEnded()).isFalse();
        assertThat(status.parent()).isEqualTo(Unistd.getppid());
        assertThat(status.startTicks()).isPositive();
        assertThat(status.cpuTicks()).isPositive();
        assertThat(status.minorFaults()).isPositive();
    }

    @Test
    void aThreadsNameMayHoldBracketsAndBlanks() throws InterruptedException {
        CountDownLatch named = new CountDownLatch(1);
        CountDownLatch done = new CountDownLatch(1);
        Thread thread = Thread.ofPlatform().start(() -> {
            try (Arena arena = Arena.ofConfined()) {
                Signals.prctl(Signals.PR_SET_NAME, arena.allocateFrom("a) Z 1 2 (b"));
                named.countDown();
                done.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        named.await();
        try {
            String directory = Arrays.stream(ProcFs.threads(SELF)).mapToObj(id -> "/proc/self/task/" + id)
                    .filter(path -> "a) Z 1 2 (b".equals(ProcFs.line(path + "/comm"))).findFirst().orElseThrow();
            assertThat(ProcFs.status(directory)).isNotNull()
                    .matches(status -> status.parent() == Unistd.getppid() && !status.hasEnded());
        } finally {
            done.countDown();
            thread.join();
        }
    }

    @Test
    void theCallersThreadsAreAmongItsThreads() {
        assertThat(ProcFs.threads(SELF)).contains(SELF).isSorted().hasSizeGreaterThan(1);
        assertThat(ProcFs.threads(Integer.MAX_VALUE)).isEmpty();
    }

    @Test
    void anOpenFileIsAmongTheOpenFiles() {
        int fd = Fcntl.open("/dev/null", Fcntl.O_RDONLY, 0);
        try {
            assertThat(ProcFs.openFiles()).contains(fd);
        } finally {
            Unistd.close(fd);
        }
    }

    @Test
    void figuresAreInBytes() {
        assertThat(ProcFs.memoryField("/proc/meminfo", "MemTotal")).isGreaterThan(1L << 20);
        assertThat(ProcFs.memoryField("/proc/self/status", "VmRSS")).isGreaterThan(1L << 20);
        assertThat(ProcFs.smapsRollup(SELF, "Private_Dirty")).isGreaterThan(1L << 20);
    }

    @Test
    void whatIsNotThereIsNotThere() {
        assertThat(ProcFs.memoryField("/proc/meminfo", "MemTot")).isEqualTo(-1);
        assertThat(ProcFs.memoryField("/proc/nothing", "MemTotal")).isEqualTo(-1);
        assertThat(ProcFs.smapsRollup(Integer.MAX_VALUE, "Rss")).isEqualTo(-1);
        assertThat(ProcFs.status("/proc/2147483647")).isNull();
        assertThat(ProcFs.read("/proc/2147483647/maps", 10)).isNull();
        assertThat(ProcFs.read("/proc", 10)).as("a directory").isNull();
    }

    @Test
    void noMoreIsReadThanTheLimit() {
        assertThat(ProcFs.read("/proc/self/maps", 5)).hasSize(5);
    }
}
