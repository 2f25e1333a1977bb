package io.cleave.fork;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.cleave.os.YoungCollection;
import io.cleave.testing.ChildJvm;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is done about new objects in children. */
final class NurseryTest {
    /** Has much collected beside something alive, so that collections are a good part of the time. */
    static final class CollectsOften {
        private static final int TIMES = 60;
        private static final int LITTER_BYTES = 80 << 20;
        /** So that the compiler does not find the garbage needless. */
        private static long sum;

        public static void main(String[] arguments) {
            List<Object> alive = new ArrayList<>();
            long size = Runtime.getRuntime().totalMemory();
            long before = collections();
            for (int i = 0; i < TIMES; i++) {
                Nursery nursery = new Nursery(); // which has not learned yet what a collection takes
                for (int k = 0; k < 10_000; k++) {
                    alive.add(new int[4]);
                }
                litter();
                nursery.tidy();
            }
            System.out.println("collected " + (collections() - before >= TIMES) + " alive " + alive.size()
                    + (sum > 0 ? "" : " nothing"));
            System.out.println("grown by " + ((Runtime.getRuntime().totalMemory() - size) >> 20) + " MiB");
        }

        private static void litter() {
            for (int made = 0; made < LITTER_BYTES; made += 1 << 10) {
                byte[] piece = new byte[1000];
                piece[made / 1024 % 1000] = 1;
                sum += piece[made % 1000] + piece.length;
            }
        }

        private static long collections() {
            return ManagementFactory.getGarbageCollectorMXBeans().stream()
                    .mapToLong(GarbageCollectorMXBean::getCollectionCount).sum();
        }
    }

    @Test
    void collectionsThatAreMadeEarlyDoNotMakeTheHeapLarger() throws InterruptedException {
        assumeTrue(YoungCollection.isThere());
        try (ChildJvm jvm = ChildJvm.start(List.of("-XX:+UseG1GC", "-Xmn400m", "-Xms600m", "-Xmx4g"),
                CollectsOften.class)) {
            assertThat(jvm.awaitExit()).as(jvm.toString()).isZero();
            assertThat(jvm.lines()).contains("collected true alive 600000");
            assertThat(jvm.lines()).as("a region now and then").anyMatch(line -> line.matches("grown by \\d{1,2} MiB"));
        }
    }
}
