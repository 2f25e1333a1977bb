package io.cleave.spark;

import io.cleave.CleaveException;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;

/**
 * A standalone Spark cluster on this machine's loopback address: a Master and some Workers, each a JVM of its own, with
 * executors of one core and 512 MB. It is for trials and tests, which meet there what they meet on a real cluster:
 * serialisation, class paths, executors that die.
 *
 * <pre>{@code
 * try (LoopbackCluster cluster = LoopbackCluster.start(sparkHome, directory, 2);
 *         JavaSparkContext context = new JavaSparkContext(cluster.conf("trial"));
 *         SparkPool pool = SparkPool.on(context)) {...}
 * }</pre>
 *
 * <p>
 * Its processes end when it is closed, and with this JVM, however that ends. Executors have this JVM's class path.
 * They run whatever who can reach them asks for, so all of its processes and contexts share a secret, which other users
 * of the machine do not have.
 * The methods may be called by any thread. A start takes three to ten seconds.
 */
public final class LoopbackCluster implements AutoCloseable {
    private static final String HOST = Contexts.LOOPBACK;
    private static final String AUTHENTICATE = "spark.authenticate";
    private static final String SECRET = "spark.authenticate.secret";
    private static final Pattern MASTER = Pattern.compile("Starting Spark master at (spark://\\S+)");
    private static final Pattern REGISTERED = Pattern.compile("(Successfully registered with master)");
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final long LOOK_MILLIS = 50;
    private static final long END_SECONDS = 5;
    private static final int MOST_TEXT = 4096;

    private final Path home;
    private final Path directory;
    private final List<Process> processes = new ArrayList<>();
    /** Names the secret without which no process talks to these. For this user alone. */
    private final Path properties;
    private final String secret = secret();
    private final String master;

    private LoopbackCluster(Path home, Path directory, List<Map<String, String>> workers) {
        this.home = home;
        this.directory = directory;
        boolean done = false;
        properties = writeProperties();
        try {
            master = startMaster();
            for (int i = 0; i < workers.size(); i++) {
                startWorker(i, workers.get(i));
            }
            for (int i = 0; i < workers.size(); i++) {
                await(processes.get(i + 1), log("worker-" + i), REGISTERED);
            }
            done = true;
        } finally {
            if (!done) {
                close();
            }
        }
    }

    /**
     * Starts a cluster.
     *
     * @param home SPARK_HOME: a directory with Spark's jars in {@code jars/}
     * @param directory for logs and for what Workers write; made where it is missing, and left behind; this
     *        user's own
     * @param workers how many Workers there are, 1 or more
     * @return the cluster, whose Workers have registered
     * @throws CleaveException where the directory cannot be written to, or a process does not come up, with the end of
     *         its log
     * @throws IllegalArgumentException where there are no jars, or less than 1 worker
     */
    public static LoopbackCluster start(Path home, Path directory, int workers) {
        if (workers < 1) {
            throw new IllegalArgumentException("a cluster needs at least 1 Worker, not " + workers);
        }
        return start(home, directory, Stream.generate(() -> Map.<String, String>of()).limit(workers).toList());
    }

    /** Starts a cluster whose Workers, and so their executors, have more in their environment. */
    static LoopbackCluster start(Path home, Path directory, List<Map<String, String>> workers) {
        if (!Files.isDirectory(home.resolve("jars"))) {
            throw new IllegalArgumentException(home + " is no SPARK_HOME: it has no directory jars");
        }
        try {
            Files.createDirectories(directory);
            Files.delete(Files.createTempFile(directory, "probe", ""));
        } catch (IOException e) {
            throw new CleaveException("a Spark cluster writes its logs and its executors' files to " + directory
                    + ", where nothing can be written (" + e + "); name another directory", e);
        }
        return new LoopbackCluster(home.toAbsolutePath(), directory.toAbsolutePath(), workers);
    }

    private static String secret() {
        byte[] bytes = new byte[32];
        new SecureRandom().nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    private Path writeProperties() {
        try {
            Path file = Files.createTempFile(directory, "spark-", ".properties"); // which nobody else can read
            Files.writeString(file, AUTHENTICATE + " true\n" + SECRET + " " + secret + "\n");
            return file;
        } catch (IOException e) {
            throw new CleaveException("a Spark cluster's settings cannot be written to " + directory + ": " + e, e);
        }
    }

    private Path log(String name) {
        return directory.resolve(name + ".log");
    }

    private String startMaster() {
        Process process = start("master", Map.of(), "org.apache.spark.deploy.master.Master", "--host", HOST, "--port",
                "0", "--webui-port", "0", "--properties-file", properties.toString());
        return await(process, log("master"), MASTER);
    }

    private void startWorker(int number, Map<String, String> environment) {
        start("worker-" + number, environment, "org.apache.spark.deploy.worker.Worker", "--host", HOST, "--cores", "1",
                "--memory", "1g", "--webui-port", "0", "--work-dir", directory.resolve("work-" + number).toString(),
                "--properties-file", properties.toString(), master);
    }

    private Process start(String name, Map<String, String> environment, String main, String... arguments) {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        List<String> command = new ArrayList<>(List.of(java, "-Xmx256m", "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1", "-cp",
                home.resolve("jars") + "/*" + File.pathSeparator + Contexts.placeOf(ClusterMain.class),
                ClusterMain.class.getName(), Long.toString(ProcessHandle.current().pid()), main));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true)
                .redirectOutput(log(name).toFile());
        builder.environment().putAll(Map.of("SPARK_HOME", home.toString(), "SPARK_SCALA_VERSION", "2.13",
                "SPARK_LOCAL_IP", HOST, "JAVA_HOME", System.getProperty("java.home")));
        builder.environment().putAll(environment);
        try {
            Process process = builder.start();
            processes.add(process);
            return process;
        } catch (IOException e) {
            throw new CleaveException("the JVM of Spark's " + name + " cannot be started: " + e.getMessage(), e);
        }
    }

    /** Waits until a process has written what it writes when it is up. */
    private static String await(Process process, Path log, Pattern pattern) {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            boolean isAlive = process.isAlive(); // before the look at what it has written
            Matcher matcher = pattern.matcher(text(log));
            if (matcher.find()) {
                return matcher.group(1);
            }
            if (!isAlive || System.nanoTime() - end > 0) {
                throw new CleaveException("a process of the Spark cluster "
                        + (isAlive ? "has not come up within " + PATIENCE
                                : "has ended with code " + process.exitValue())
                        + "; the end of its log " + log + ":\n" + tail(log));
            }
            try {
                Thread.sleep(LOOK_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new CleaveException("interrupted while a Spark cluster was starting", e);
            }
        }
    }

    private static String text(Path file) {
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return "";
        }
    }

    private static String tail(Path file) {
        String text = text(file);
        return text.substring(Math.max(0, text.length() - MOST_TEXT));
    }

    /**
     * The Master's address.
     *
     * @return such as {@code spark://127.0.0.1:37011}
     */
    public String master() {
        return master;
    }

    /**
     * A pool with a context of its own on this cluster, which ends with the pool.
     *
     * @return the pool, whose executors are up
     */
    public SparkPool connect() {
        return SparkPool.owning(conf("cleave"));
    }

    /**
     * Settings for a context on this cluster, which waits for all executors as it is made. They have the secret by
     * which the cluster's processes know each other.
     *
     * @param application the application's name
     * @return settings to be changed at will
     */
    public SparkConf conf(String application) {
        return Contexts.conf(master).setAppName(application).set("spark.jars", "")
                .set("spark.cores.max", Integer.toString(processes.size() - 1)).set(AUTHENTICATE, "true")
                .set(SECRET, secret)
                .set("spark.executor.extraClassPath", classPath());
    }

    /** What this JVM has on its class path and Spark has not on its own. */
    private String classPath() {
        Set<String> there;
        try (Stream<Path> jars = Files.list(home.resolve("jars"))) {
            there = jars.map(jar -> jar.getFileName().toString()).collect(Collectors.toSet());
        } catch (IOException e) {
            throw new CleaveException("the jars of " + home + " cannot be listed: " + e.getMessage(), e);
        }
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> !there.contains(new File(entry).getName()))
                .collect(Collectors.joining(File.pathSeparator));
    }

    /**
     * What went wrong last: the end of the standard error that an executor wrote last.
     *
     * @return at most 4 KiB of text, empty where there is none
     */
    public String errorOutput() {
        try (Stream<Path> files = Files.walk(directory)) {
            Optional<Path> last = files.filter(file -> file.endsWith("stderr"))
                    .max(Comparator.comparingLong(file -> file.toFile().lastModified()));
            return last.map(LoopbackCluster::tail).orElse("");
        } catch (IOException e) {
            return "";
        }
    }

    /**
     * The processes of the executors that live now.
     *
     * @return process ids, those of the first Worker first
     */
    public List<Long> executorPids() {
        return processes.stream().skip(1).flatMap(Process::children).map(ProcessHandle::pid).toList();
    }

    /** Ends all of its processes. What they have written stays. */
    @Override
    public void close() {
        List<ProcessHandle> all = new ArrayList<>();
        for (Process process : processes.reversed()) {
            process.descendants().forEach(all::add);
            all.add(process.toHandle());
        }
        processes.reversed().forEach(Process::destroy);
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(END_SECONDS);
        for (ProcessHandle process : all) {
            try {
                process.onExit().get(Math.max(1, end - System.nanoTime()), TimeUnit.NANOSECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                process.destroyForcibly();
            } catch (ExecutionException | TimeoutException e) {
                process.destroyForcibly();
            }
        }
        properties.toFile().delete();
    }
}
