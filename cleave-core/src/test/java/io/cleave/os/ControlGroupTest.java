package io.cleave.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Control groups of both versions, by the texts that describe them. */
final class ControlGroupTest {
    private static final String UNIFIED = "41 22 0:38 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
    private static final String SEPARATE = """
            30 25 0:26 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
            31 30 0:27 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct
            32 30 0:28 / /sys/fs/cgroup/memory rw,nosuid - cgroup cgroup rw,memory
            33 30 0:29 / /sys/fs/cgroup/unified rw,nosuid - cgroup2 cgroup2 rw
            """;
    private static final String CONTAINER = "31 30 0:27 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n";

    @TempDir
    private Path root;

    private static List<String> directories(String controller, String mounts, String table) {
        return Objects.requireNonNull(ControlGroup.of(controller, mounts, table)).directories();
    }

    private ControlGroup group(int version) {
        return new ControlGroup(version, List.of(root.resolve("inner").toString(), root.toString()));
    }

    private void write(String file, Object text) {
        try {
            Files.createDirectories(root.resolve("inner"));
            Files.writeString(root.resolve(file), text + "\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void theGroupsReachFromTheProcessToTheMount() {
        assertThat(directories("memory", UNIFIED, "1:name=systemd:/x\n0::/a/b.slice\n"))
                .containsExactly("/sys/fs/cgroup/a/b.slice", "/sys/fs/cgroup/a", "/sys/fs/cgroup");
        assertThat(directories("memory", UNIFIED, "0::/\n")).containsExactly("/sys/fs/cgroup");
    }

    @Test
    void eachControllerIsLookedForWhereItIs() {
        String table = "9:cpu,cpuacct:/a\n4:memory:/b/c\n0::/d\n";
        assertThat(directories("memory", SEPARATE, table)).containsExactly("/sys/fs/cgroup/memory/b/c",
                "/sys/fs/cgroup/memory/b", "/sys/fs/cgroup/memory");
        assertThat(directories("cpu", SEPARATE, table)).containsExactly("/sys/fs/cgroup/cpu,cpuacct/a",
                "/sys/fs/cgroup/cpu,cpuacct");
        assertThat(ControlGroup.of("cpu", SEPARATE, table)).returns(1, ControlGroup::version);
        assertThat(directories("pids", SEPARATE, table)).contains("/sys/fs/cgroup/unified/d");
    }

    @Test
    void whatAContainerSeesBeginsAtItsOwnGroup() {
        assertThat(directories("memory", CONTAINER, "4:memory:/docker/abc\n")).containsExactly("/sys/fs/cgroup/memory");
        assertThat(directories("memory", CONTAINER, "4:memory:/docker/abc/x\n"))
                .containsExactly("/sys/fs/cgroup/memory/x", "/sys/fs/cgroup/memory");
        assertThat(directories("memory", CONTAINER, "4:memory:/elsewhere\n")).containsExactly("/sys/fs/cgroup/memory");
        assertThat(directories("memory", UNIFIED, "0::/../other\n")).containsExactly("/sys/fs/cgroup");
    }

    @Test
    void withoutGroupsThereIsNone() {
        assertThat(ControlGroup.of("memory", "", "0::/\n")).isNull();
        assertThat(ControlGroup.of("memory", UNIFIED, "")).isNull();
        assertThat(ControlGroup.of("memory", UNIFIED, "4:memory:/x\n")).isNull();
    }

    @Test
    void aQuotaIsTimeDividedByItsPeriod() {
        assertThat(ControlGroup.quota("150000 100000", null)).isEqualTo(1.5);
        assertThat(ControlGroup.quota("20000 50000", null)).isEqualTo(0.4);
        assertThat(ControlGroup.quota("200000", null)).isEqualTo(2.0);
        assertThat(ControlGroup.quota("20000", "50000")).isEqualTo(0.4);
    }

    @Test
    void noLimitIsNoQuota() {
        assertThat(ControlGroup.quota("max 100000", null)).isZero();
        assertThat(ControlGroup.quota("-1", "100000")).isZero();
        assertThat(ControlGroup.quota("", null)).isZero();
        assertThat(ControlGroup.quota(null, null)).isZero();
    }

    @Test
    void theTightestLimitCountsWhereverItIsSet() {
        write("inner/cpu.max", "max 100000");
        write("cpu.max", "150000 100000");
        write("inner/memory.max", 1 << 30);
        write("memory.max", 1 << 29);
        write("inner/pids.max", 100);
        assertThat(group(2).processors()).hasValueCloseTo(1.5, within(0.01));
        assertThat(group(2).memoryLimit()).hasValue(1 << 29);
        assertThat(group(2).smallest("pids.max")).hasValue(100);
        assertThat(group(2).smallest("io.max")).isEmpty();
    }

    @Test
    void versionOneHasItsOwnFilesAndItsOwnWordForNoLimit() {
        write("inner/cpu.cfs_quota_us", 50_000);
        write("inner/cpu.cfs_period_us", 100_000);
        write("cpu.cfs_quota_us", -1);
        write("inner/memory.limit_in_bytes", 9_223_372_036_854_771_712L);
        assertThat(group(1).processors()).hasValueCloseTo(0.5, within(0.01));
        assertThat(group(1).memoryLimit()).isEmpty();
        write("memory.limit_in_bytes", 1 << 29);
        assertThat(group(1).memoryLimit()).hasValue(1 << 29);
    }

    @Test
    void whatIsLeftOfALimitCountsNotTheLimit() {
        write("inner/memory.max", 1_000_000);
        write("inner/memory.current", 900_000);
        assertThat(group(2).shortOf(100_000)).isNull();
        assertThat(group(2).shortOf(100_001)).isNotNull().returns(100_000L, ControlGroup.Memory::leftBytes)
                .returns(root.resolve("inner").toString(), ControlGroup.Memory::directory);
    }

    @Test
    void cachedFilesCountAsLeftButFilesInMemoryDoNot() {
        write("memory.max", 1_000_000);
        write("memory.current", 900_000);
        write("memory.stat", "anon 100\nfile 800000\nshmem 300000\ninactive_file 400000\nactive_file 100000");
        assertThat(group(2).shortOf(550_000)).isNull();
        assertThat(group(2).shortOf(550_001)).isNotNull().returns(450_000L, ControlGroup.Memory::reclaimableBytes);
    }

    @Test
    void whereAGroupIsThrottledIsALimit() {
        write("memory.max", "max");
        write("memory.high", 500_000);
        write("memory.current", 400_000);
        assertThat(group(2).shortOf(200_000)).isNotNull().returns("memory.high", ControlGroup.Memory::file);
    }

    @Test
    void theLowerOfBothLimitsIsTheLimit() {
        write("memory.max", 1_000_000);
        write("memory.high", 500_000);
        write("memory.current", 400_000);
        assertThat(group(2).freeMemory()).isEqualTo(100_000);
        assertThat(group(2).memoryLimit()).hasValue(500_000);
    }

    @Test
    void whatCanBeSwappedCountsAsLeftAsFarAsThereIsSwapSpace() {
        write("memory.max", 1_000_000);
        write("memory.current", 900_000);
        assertThat(group(2).shortOf(350_001, () -> 250_000)).isNotNull().returns(350_000L,
                ControlGroup.Memory::leftBytes);
        write("memory.swap.max", 200_000);
        write("memory.swap.current", 50_000);
        assertThat(group(2).shortOf(250_000, () -> 250_000)).isNull();
        assertThat(group(2).shortOf(250_001, () -> 250_000)).isNotNull();
    }

    @Test
    void ofVersionOneOneLimitIsOfMemoryAndSwapTogether() {
        write("memory.limit_in_bytes", 1_000_000);
        write("memory.usage_in_bytes", 900_000);
        write("memory.memsw.limit_in_bytes", 1_500_000);
        write("memory.memsw.usage_in_bytes", 1_200_000);
        assertThat(group(1).shortOf(300_000, () -> 1_000_000)).isNull();
        assertThat(group(1).shortOf(300_001, () -> 1_000_000)).isNotNull()
                .returns(300_000L, ControlGroup.Memory::leftBytes);
        assertThat(group(1).shortOf(150_001, () -> 50_000)).isNotNull().returns(150_000L,
                ControlGroup.Memory::leftBytes);
        write("memory.memsw.usage_in_bytes", 1_450_000);
        assertThat(group(1).freeMemory()).isEqualTo(50_000);
    }

    @Test
    void ofVersionOneTheGroupsBelowCountToo() {
        write("memory.limit_in_bytes", 1_000_000);
        write("memory.usage_in_bytes", 1_000_000);
        write("memory.stat", "inactive_file 1\ntotal_inactive_file 300000\ntotal_active_file 0");
        assertThat(group(1).shortOf(300_000)).isNull();
        assertThat(group(1).shortOf(300_001)).isNotNull();
    }
}
