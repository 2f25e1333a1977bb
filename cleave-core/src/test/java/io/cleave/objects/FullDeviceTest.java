package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.AllocationException;
import io.cleave.HeapFullException;
import io.cleave.testing.ChildJvm;
import io.cleave.testing.SmallDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Heaps on a device that is full sooner than they are. */
class FullDeviceTest {
    private static final String NAME = "full-device-test";
    private static final int DEVICE_MIB = 16;

    /** Fills a map on a device that has room for less and less, frees some, and goes on. */
    static final class Crowded {
        private static final int STEP = 700_000;
        private static final String VALUE = "v".repeat(9000);

        public static void main(String[] arguments) throws IOException {
            Path ballast = Path.of(System.getenv("CLEAVE_DIR")).resolve("ballast");
            int refused = 0;
            int rounds = 0;
            for (int bytes = 0; isPlaced(ballast, bytes); bytes += STEP) {
                rounds++;
                try (SharedHeap heap = SharedHeap.create(NAME, (4L * DEVICE_MIB) << 20)) {
                    int entries = fill(heap.map("map", Integer.class, String.class), 0);
                    check(heap, entries);
                    refused++;
                } catch (AllocationException | HeapFullException e) {
                    refused++; // not even an empty map
                }
            }
            System.out.println("rounds " + (rounds > 15) + ", all refused " + (refused == rounds));
        }

        private static boolean isPlaced(Path ballast, int bytes) throws IOException {
            try {
                Files.write(ballast, new byte[bytes]);
                return true;
            } catch (IOException e) {
                Files.delete(ballast);
                return false; // there is no room for it itself
            }
        }

        /** Puts entries from a number on until there is no room; how many there are then. */
        private static int fill(SharedMap<Integer, String> map, int from) {
            for (int i = from;; i++) {
                try {
                    map.put(i, VALUE);
                } catch (HeapFullException e) {
                    return i;
                }
            }
        }

        private static void check(SharedHeap heap, int entries) {
            SharedMap<Integer, String> map = heap.map("map", Integer.class, String.class);
            for (int i = 0; i < entries; i++) {
                if (!VALUE.equals(map.get(i))) {
                    throw new AssertionError("entry " + i + " of " + entries + " is not there");
                }
            }
            for (int i = 0; i < entries; i += 2) {
                map.remove(i);
            }
            for (int i = 0; i < entries; i += 2) {
                map.put(i, VALUE);
            }
            if (map.size() != entries || !heap.verify().isSound()) {
                throw new AssertionError(map.size() + " of " + entries + ", " + heap.verify());
            }
        }
    }

    @Test
    void aFullDeviceIsATypedErrorAndWhatIsThereStaysRight(@TempDir Path directory) throws InterruptedException {
        try (SmallDevice _ = SmallDevice.at(directory, DEVICE_MIB);
                ChildJvm child = ChildJvm.start(Map.of("CLEAVE_DIR", directory.toString()), List.of(),
                        Crowded.class)) {
            assertThat(child.awaitExit()).as(() -> String.join("\n", child.lines())).isZero();
            assertThat(child.awaitLine("rounds ")).isEqualTo("true, all refused true");
        }
    }
}
