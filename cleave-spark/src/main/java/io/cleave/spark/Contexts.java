package io.cleave.spark;

import java.io.File;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/** Settings of contexts that a pool makes for itself. */
final class Contexts {
    static final String LOOPBACK = "127.0.0.1";
    /** What Cleave in an executor wants of its JVM. */
    static final String EXECUTOR_OPTIONS = "--enable-native-access=ALL-UNNAMED "
            + "--add-opens=java.base/java.lang.invoke=ALL-UNNAMED";
    private static final Pattern LOCAL_MASTER = Pattern.compile("spark://(127\\.\\d+\\.\\d+\\.\\d+|localhost):\\d+");

    private Contexts() {
    }

    static SparkConf conf(String master) {
        SparkConf conf = new SparkConf().setMaster(master).setIfMissing("spark.app.name", "cleave")
                .setIfMissing("spark.ui.enabled", "false").setIfMissing("spark.log.level", "ERROR")
                .setIfMissing("spark.scheduler.minRegisteredResourcesRatio", "1.0")
                .setIfMissing("spark.executor.extraJavaOptions", EXECUTOR_OPTIONS)
                .setIfMissing("spark.jars", ownJars());
        if (LOCAL_MASTER.matcher(master).matches()) {
            conf.setIfMissing("spark.driver.host", LOOPBACK).setIfMissing("spark.driver.bindAddress", LOOPBACK)
                    .setIfMissing("spark.executor.cores", "1").setIfMissing("spark.executor.memory", "512m");
        }
        return conf;
    }

    /** The jars of this program's class path that executors do not have. */
    private static String ownJars() {
        Path spark = placeOf(SparkContext.class).getParent();
        String home = System.getenv("SPARK_HOME");
        Path installed = home == null ? spark : Path.of(home, "jars");
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator)).map(Path::of)
                .map(Path::toAbsolutePath).filter(entry -> entry.toString().endsWith(".jar"))
                .filter(entry -> !Objects.equals(entry.getParent(), spark))
                .filter(entry -> installed == null || !Files.exists(installed.resolve(entry.getFileName())))
                .map(Path::toString)
                .collect(Collectors.joining(","));
    }

    /**
     * Has Spark broadcast a value.
     *
     * @throws CancellationException where the thread is interrupted meanwhile; an interrupt that came before stays set
     *         and does no harm, which Spark would answer with an undeclared InterruptedException
     */
    static <T> Broadcast<T> broadcast(JavaSparkContext context, T value) {
        boolean isInterrupted = Thread.interrupted();
        try {
            return context.broadcast(value);
        } catch (Exception e) {
            if (e instanceof InterruptedException) {
                isInterrupted = true;
                throw new CancellationException("interrupted while a value was to be broadcast");
            }
            throw e;
        } finally {
            if (isInterrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * Has Spark let go of a broadcast. Where that fails, Spark's cleaner does it once the object is garbage. Spark
     * throws InterruptedException, undeclared, in a thread whose interrupt is set, which is why it is set aside.
     */
    static void destroy(JavaSparkContext context, Broadcast<?> broadcast) {
        boolean isInterrupted = Thread.interrupted();
        try {
            if (!context.sc().isStopped()) {
                broadcast.destroy();
            }
        } catch (Exception e) {
            isInterrupted |= e instanceof InterruptedException;
        } finally {
            if (isInterrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** The jar or directory that a class comes from. */
    static Path placeOf(Class<?> type) {
        return Path.of(URI.create(String.valueOf(type.getProtectionDomain().getCodeSource().getLocation())));
    }
}
