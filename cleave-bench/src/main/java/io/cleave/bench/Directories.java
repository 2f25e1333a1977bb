package io.cleave.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** Directories of one run's own, for its blocks and files. */
public final class Directories {
    private Directories() {
    }

    /**
     * Makes one, in shared memory where there is a directory for it.
     *
     * @return an empty directory
     * @throws IOException where it cannot be made
     */
    public static Path create() throws IOException {
        Path base = Path.of("/dev/shm");
        return Files.createTempDirectory(Files.isDirectory(base) ? base : Path.of("/tmp"), "cleave-bench-");
    }

    /**
     * How many blocks there are.
     *
     * @param directory what {@code CLEAVE_DIR} said
     * @return their number
     * @throws IOException where it cannot be read
     */
    public static long leftIn(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.getFileName().toString().startsWith("cleave.")).count();
        }
    }

    /**
     * Deletes one with all that is in it.
     *
     * @param directory what to delete
     * @throws IOException where it cannot be deleted
     */
    public static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
