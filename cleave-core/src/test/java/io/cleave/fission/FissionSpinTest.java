package io.cleave.fission;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Children that wait by spinning and napping, as HotSpot's own tables make them wait for a lock held at the fork. */
class FissionSpinTest {
    private static final MethodHandle USLEEP = Linker.nativeLinker().downcallHandle(
            Linker.nativeLinker().defaultLookup().find("usleep").orElseThrow(),
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

    private static int nap() {
        try {
            return (int) USLEEP.invokeExact(1);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    @Test
    void aChildThatSpinsAndNapsForEverIsReplacedByOneThatComputesItsItem() {
        SharedCounters attempts = new SharedCounters(1);
        assertThat(nap()).isZero(); // linked here, so that no child need do it
        try (Fission fission = Fission.builder().warmUp(0).children(2).build()) {
            assertThat(fission.map(List.of(0, 1, 2, 3, 4, 5), item -> {
                int napped = 0;
                if (item == 3 && attempts.isFirst(0)) {
                    while (napped == 0) {
                        napped = nap(); // it is always 0
                    }
                }
                return item + napped;
            })).containsExactly(0, 1, 2, 3, 4, 5);
            FissionReport report = fission.lastReport();
            assertThat(report.unprovenTimeouts() + report.provenDeadlocks())
                    .as("children replaced: it may meet a deadlock before it naps").isPositive();
        }
    }
}
