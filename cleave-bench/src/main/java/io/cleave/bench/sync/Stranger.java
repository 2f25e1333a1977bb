package io.cleave.bench.sync;

import io.cleave.IncompatibleBlockException;
import io.cleave.bench.sync.Ground.Objects;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.TimeUnit;

/**
 * A process with another {@code CLEAVE_DIR} that has got hold of the memory of somebody's objects: it must be refused
 * each of them, as it could not tell whether those who hold them live.
 */
final class Stranger {
    private static final long OBJECT_BYTES = 1024;
    private static final int OBJECTS = 5;
    private static final int ROUNDS = 200;
    private static final long PATIENCE_SECONDS = 60;

    private Stranger() {
    }

    /** Arguments: the file with the objects. The exit code is 0 where it was refused all of them each time. */
    public static void main(String[] arguments) throws IOException {
        MemorySegment memory = map(Path.of(arguments[0]));
        int taken = 0;
        for (int round = 0; round < ROUNDS; round++) {
            for (int object = 0; object < OBJECTS; object++) {
                if (!isRefused(object, memory)) {
                    taken++;
                }
            }
        }
        System.exit(taken == 0 ? 0 : 1);
    }

    private static MemorySegment map(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            return channel.map(FileChannel.MapMode.READ_WRITE, 0, channel.size(), Arena.global());
        }
    }

    private static boolean isRefused(int object, MemorySegment memory) {
        try {
            Objects.one(object, memory);
            System.err.println("a stranger got object " + object);
            return false;
        } catch (IncompatibleBlockException e) {
            return true;
        }
    }

    /**
     * Makes objects in a file and shows them to a stranger while it uses them.
     *
     * @return how many of its attempts were not refused, or went wrong otherwise
     */
    static long intrusions(Path directory) throws IOException, InterruptedException {
        Path file = Files.write(directory.resolve("objects"), new byte[(int) (OBJECT_BYTES * (OBJECTS + 1))]);
        Path other = Files.createDirectory(directory.resolve("other"));
        Objects own = Objects.at(map(file));
        own.mutex().lock();
        ProcessBuilder builder = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC", "-Xmx64m", "-cp",
                System.getProperty("java.class.path"), Stranger.class.getName(), file.toString());
        builder.environment().put("CLEAVE_DIR", other.toString());
        Process stranger = builder.redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try {
            boolean hasEnded = stranger.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
            boolean isUnharmed = own.mutex().isHeldByCurrentThread()
                    && own.semaphore().availablePermits() == Ground.PERMITS && !own.barrier().isBroken();
            return hasEnded && stranger.exitValue() == 0 && isUnharmed ? 0 : 1;
        } finally {
            stranger.destroyForcibly().waitFor();
            own.mutex().unlock();
        }
    }
}
