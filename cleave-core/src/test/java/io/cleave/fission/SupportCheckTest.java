package io.cleave.fission;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.fork.WholeSupport;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which JVMs may be forked, and what the others are told. */
final class SupportCheckTest {
    @ParameterizedTest
    @CsvSource({"Linux, amd64, OpenJDK 64-Bit Server VM", "Linux, aarch64, OpenJDK 64-Bit Server VM",
            "linux, x86_64, Java HotSpot(TM) 64-Bit Server VM"})
    void linuxOnTheCommonProcessorsUnderHotSpotIsSupported(String os, String arch, String vm) {
        assertThat(WholeSupport.platform(os, arch, vm)).isNull();
    }

    @ParameterizedTest
    @CsvSource({"Windows 11, amd64, OpenJDK 64-Bit Server VM, Windows 11",
            "Mac OS X, aarch64, OpenJDK 64-Bit Server VM, Mac OS X",
            "Linux, riscv64, OpenJDK 64-Bit Server VM, riscv64",
            "Linux, i386, OpenJDK Server VM, i386", "Linux, amd64, Eclipse OpenJ9 VM, Eclipse OpenJ9 VM",
            "Linux, amd64, Substrate VM, Substrate VM"})
    void anyOtherPlatformIsRefusedByName(String os, String arch, String vm, String named) {
        assertThat(WholeSupport.platform(os, arch, vm)).contains(named);
    }

    @Test
    void theThreeCollectorsThatStopTheWorldAreSupported() {
        assertThat(SupportCheck.collector(List.of("Copy", "MarkSweepCompact"))).isNull();
        assertThat(SupportCheck.collector(List.of("PS Scavenge", "PS MarkSweep"))).isNull();
        assertThat(SupportCheck.collector(
                List.of("G1 Young Generation", "G1 Concurrent GC", "G1 Old Generation"))).isNull();
    }

    @Test
    void otherCollectorsAreRefusedWithTheReasonAndARemedy() {
        for (List<String> names : List.of(List.of("ZGC Minor Cycles", "ZGC Major Cycles"),
                List.of("Shenandoah Cycles", "Shenandoah Pauses"), List.<String>of(), List.of("Epsilon Heap"))) {
            assertThat(SupportCheck.collector(names)).contains("-XX:+UseG1GC").contains(String.join(", ", names.stream()
                    .map(name -> name.startsWith("ZGC") ? "ZGC" : name).distinct().toList()));
        }
    }

    @Test
    void thisJvmIsSupported() {
        assertThat(Fission.support()).isInstanceOf(Support.Supported.class);
    }
}
