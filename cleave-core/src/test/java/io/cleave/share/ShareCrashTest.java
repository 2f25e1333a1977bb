package io.cleave.share;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.BlockNotFoundException;
import io.cleave.memory.Cleanup;
import io.cleave.memory.Lifetime;
import io.cleave.testing.ChildJvm;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Processes that are killed at every step that others can see. */
final class ShareCrashTest extends ShareTestBase {
    private static final int KILLED = 128 + 9;
    private static final int COMPLETED = 3;
    private static final int SIZE = 8000;

    private static byte[] bytes(int value) {
        byte[] bytes = new byte[SIZE];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    private static ChildJvm start(int crashPoint, Class<?> main, String... arguments) {
        return ChildJvm.start(List.of("-Dcleave.crashPoint=" + crashPoint, "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC"), main, arguments);
    }

    /** Writes, frees, and writes again to the memory that it has freed, telling each token. */
    static final class Writer {
        public static void main(String[] arguments) {
            String first = Share.write(bytes(1), SHARED);
            System.out.println("token " + first);
            Share.free(first);
            String second = Share.write(bytes(2), SHARED);
            System.out.println("token " + second);
            Share.free(second);
            System.out.println("token " + Share.write(bytes(3), SHARED));
            Share.trim();
            System.exit(COMPLETED);
        }
    }

    @Test
    void whereverAWriterIsKilledNothingWrongCanBeReadAndCleanupLeavesNothing() throws InterruptedException {
        int exit = KILLED;
        int crashPoint = 0;
        while (exit == KILLED) {
            crashPoint++;
            List<String> tokens;
            try (ChildJvm child = start(crashPoint, Writer.class)) {
                exit = child.awaitExit();
                tokens = child.lines().stream().filter(line -> line.startsWith("token ")).map(line -> line.substring(6))
                        .toList();
            }
            for (String token : tokens) {
                assertThat(isReadable(token)).as("after the death of its writer at step " + crashPoint).isFalse();
            }
            assertThat(Cleanup.run().failed()).isEmpty();
            assertThat(blocks()).as("after a death at step " + crashPoint).isEmpty();
        }
        assertThat(exit).isEqualTo(COMPLETED);
        assertThat(crashPoint).as("steps to die at").isGreaterThan(15);
    }

    private static boolean isReadable(String token) {
        try {
            return read(token, byte[].class).length == SIZE;
        } catch (BlockNotFoundException e) {
            return false;
        }
    }

    /** Reads and frees what another process has written. */
    static final class Freer {
        public static void main(String[] arguments) {
            MemorySegment view = read(arguments[0], MemorySegment.class);
            Share.free(arguments[0]);
            System.out.println("seen " + view.get(ValueLayout.JAVA_BYTE, SIZE - 1));
            System.exit(COMPLETED);
        }
    }

    /** Reads what can be read once. */
    static final class LastReader {
        public static void main(String[] arguments) {
            System.out.println("seen " + read(arguments[0], byte[].class)[0]);
            System.exit(COMPLETED);
        }
    }

    @Test
    void whereverAFreerIsKilledTheValueIsThereOrGoneForGood() throws InterruptedException {
        for (Lifetime lifetime : Lifetime.values()) {
            killEverywhere(Freer.class, SHARED.withLifetime(lifetime), 4);
        }
    }

    @Test
    void whereverTheLastReaderIsKilledTheValueIsThereOrGoneForGood() throws InterruptedException {
        killEverywhere(LastReader.class, SHARED.withReads(1), 4);
    }

    /** The writer lives, and goes on to use the memory; a view that it has stays as it is. */
    private static void killEverywhere(Class<?> main, WriteOptions options, int leastSteps)
            throws InterruptedException {
        int exit = KILLED;
        int crashPoint = 0;
        while (exit == KILLED) {
            crashPoint++;
            String token = Share.write(bytes(crashPoint), options);
            try (ChildJvm child = start(crashPoint, main, token)) {
                exit = child.awaitExit();
            }
            if (exit == KILLED && isReadable(token)) {
                Share.free(token);
            }
            assertThat(isReadable(token)).isFalse();
            String next = Share.write(bytes(77), SHARED);
            assertThat(read(next, byte[].class)).isEqualTo(bytes(77));
            Share.free(next);
            Share.trim();
            assertThat(Cleanup.run().failed()).isEmpty();
            assertThat(blocks()).as("after a death at step " + crashPoint).isEmpty();
        }
        assertThat(exit).isEqualTo(COMPLETED);
        assertThat(crashPoint).as("steps to die at").isGreaterThan(leastSteps);
    }

    /** Frees a value that stays and that nobody owns. */
    @Test
    void whereverTheFreerOfAnAbandonedValueIsKilledNothingStays() throws InterruptedException {
        int exit = KILLED;
        int crashPoint = 0;
        while (exit == KILLED) {
            crashPoint++;
            String token;
            try (ChildJvm writer = helper()) {
                token = ask(writer, "persist", "token ");
            }
            try (ChildJvm child = start(crashPoint, Freeing.class, token)) {
                exit = child.awaitExit();
            }
            if (isFloatReadable(token)) {
                assertThat(Share.free(token)).isTrue();
            }
            assertThat(Cleanup.run().failed()).isEmpty();
            assertThat(blocks()).as("after a death at step " + crashPoint).isEmpty();
        }
        assertThat(exit).isEqualTo(COMPLETED);
        assertThat(crashPoint).as("steps to die at").isGreaterThan(3);
    }

    /** Reads what stays, can be read once, and has no owner. */
    @Test
    void whereverTheLastReaderOfAnAbandonedValueIsKilledNothingStays() throws InterruptedException {
        int exit = KILLED;
        int crashPoint = 0;
        while (exit == KILLED) {
            crashPoint++;
            String token;
            try (ChildJvm writer = helper()) {
                token = ask(writer, "persist 1", "token ");
            }
            try (ChildJvm child = start(crashPoint, LastFloatReader.class, token)) {
                exit = child.awaitExit();
            }
            if (exit == KILLED) {
                isFloatReadable(token); // which ends it, if it can be read
            }
            assertThat(Cleanup.run().failed()).isEmpty();
            assertThat(blocks()).as("after a death at step " + crashPoint).isEmpty();
        }
        assertThat(exit).isEqualTo(COMPLETED);
        assertThat(crashPoint).as("steps to die at").isGreaterThan(4);
    }

    /** Reads an array of floats. */
    static final class LastFloatReader {
        public static void main(String[] arguments) {
            System.exit(isFloatReadable(arguments[0]) ? COMPLETED : 1);
        }
    }

    private static boolean isFloatReadable(String token) {
        try {
            return read(token, float[].class).length == 1000;
        } catch (BlockNotFoundException e) {
            return false;
        }
    }

    /** Frees what it is told. */
    static final class Freeing {
        public static void main(String[] arguments) {
            System.exit(Share.free(arguments[0]) ? COMPLETED : 1);
        }
    }
}
