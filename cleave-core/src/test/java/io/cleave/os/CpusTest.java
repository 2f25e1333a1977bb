package io.cleave.os;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class CpusTest {

    @Test
    void atLeastOneProcessorIsUsableAndNoMoreThanThereAre() throws Exception {
        Process nproc = new ProcessBuilder("nproc", "--all").start();
        try (var output = nproc.inputReader()) {
            assertThat(Cpus.usable()).isBetween(1, Integer.parseInt(output.readLine()));
        }
    }

    @Test
    void aQuotaIsTimeDividedByItsPeriod() {
        assertThat(Cpus.parse("150000 100000")).isEqualTo(1.5);
        assertThat(Cpus.parse("20000 50000")).isEqualTo(0.4);
        assertThat(Cpus.parse("200000")).isEqualTo(2.0);
    }

    @Test
    void noLimitIsNoQuota() {
        assertThat(Cpus.parse("max 100000")).isZero();
        assertThat(Cpus.parse("")).isZero();
        assertThat(Cpus.parse(null)).isZero();
    }

    @Test
    void theGroupsReachFromTheProcessToTheRoot() {
        assertThat(Cpus.groupsOf("1:name=systemd:/x\n0::/a/b.slice\n")).containsExactly("/sys/fs/cgroup/a/b.slice",
                "/sys/fs/cgroup/a", "/sys/fs/cgroup");
        assertThat(Cpus.groupsOf("0::/\n")).containsExactly("/sys/fs/cgroup");
        assertThat(Cpus.groupsOf("")).containsExactly("/sys/fs/cgroup");
    }
}
