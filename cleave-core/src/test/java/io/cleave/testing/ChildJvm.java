package io.cleave.testing;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A second JVM of the same JDK and class path that runs a main class. It ends at {@link #close()}, and by itself when
 * this JVM dies.
 */
public final class ChildJvm implements AutoCloseable {

    private final Process process;
    private final Thread reader;
    /** Standard output and standard error. Guarded by itself; written by the reader only. */
    private final List<String> lines = new ArrayList<>();

    private ChildJvm(Process process) {
        this.process = process;
        this.reader = Thread.ofVirtual().start(this::readLines);
    }

    public static ChildJvm start(Class<?> main, String... arguments) {
        return start(List.of(), main, arguments);
    }

    public static ChildJvm start(List<String> jvmOptions, Class<?> main, String... arguments) {
        return start(Map.of(), jvmOptions, main, arguments);
    }

    /** As the others, with more in its environment. */
    public static ChildJvm start(Map<String, String> environment, List<String> jvmOptions, Class<?> main,
            String... arguments) {
        return start(System.getProperty("java.class.path"), environment, jvmOptions, main, arguments);
    }

    /** As the others, with another class path. */
    public static ChildJvm start(String classPath, Map<String, String> environment, List<String> jvmOptions,
            Class<?> main, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("--enable-native-access=ALL-UNNAMED");
        command.addAll(jvmOptions);
        command.addAll(List.of("-cp", classPath));
        command.addAll(
                List.of(ChildMain.class.getName(), Long.toString(ProcessHandle.current().pid()), main.getName()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(environment);
        try {
            return new ChildJvm(builder.start());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void readLines() {
        try (BufferedReader output = process.inputReader()) {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                synchronized (lines) {
                    lines.add(line);
                }
            }
        } catch (IOException e) {
            synchronized (lines) {
                lines.add("(the output broke off: " + e + ")");
            }
        }
    }

    public long pid() {
        return process.pid();
    }

    public ProcessHandle handle() {
        return process.toHandle();
    }

    /** All lines that the child has written so far to standard output and standard error. */
    public List<String> lines() {
        synchronized (lines) {
            return List.copyOf(lines);
        }
    }

    /** Waits for a line that starts like this and returns the rest of it. */
    public String awaitLine(String start) {
        Delays.within(Delays.PATIENCE, () -> hasLine(start) || !reader.isAlive());
        return lines().stream().filter(line -> line.startsWith(start)).findFirst()
                .map(line -> line.substring(start.length()))
                .orElseThrow(() -> new AssertionError("no line \"" + start + "\" from " + this));
    }

    private boolean hasLine(String start) {
        return lines().stream().anyMatch(line -> line.startsWith(start));
    }

    /** Writes a line to the child's standard input. */
    public void send(String line) {
        try {
            Writer input = process.outputWriter(StandardCharsets.UTF_8);
            input.write(line + "\n");
            input.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits until the child has ended by itself, and returns its exit code: 128 + signal where a signal ended it. */
    public int awaitExit() throws InterruptedException {
        return awaitExit(Delays.PATIENCE);
    }

    /** Waits for the end of a child that has much to do, and returns its exit code. */
    public int awaitExit(Duration patience) throws InterruptedException {
        if (!process.waitFor(patience.toNanos(), TimeUnit.NANOSECONDS)) {
            throw new AssertionError("still running: " + this);
        }
        awaitEndOfOutput();
        return process.exitValue();
    }

    /** Whoever inherited the child's output may still hold it open, so this wait has a bound. */
    private void awaitEndOfOutput() throws InterruptedException {
        boolean _ = reader.join(Delays.GRACE);
    }

    /** Ends the child as {@code kill -9} does, and returns when it is gone. */
    public void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** Kills the child if it still runs. */
    @Override
    public void close() {
        try {
            kill();
            awaitEndOfOutput();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public String toString() {
        return TestProcesses.describe(handle()) + ", output:\n" + String.join("\n", lines());
    }
}
