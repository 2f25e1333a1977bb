package io.cleave.examples;

import io.cleave.memory.SharedMemory;
import io.cleave.sync.SharedBarrier;
import io.cleave.sync.SharedMutex;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A number in shared memory that four JVMs count up under a mutex. Start it four times: each waits for the others, counts
 * to 10,000, and says what the four have come to.
 *
 * <pre>
 * for i in 1 2 3 4; do
 *   java --enable-native-access=ALL-UNNAMED -cp cleave-core/target/cleave.jar \
 *     cleave-core/src/test/java/io/cleave/examples/CounterOfFourJvms.java &amp;
 * done; wait
 * </pre>
 */
@SuppressWarnings("SystemOut")
final class CounterOfFourJvms {
    private static final int JVMS = 4;
    private static final int TIMES = 10_000;

    private CounterOfFourJvms() {
    }

    public static void main(String[] arguments) throws Exception {
        try (SharedMemory memory = SharedMemory.openOrCreate("example-counter", Long.BYTES);
                SharedMutex mutex = SharedMutex.named("example-mutex");
                SharedBarrier barrier = SharedBarrier.named("example-barrier", JVMS)) {
            MemorySegment counter = memory.segment();
            barrier.await();
            for (int i = 0; i < TIMES; i++) {
                mutex.lock();
                try {
                    counter.set(ValueLayout.JAVA_LONG, 0, counter.get(ValueLayout.JAVA_LONG, 0) + 1);
                } finally {
                    mutex.unlock();
                }
            }
            barrier.await();
            System.out.println("total " + counter.get(ValueLayout.JAVA_LONG, 0));
        }
    }
}
