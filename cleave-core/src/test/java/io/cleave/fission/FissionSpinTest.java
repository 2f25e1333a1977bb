package io.cleave.fission;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.os.Unistd;
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

    private static int napForeverInAChild(int item, int parent) throws Exception {
        try {
            int slept = (int) USLEEP.invokeExact(1); // linked here, before any child needs it
            while (item == 3 && Unistd.getpid() != parent) {
                slept += (int) USLEEP.invokeExact(1);
            }
            return item + slept;
        } catch (Exception e) {
            throw e;
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    @Test
    void aChildThatSpinsAndNapsForEverIsReplacedAndItsItemComputedHere() {
        int parent = Unistd.getpid();
        try (Fission fission = Fission.builder().warmUp(1).children(2).build()) {
            assertThat(fission.map(List.of(0, 1, 2, 3, 4, 5), item -> napForeverInAChild(item, parent)))
                    .containsExactly(0, 1, 2, 3, 4, 5);
            FissionReport report = fission.lastReport();
            assertThat(report.unprovenTimeouts()).isPositive();
            assertThat(report.itemsInParent()).isGreaterThanOrEqualTo(2);
        }
    }
}
