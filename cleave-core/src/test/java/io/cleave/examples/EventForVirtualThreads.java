package io.cleave.examples;

import io.cleave.sync.SharedEvent;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;

/**
 * An event that 1,000 virtual threads of one JVM wait for, and another JVM sets. Start it in one terminal, and with the
 * argument {@code set} in another.
 *
 * <pre>
 * java --enable-native-access=ALL-UNNAMED -cp cleave-core/target/cleave.jar \
 *   cleave-core/src/test/java/io/cleave/examples/EventForVirtualThreads.java [set]
 * </pre>
 */
@SuppressWarnings("SystemOut")
final class EventForVirtualThreads {
    private static final int THREADS = 1_000;

    private EventForVirtualThreads() {
    }

    public static void main(String[] arguments) throws Exception {
        try (SharedEvent event = SharedEvent.named("example-event")) {
            if (arguments.length > 0 && arguments[0].equals("set")) {
                event.set();
                System.out.println("set");
            } else {
                System.out.println(await(event) + " threads have seen the event");
            }
        }
    }

    private static long await(SharedEvent event) throws Exception {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var waits = IntStream.range(0, THREADS).mapToObj(_ -> threads.submit(() -> {
                event.await();
                return event.isSet();
            })).toList();
            System.out.println(waits.size() + " threads wait");
            long seen = 0;
            for (Future<Boolean> wait : waits) {
                seen += wait.get() ? 1 : 0;
            }
            return seen;
        }
    }
}
