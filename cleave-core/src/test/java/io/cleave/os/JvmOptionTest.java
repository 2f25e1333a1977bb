package io.cleave.os;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

/** Options of the JVM where it keeps them. */
final class JvmOptionTest {
    private static String told(String name) {
        return ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class).getVMOption(name).getValue();
    }

    @Test
    void anOptionIsWhatTheJvmReads() {
        JvmOption option = JvmOption.find("MinHeapFreeRatio"); // which nobody needs before the next full collection
        assertThat(option).isNotNull();
        int before = option.get();
        assertThat(told("MinHeapFreeRatio")).isEqualTo(Integer.toString(before));
        option.set(before + 1);
        try {
            assertThat(told("MinHeapFreeRatio")).isEqualTo(Integer.toString(before + 1));
        } finally {
            option.set(before);
        }
    }

    @Test
    void thereIsNoOptionThatTheJvmDoesNotHave() {
        assertThat(JvmOption.find("MinHeapFree")).isNull();
        assertThat(JvmOption.find("")).isNull();
    }
}
