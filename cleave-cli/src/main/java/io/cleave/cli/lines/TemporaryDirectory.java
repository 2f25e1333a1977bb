package io.cleave.cli.lines;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** A directory for files, without directories in it, that is removed when it is closed or when the JVM ends. */
public final class TemporaryDirectory implements AutoCloseable {
    /** How often removal is tried, while somebody still writes files. */
    private static final int ATTEMPTS = 10;

    private final Path path;
    private final Thread hook;

    private TemporaryDirectory(Path path) {
        this.path = path;
        hook = new Thread(this::removePatiently, "cleave-remove-directory");
    }

    /** Makes a directory that only this user can look into. */
    public static TemporaryDirectory create() throws IOException {
        TemporaryDirectory directory = new TemporaryDirectory(Files.createTempDirectory("cleave-"));
        Runtime.getRuntime().addShutdownHook(directory.hook);
        return directory;
    }

    /** Where it is. */
    public Path path() {
        return path;
    }

    @Override
    public void close() throws IOException {
        remove();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The JVM is ending: the hook runs, and finds nothing to do.
        }
    }

    private void removePatiently() {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            try {
                remove();
                return;
            } catch (IOException e) {
                // A file has come meanwhile, or another thread removes them, too.
            }
        }
    }

    private void remove() throws IOException {
        if (!Files.exists(path)) {
            return;
        }
        try (DirectoryStream<Path> files = Files.newDirectoryStream(path)) {
            for (Path file : files) {
                Files.deleteIfExists(file);
            }
        }
        Files.deleteIfExists(path);
    }
}
