package io.cleave.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.testing.Delays;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;

/** What tests of pools have in common in which something goes wrong. */
abstract class MishapTestBase extends ProcessPoolTestBase {
    @TempDir
    Path directory;

    Path executions() {
        return directory.resolve("executions");
    }

    /** A line in a file that all JVMs write to. */
    static void note(String file, Object text) {
        try {
            Files.writeString(Path.of(file), text + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    List<String> noted() {
        try {
            return Files.exists(executions()) ? Files.readAllLines(executions()) : List.of();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    ProcessPool.Builder workers(int count) {
        ProcessPool.Builder builder = builder().workers(count).output(WorkerOutput.DISCARD);
        return isForked() ? builder : builder.jvmOptions("-Xmx48m",
                "-XX:ErrorFile=" + directory.resolve("hs_err_pid%p.log"));
    }

    static <V> V get(Future<V> future) throws Exception {
        return future.get(Delays.PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
    }

    static Throwable failureOf(Future<?> future) throws Exception {
        try {
            throw new AssertionError("a result: " + get(future));
        } catch (ExecutionException e) {
            return Objects.requireNonNull(e.getCause());
        }
    }

    static void assertUsable(ProcessPool pool) throws Exception {
        assertThat(get(pool.submit(() -> "works"))).isEqualTo("works");
        assertThat(pool.map(List.of(1, 2, 3, 4), x -> x + 1)).containsExactly(2, 3, 4, 5);
    }
}
