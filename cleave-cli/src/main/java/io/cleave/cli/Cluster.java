package io.cleave.cli;

import io.cleave.CleaveException;
import io.cleave.pool.Pool;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A Spark cluster that a command computes on. The command itself knows nothing of Spark, which is a quarter of a
 * gigabyte: {@code ./cleave} adds it to the class path where it is asked for, and so its methods are found by their
 * names.
 */
final class Cluster implements AutoCloseable {
    private static final String HOME = "cleave.spark.home";
    private static final int WORKERS = 2;

    private final Pool pool;
    /** What was started; null where it was there. */
    private final @Nullable AutoCloseable own;
    /** What that has written. */
    private final @Nullable Path directory;

    private Cluster(Pool pool, @Nullable AutoCloseable own, @Nullable Path directory) {
        this.pool = pool;
        this.own = own;
        this.directory = directory;
    }

    /** Connects to a cluster, or starts one. */
    static Cluster open(@Nullable String master) {
        String home = System.getProperty(HOME);
        if (home == null) {
            throw new CleaveException("Spark is not on the class path: run ./cleave demo --spark at the root of "
                    + "Cleave's sources, which adds it, or set -D" + HOME + " and the class path yourself");
        }
        AutoCloseable own = null;
        try {
            if (master != null) {
                return new Cluster((Pool) call("SparkPool", "connect", new Class<?>[] {String.class}, master), null,
                        null);
            }
            Path directory = newDirectory();
            AutoCloseable started = (AutoCloseable) call("LoopbackCluster", "start",
                    new Class<?>[] {Path.class, Path.class, int.class}, Path.of(home), directory, WORKERS);
            own = started;
            return new Cluster((Pool) started.getClass().getMethod("connect").invoke(started), started, directory);
        } catch (InvocationTargetException e) {
            close(own);
            throw new CleaveException("the Spark cluster cannot be used: " + e.getCause(), e.getCause());
        } catch (ReflectiveOperationException e) {
            close(own);
            throw new CleaveException("Cleave's part for Spark does not fit this command: " + e, e);
        }
    }

    /** A directory that only this user can read, with the cluster's secret in it. */
    private static Path newDirectory() {
        String parent = System.getProperty("java.io.tmpdir");
        try {
            return Files.createTempDirectory(Path.of(parent), "cleave-spark.");
        } catch (IOException e) {
            throw new CleaveException(
                    "a Spark cluster writes its logs and its executors' files to a directory in " + parent
                            + ", where none can be made (" + e + "); name another with -Djava.io.tmpdir",
                    e);
        }
    }

    private static Object call(String type, String method, Class<?>[] types, Object... arguments)
            throws ReflectiveOperationException {
        return Class.forName("io.cleave.spark." + type).getMethod(method, types).invoke(null, arguments);
    }

    private static void close(@Nullable AutoCloseable cluster) {
        if (cluster != null) {
            try {
                cluster.close();
            } catch (Exception e) {
                throw new CleaveException("the Spark cluster cannot be ended: " + e, e);
            }
        }
    }

    Pool pool() {
        return pool;
    }

    /** Ends what was started, whose logs stay only where it did not come up. */
    @Override
    public void close() {
        pool.close();
        close(own);
        if (directory != null) {
            try (Stream<Path> files = Files.walk(directory)) {
                files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
            } catch (IOException e) {
                throw new UncheckedIOException("the logs of the Spark cluster cannot be removed", e);
            }
        }
    }
}
