package io.cleave.heap;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.testing.ChildJvm;
import io.cleave.testing.ForkedChild;
import org.junit.jupiter.api.Test;

/** Processes that die at random. */
class HeapTortureTest {
    @Test
    void whoeverIsKilledWheneverNoByteIsLostAndNobodyIsStuck() throws InterruptedException {
        try (ChildJvm jvm = ChildJvm.start(ForkedChild.jvm(), HeapTorture.class, "60", "1")) {
            assertThat(jvm.awaitExit()).as(() -> String.join("\n", jvm.lines())).isZero();
            assertThat(jvm.awaitLine("changes ")).contains("kills 60");
        }
    }
}
