package io.cleave.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.os.ControlGroup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DoctorTest {
    private static final String MOUNTS = """
            22 1 254:0 / / rw,relatime - ext4 /dev/root rw
            25 22 0:6 / /dev rw,nosuid - devtmpfs devtmpfs rw,size=64k
            26 25 0:23 / /dev/shm ro,relatime - tmpfs tmpfs rw,size=65536k
            30 25 0:27 / /dev/shm rw,nosuid,noexec - tmpfs tmpfs rw,size=24684092k
            31 22 0:30 / /mnt/with\\040blank rw - xfs /dev/sdb rw
            41 22 0:38 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate
            """;
    private static final String LIMITS = """
            Limit                     Soft Limit           Hard Limit           Units
            Max processes             96365                unlimited            processes
            Max locked memory         65536                8388608              bytes
            Max address space         unlimited            unlimited            bytes
            """;

    @Test
    void theChoiceInForceStandsInBrackets() {
        assertThat(SystemFiles.chosen("always [madvise] never")).contains("madvise");
        assertThat(SystemFiles.chosen("[always] madvise never")).contains("always");
        assertThat(SystemFiles.chosen("always madvise never")).isEmpty();
        assertThat(SystemFiles.chosen("")).isEmpty();
    }

    @Test
    void theSoftLimitCounts() {
        assertThat(SystemFiles.softLimit(LIMITS, "Max processes")).hasValue(96_365);
        assertThat(SystemFiles.softLimit(LIMITS, "Max locked memory")).hasValue(65_536);
        assertThat(SystemFiles.softLimit(LIMITS, "Max address space")).isEmpty();
        assertThat(SystemFiles.softLimit(LIMITS, "Max something")).isEmpty();
    }

    @Test
    void memoryFieldsHaveUnitsOrNot() {
        String text = "MemTotal:       24684092 kB\nHugePages_Total:       3\nHugepagesize:       2048 kB\n";
        assertThat(SystemFiles.memory(text, "MemTotal")).hasValue(24_684_092L * 1024);
        assertThat(SystemFiles.memory(text, "HugePages_Total")).hasValue(3);
        assertThat(SystemFiles.memory(text, "Mem")).isEmpty();
    }

    @Test
    void aPathLiesOnTheNearestMountAboveItAndOfTwoOnTheLater() {
        assertThat(SystemFiles.mountOf(MOUNTS, "/dev/shm")).contains(
                new SystemFiles.Mount("/dev/shm", "tmpfs", List.of("rw", "nosuid", "noexec")));
        assertThat(SystemFiles.mountOf(MOUNTS, "/dev/shm/below").map(SystemFiles.Mount::place)).contains("/dev/shm");
        assertThat(SystemFiles.mountOf(MOUNTS, "/dev/shmx").map(SystemFiles.Mount::type)).contains("devtmpfs");
        assertThat(SystemFiles.mountOf(MOUNTS, "/home").map(SystemFiles.Mount::type)).contains("ext4");
        assertThat(SystemFiles.mountOf(MOUNTS, "/mnt/with blank/x").map(SystemFiles.Mount::type)).contains("xfs");
        assertThat(SystemFiles.mountOf("", "/home")).isEmpty();
    }

    @Test
    void theLimitsOfTheControlGroupAreShownWithWhatIsLeft(@TempDir Path root) throws Exception {
        Files.writeString(root.resolve("cpu.max"), "150000 100000\n");
        Files.writeString(root.resolve("memory.max"), "536870912\n");
        Files.writeString(root.resolve("memory.current"), "402653184\n");
        Files.writeString(root.resolve("pids.max"), "100\n");
        ControlGroup group = new ControlGroup(2, List.of(root.toString()));
        List<Check> checks = LimitChecks.groups(group, group, group);
        assertThat(checks).extracting(Check::value).containsExactly("1.50 processors",
                "512 MiB, 128 MiB left in " + root, "100");
        assertThat(checks).extracting(Check::status).containsExactly(Check.Status.OK, Check.Status.WARN,
                Check.Status.WARN);
        Files.writeString(root.resolve("memory.max"), "max\n");
        Files.writeString(root.resolve("memory.high"), "536870912\n");
        assertThat(LimitChecks.groups(group, group, group)).isEqualTo(checks);
    }

    @Test
    void withoutControlGroupsThereIsNoLimitOfTheirs() {
        assertThat(LimitChecks.groups(null, null, null)).singleElement().returns(Check.Status.OK, Check::status);
    }

    @Test
    void aStrictKernelMayRefuseForks() {
        assertThat(MemoryChecks.overcommit("0").status()).isEqualTo(Check.Status.OK);
        assertThat(MemoryChecks.overcommit("1").status()).isEqualTo(Check.Status.OK);
        assertThat(MemoryChecks.overcommit("2").status()).isEqualTo(Check.Status.WARN);
        assertThat(MemoryChecks.overcommit("").status()).isEqualTo(Check.Status.WARN);
        assertThat(MemoryChecks.hugeHeap("always").status()).isEqualTo(Check.Status.OK);
        assertThat(MemoryChecks.hugeHeap("madvise").value()).contains("-XX:+UseTransparentHugePages");
        assertThat(MemoryChecks.hugeHeap("never").remedy()).contains("0.6 ms", "echo madvise");
        assertThat(MemoryChecks.hugeHeap("").status()).isEqualTo(Check.Status.WARN);
    }

    @Test
    void collectorsAreKnownByTheirBeans() {
        assertThat(JavaChecks.isKnown("G1 Young Generation, G1 Concurrent GC, G1 Old Generation")).isTrue();
        assertThat(JavaChecks.isKnown("PS MarkSweep, PS Scavenge")).isTrue();
        assertThat(JavaChecks.isKnown("Copy, MarkSweepCompact")).isTrue();
        assertThat(JavaChecks.isKnown("ZGC Minor Cycles, ZGC Minor Pauses")).isFalse();
    }

    @Test
    void sizesAreShort() {
        assertThat(Texts.bytes(0)).isEqualTo("0 B");
        assertThat(Texts.bytes(65_536)).isEqualTo("64 KiB");
        assertThat(Texts.bytes(8L << 20)).isEqualTo("8192 KiB");
        assertThat(Texts.bytes(64L << 20)).isEqualTo("64 MiB");
        assertThat(Texts.bytes(24L << 30)).isEqualTo("24.0 GiB");
    }

    @Test
    void everyFreshFunctionComputesItsOwnSum() throws Throwable {
        assertThat((int) CompilerLoad.fresh(3).invokeExact(4)).isEqualTo(((4 * 3 + 3) * 3 + 2) * 3 + 1);
        assertThat((int) CompilerLoad.fresh(5).invokeExact(2)).isEqualTo(2 * 5 + 1);
    }

    @Test
    void theLoadEndsWhenItIsStopped() {
        CompilerLoad load = CompilerLoad.start();
        load.stop();
        assertThat(Thread.getAllStackTraces().keySet()).extracting(Thread::getName)
                .doesNotContain("cleave-doctor-load");
    }
}
