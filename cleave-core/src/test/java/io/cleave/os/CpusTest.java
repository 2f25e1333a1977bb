package io.cleave.os;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.testing.ChildJvm;
import java.util.List;
import org.junit.jupiter.api.Test;

final class CpusTest {

    @Test
    void atLeastOneProcessorIsUsableAndNoMoreThanThereAre() throws Exception {
        Process nproc = new ProcessBuilder("nproc", "--all").start();
        try (var output = nproc.inputReader()) {
            assertThat(Cpus.usable()).isBetween(1, Integer.parseInt(output.readLine()));
        }
    }

    /** Says how many there are. */
    static final class Counter {
        public static void main(String[] arguments) {
            System.out.println("usable " + Cpus.usable());
        }
    }

    @Test
    void theJvmsOwnCountIsABound() {
        try (ChildJvm child = ChildJvm.start(List.of("-XX:ActiveProcessorCount=1"), Counter.class)) {
            assertThat(child.awaitLine("usable ")).isEqualTo("1");
        }
    }
}
