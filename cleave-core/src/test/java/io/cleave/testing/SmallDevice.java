package io.cleave.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.cleave.os.Unistd;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A file system of 1 MiB or a few, mounted at a directory until it is closed. Tests that need one are skipped but for root. */
public final class SmallDevice implements AutoCloseable {
    private final Path directory;

    private SmallDevice(Path directory) {
        this.directory = directory;
    }

    public static SmallDevice at(Path directory) {
        return at(directory, 1);
    }

    public static SmallDevice at(Path directory, int mebibytes) {
        assumeTrue(
                Unistd.geteuid() == 0
                        && execute("mount", "-t", "tmpfs", "-o", "size=" + mebibytes + "m", "tmpfs",
                                directory.toString()),
                "a small file system can be mounted by root only");
        return new SmallDevice(directory);
    }

    private static boolean execute(String... command) {
        try {
            Process process = new ProcessBuilder(command).start();
            return process.waitFor(Delays.PATIENCE.toMillis(), TimeUnit.MILLISECONDS) && process.exitValue() == 0;
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        assertThat(execute("umount", directory.toString())).isTrue();
    }
}
