package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.testing.Background;
import io.cleave.testing.ChildJvm;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Who waits is woken by what it waits for, and not by the look that sleepers take from time to time: that is switched off
 * in the two JVMs here, which would stand still for ever for one wake-up that is lost.
 */
class QueueWakingTest {
    private static final int EACH = 4000;
    private static final int THREADS = 3;

    @ParameterizedTest
    @ValueSource(strings = {"queue", "stack"})
    void noWakeUpIsLost(String kind) throws InterruptedException {
        String name = "waking" + ProcessHandle.current().pid();
        List<String> options = List.of("-Dcleave.sliceNanos=3600000000000");
        try (SharedHeap _ = SharedHeap.create(name, 16 << 20);
                ChildJvm putter = ChildJvm.start(options, Waiting.class, name, kind, "put");
                ChildJvm taker = ChildJvm.start(options, Waiting.class, name, kind, "take")) {
            assertThat(putter.awaitExit()).as(() -> String.join("\n", putter.lines())).isZero();
            assertThat(taker.awaitExit()).as(() -> String.join("\n", taker.lines())).isZero();
        }
    }

    /** Threads that wait. Its arguments: the heap, the kind, what to do. */
    public static final class Waiting {
        private Waiting() {
        }

        /** Puts or takes by platform and virtual threads. */
        public static void main(String[] arguments) throws Exception {
            try (SharedHeap heap = SharedHeap.open(arguments[0])) {
                HeapQueue<Integer> queue = heap.queue("queue", arguments[1].equals("stack") ? RootKind.STACK
                        : RootKind.QUEUE, Integer.class, 2, 0);
                List<Background<Void>> threads = new ArrayList<>();
                for (int t = 0; t < THREADS; t++) {
                    threads.add(Background.start(t == 0, () -> {
                        for (int i = 0; i < EACH; i++) {
                            if (arguments[2].equals("put")) {
                                queue.put(i);
                            } else {
                                queue.take();
                            }
                        }
                        return null;
                    }));
                }
                for (Background<Void> thread : threads) {
                    thread.get();
                }
            }
        }
    }
}
