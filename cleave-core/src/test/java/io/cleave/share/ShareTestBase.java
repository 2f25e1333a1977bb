package io.cleave.share;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.cleave.memory.BlockInfo;
import io.cleave.memory.SharedMemory;
import io.cleave.testing.ChildJvm;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Scanner;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;

/** What tests of shared values have in common. Freed memory is given back after each, as else in a second only. */
abstract class ShareTestBase {
    static final WriteOptions SHARED = WriteOptions.defaults().withThreshold(0);
    static final WriteOptions INLINE = WriteOptions.defaults().withThreshold(Long.MAX_VALUE);

    @AfterEach
    void giveBack() {
        Share.trim();
    }

    static <T> T read(String token, Class<T> type) {
        return Objects.requireNonNull(Share.read(token, type));
    }

    static List<BlockInfo> blocks() {
        return SharedMemory.list().stream().filter(info -> info.name().startsWith("value.")).toList();
    }

    static @Nullable BlockInfo block(String token) {
        String name = ((Token.Shared) Token.parse(token)).blockName();
        return SharedMemory.list().stream().filter(info -> info.name().equals(name)).findFirst().orElse(null);
    }

    static float[] floats(int length, long seed) {
        Random random = new Random(seed);
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            values[i] = random.nextFloat();
        }
        return values;
    }

    /** A JVM that does what it is told, line by line: see the cases. */
    static final class Helper {
        public static void main(String[] arguments) throws Exception {
            Scanner in = new Scanner(System.in, UTF_8);
            Object held = "";
            System.out.println("ready");
            while (in.hasNextLine()) {
                String[] words = in.nextLine().split(" ");
                try {
                    switch (words[0]) {
                        case "write" -> System.out.println("token " + Share.write(
                                floats(Integer.parseInt(words[1]), Long.parseLong(words[2])), SHARED));
                        case "large" -> System.out.println("token " + Share.write(new byte[2 << 20],
                                SHARED.withInlineFallback(Boolean.parseBoolean(words[1]))));
                        case "persist" -> {
                            WriteOptions stays = SHARED.withLifetime(io.cleave.memory.Lifetime.PERSISTENT);
                            System.out.println("token " + Share.write(floats(1000, 1),
                                    words.length > 1 ? stays.withReads(Long.parseLong(words[1])) : stays));
                        }
                        case "echo" -> System.out.println("token " + Share.write(Share.read(words[1], Object.class),
                                SHARED.withCodec(Objects.requireNonNull(Codecs.find(words[2])))));
                        case "hold" -> {
                            held = read(words[1], java.lang.foreign.MemorySegment.class);
                            System.out.println("held " + sum(held));
                        }
                        case "sum" -> System.out.println("sum " + sum(held));
                        case "free" -> System.out.println("freed " + Share.free(words[1]));
                        case "hide" -> {
                            Thread.currentThread().setContextClassLoader(ClassLoader.getPlatformClassLoader());
                            System.out.println("hidden");
                        }
                        case "exit" -> System.exit(0);
                        default -> throw new IllegalArgumentException(words[0]);
                    }
                } catch (RuntimeException e) {
                    System.out.println("error " + e);
                }
            }
        }

        private static double sum(Object held) {
            double sum = 0;
            for (float value : ((java.lang.foreign.MemorySegment) held).toArray(
                    java.lang.foreign.ValueLayout.JAVA_FLOAT)) {
                sum += value;
            }
            return sum;
        }

        static double sumOf(float[] values) {
            double sum = 0;
            for (float value : values) {
                sum += value;
            }
            return sum;
        }
    }

    static ChildJvm helper(String... options) {
        return helper(Map.of(), options);
    }

    static ChildJvm helper(Map<String, String> environment, String... options) {
        ChildJvm child = ChildJvm.start(environment, List.of(options), Helper.class);
        child.awaitLine("ready");
        return child;
    }

    /** Sends a line and gives the rest of the line that answers it: the first new one with this beginning. */
    static String ask(ChildJvm child, String line, String answer) {
        long before = child.lines().size();
        child.send(line);
        io.cleave.testing.Delays.within(io.cleave.testing.Delays.PATIENCE,
                () -> !child.handle().isAlive() || child.lines().stream().skip(before)
                        .anyMatch(text -> text.startsWith(answer) || text.startsWith("error ")));
        return child.lines().stream().skip(before).filter(text -> text.startsWith(answer)).findFirst()
                .map(text -> text.substring(answer.length()))
                .orElseThrow(() -> new AssertionError("no line \"" + answer + "\" from " + child));
    }
}
