package io.cleave.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * Where the blocks of this test run lie. The build names a directory of its own for each run, so that two runs on one
 * machine do not see each other's blocks; elsewhere, as in an IDE, it is the directory that all programs use.
 */
final class RunDirectory {

    static final Path PATH = Path.of(Objects.requireNonNullElse(System.getenv("CLEAVE_DIR"), "/dev/shm"));

    /** Whether no other run and no program of the user has the same one. */
    static final boolean IS_OURS = PATH.getFileName().toString().startsWith("cleave-test.");

    /** Whether this JVM created it. Guarded by the class. */
    private static boolean isCreator;

    private RunDirectory() {
    }

    /** Creates it where it is this run's own and missing; the JVM that does so deletes it in the end. */
    static synchronized void create() {
        if (!IS_OURS || Files.isDirectory(PATH)) {
            return;
        }
        try {
            Files.createDirectory(PATH);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (!isCreator) {
            isCreator = true;
            Runtime.getRuntime().addShutdownHook(new Thread(RunDirectory::delete));
        }
    }

    /** Deletes it with all that is still in it, if this JVM created it. */
    static synchronized void delete() {
        if (!isCreator || !Files.isDirectory(PATH)) {
            return;
        }
        try (Stream<Path> files = Files.list(PATH)) {
            for (Path file : files.toList()) {
                Files.deleteIfExists(file);
            }
            Files.deleteIfExists(PATH);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
