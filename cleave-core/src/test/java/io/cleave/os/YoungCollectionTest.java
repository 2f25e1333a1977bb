package io.cleave.os;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.testing.ChildJvm;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Collecting the young generation alone, in JVMs with each of the collectors. */
final class YoungCollectionTest {
    /** Collects a few times, and says what the collectors have counted and what became of something alive. */
    static final class Collects {
        private static final int TIMES = 5;

        public static void main(String[] arguments) {
            List<GarbageCollectorMXBean> beans = ManagementFactory.getGarbageCollectorMXBeans();
            List<Long> before = beans.stream().map(GarbageCollectorMXBean::getCollectionCount).toList();
            String text = "number " + arguments.length;
            System.out.println("there " + YoungCollection.isThere());
            for (int i = 0; i < TIMES; i++) {
                YoungCollection.run();
            }
            for (int i = 0; i < beans.size(); i++) {
                System.out.println(beans.get(i).getName() + ": " + (beans.get(i).getCollectionCount() - before.get(i)));
            }
            System.out.println(text);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"-XX:+UseG1GC, G1 Young Generation, G1 Old Generation",
            "-XX:+UseParallelGC, PS Scavenge, PS MarkSweep", "-XX:+UseSerialGC, Copy, MarkSweepCompact"})
    void theYoungGenerationIsCollectedAndNothingElse(String names) throws InterruptedException {
        String[] each = names.split(", ");
        try (ChildJvm jvm = ChildJvm.start(List.of(each[0], "-Xmx256m"), Collects.class)) {
            assertThat(jvm.awaitExit()).as(jvm.toString()).isZero();
            assertThat(jvm.lines()).contains("there true", each[1] + ": 5", each[2] + ": 0", "number 0");
        }
    }
}
