package io.cleave.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.testing.ChildJvm;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The examples do what they say. */
final class ExamplesTest {

    @Test
    void fourJvmsCountTogether() throws Exception {
        List<ChildJvm> children = new ArrayList<>();
        try {
            for (int i = 0; i < 4; i++) {
                children.add(ChildJvm.start(CounterOfFourJvms.class));
            }
            for (ChildJvm child : children) {
                assertThat(child.awaitLine("total ")).isEqualTo("40000");
                assertThat(child.awaitExit()).isZero();
            }
        } finally {
            children.forEach(ChildJvm::close);
        }
    }

    @Test
    void theSecondTerminalHasTheMutexAfterTheFirst() throws Exception {
        try (ChildJvm first = ChildJvm.start(MutexAcrossTerminals.class)) {
            first.awaitLine("held");
            try (ChildJvm second = ChildJvm.start(MutexAcrossTerminals.class)) {
                assertThat(second.awaitLine("waiting, ")).contains("of process " + first.pid());
                assertThat(second.lines()).doesNotContain("held");
                first.send("");
                assertThat(first.awaitExit()).isZero();
                assertThat(second.awaitLine("held")).isEmpty();
                try (ChildJvm third = ChildJvm.start(MutexAcrossTerminals.class)) {
                    third.awaitLine("waiting, ");
                    second.kill();
                    assertThat(third.awaitLine("held")).contains("died");
                    third.send("");
                    assertThat(third.awaitExit()).isZero();
                }
            }
        }
    }

    @Test
    void virtualThreadsSeeTheEventThatAnotherJvmSets() throws Exception {
        try (ChildJvm waiter = ChildJvm.start(EventForVirtualThreads.class)) {
            waiter.awaitLine("1000 threads wait");
            try (ChildJvm setter = ChildJvm.start(EventForVirtualThreads.class, "set")) {
                assertThat(setter.awaitExit()).isZero();
            }
            assertThat(waiter.awaitLine("1000 threads have seen")).contains("event");
            assertThat(waiter.awaitExit()).isZero();
        }
    }
}
