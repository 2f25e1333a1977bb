package io.cleave.examples;

import io.cleave.sync.Hold;
import io.cleave.sync.SharedMutex;

/**
 * A mutex that whoever knows its name can take. Start it in two terminals: the second waits until you press Enter in the
 * first, or kill that by {@code kill -9}, of which the second learns.
 *
 * <pre>
 * java --enable-native-access=ALL-UNNAMED -cp cleave-core/target/cleave.jar \
 *   cleave-core/src/test/java/io/cleave/examples/MutexAcrossTerminals.java
 * </pre>
 */
@SuppressWarnings("SystemOut")
final class MutexAcrossTerminals {

    private MutexAcrossTerminals() {
    }

    public static void main(String[] arguments) throws Exception {
        try (SharedMutex mutex = SharedMutex.named("example-terminals")) {
            System.out.println("waiting, " + mutex);
            try (Hold held = mutex.hold()) {
                if (held.ownerDied()) {
                    System.out.println("held, and whoever held it died: here would be the place to repair");
                    held.consistent();
                } else {
                    System.out.println("held");
                }
                System.out.println("press Enter to unlock");
                int _ = System.in.read();
            }
            System.out.println("unlocked");
        }
    }
}
