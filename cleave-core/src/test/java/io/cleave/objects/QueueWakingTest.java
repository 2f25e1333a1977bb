package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.testing.Background;
import io.cleave.testing.ChildJvm;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
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
    @ValueSource(strings = {"queue", "stack", "numbers"})
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

        private static Callable<?> call(SharedHeap heap, String kind, boolean isToPut) {
            if (kind.equals("numbers")) {
                SharedIntQueue queue = heap.intQueue("queue", 2);
                return isToPut ? () -> {
                    queue.put(1);
                    return 1;
                } : queue::take;
            }
            SharedQueue<Integer> queue = kind.equals("stack") ? heap.stack("queue", Integer.class, 2)
                    : heap.queue("queue", Integer.class, 2);
            return isToPut ? () -> {
                queue.put(1);
                return 1;
            } : queue::take;
        }

        /** Puts or takes by platform and virtual threads. */
        public static void main(String[] arguments) throws Exception {
            try (SharedHeap heap = SharedHeap.open(arguments[0])) {
                Callable<?> call = call(heap, arguments[1], arguments[2].equals("put"));
                List<Background<Void>> threads = new ArrayList<>();
                for (int t = 0; t < THREADS; t++) {
                    threads.add(Background.start(t == 0, () -> {
                        for (int i = 0; i < EACH; i++) {
                            Object _ = call.call();
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
