package io.cleave.owner;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.testing.ChildJvm;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How much stack there is where the check passes for the last time, whoever has compiled it. */
class StackReserveTest {
    private static final String EXCLUDED = "-XX:CompileCommand=exclude,io/cleave/owner/StackReserveTest$Diver.sink";

    /** Dives until the check overflows, then anew to one step before, and sinks from there by frames of a known size. */
    @SuppressWarnings("InfiniteRecursion")
    static final class Diver {
        private static final int STACK_BYTES = 400_000;
        private static final int ROUNDS = 60;
        private static int depth;
        private static int stop;
        private static int sunk;

        public static void main(String[] arguments) throws InterruptedException {
            int fewer = frames(2_000_000); // before those of a larger stack, which would be used again
            long frame = 1_000_000 / (frames(3_000_000) - fewer);
            long least = Long.MAX_VALUE;
            for (int i = 0; i < ROUNDS; i++) {
                stop = -1;
                run(() -> dive(0), STACK_BYTES);
                stop = depth - i % 2; // some never come as deep again
                sunk = 0;
                run(() -> dive(0), STACK_BYTES);
                if (sunk > 0) { // it came as deep, though it may have been compiled since
                    least = Math.min(least, sunk * frame);
                }
            }
            System.out.println("least " + least);
        }

        private static int frames(int stackBytes) throws InterruptedException {
            run(() -> sink(0), stackBytes);
            return sunk;
        }

        private static void run(Runnable body, int stackBytes) throws InterruptedException {
            Thread thread = new Thread(null, () -> {
                try {
                    body.run();
                } catch (StackOverflowError e) {
                    stop = Math.max(stop, -1); // which is what was to come
                }
            }, "diver", stackBytes);
            thread.start();
            thread.join();
        }

        private static int dive(int frames) {
            StackReserve.check();
            if (frames == stop) {
                return sink(0);
            }
            depth = frames;
            return dive(frames + 1) + 1;
        }

        /** Is never compiled. */
        private static int sink(int frames) {
            sunk = frames;
            return sink(frames + 1) + 1;
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"-Xint", "-XX:TieredStopAtLevel=1", "-XX:-TieredCompilation", "-XX:+TieredCompilation",
            "-Xcomp -XX:TieredStopAtLevel=1 -XX:CompileCommand=compileonly,io/cleave/owner/StackReserve*.*",
            "-Xcomp -XX:-TieredCompilation -XX:CompileCommand=compileonly,io/cleave/owner/StackReserve*.*"})
    void whereTheCheckPassesThereIsAsMuchStackAsItSays(String mode) throws InterruptedException {
        List<String> options = new ArrayList<>(Arrays.asList(mode.split(" ")));
        options.add(EXCLUDED);
        try (ChildJvm jvm = ChildJvm.start(options, Diver.class)) {
            long least = Long.parseLong(jvm.awaitLine("least "));
            assertThat(jvm.awaitExit()).isZero();
            assertThat(least).isGreaterThan(StackReserve.BYTES * 9L / 10).isLessThan(StackReserve.BYTES * 3L);
        }
    }
}
