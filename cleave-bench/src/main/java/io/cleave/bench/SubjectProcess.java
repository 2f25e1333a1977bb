package io.cleave.bench;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.Writer;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A subject in a process of its own, be it a JVM, a Python or anything else that reads requests from its standard input
 * and answers with figures: see {@link Requests}. It ends when its input does, so also when the harness is killed.
 */
public final class SubjectProcess implements Subject, AutoCloseable {
    private static final Duration LONGEST = Duration.ofMinutes(5);
    private static final long FAREWELL_SECONDS = 10;

    private final String name;
    private final Process process;
    private final Writer requests;
    private final BlockingQueue<Optional<String>> answers = new LinkedBlockingQueue<>();

    private SubjectProcess(String name, Process process) {
        this.name = name;
        this.process = process;
        this.requests = process.outputWriter(StandardCharsets.UTF_8);
        Thread.ofPlatform().daemon().name("bench-reader-" + name).start(this::read);
    }

    /**
     * Starts a subject and waits until it is ready.
     *
     * @param name its name in the results
     * @param command the program and its arguments
     * @return the subject
     * @throws IOException where it cannot be started
     */
    public static SubjectProcess start(String name, List<String> command) throws IOException {
        Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        SubjectProcess subject = new SubjectProcess(name, process);
        try {
            String first = subject.nextLine();
            if (!first.equals(Requests.READY)) {
                throw new IOException(name + " began with \"" + first + "\"");
            }
            return subject;
        } catch (IOException | RuntimeException e) {
            process.destroyForcibly();
            throw e;
        }
    }

    /**
     * The command for a JVM like this one: the same JDK, class path and options.
     *
     * @param main the main class
     * @param options more options of the JVM, which come last and so prevail
     * @param arguments of the main class
     * @return the command
     */
    public static List<String> jvm(Class<?> main, List<String> options, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(System.getProperty("java.home") + File.separator + "bin" + File.separator + "java");
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(option -> !option.startsWith("-agentlib") && !option.startsWith("-javaagent"))
                .forEach(command::add);
        command.addAll(options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(Arrays.asList(arguments));
        return command;
    }

    private void read() {
        try (BufferedReader in = process.inputReader(StandardCharsets.UTF_8)) {
            String line = in.readLine();
            while (line != null) {
                answers.add(Optional.of(line));
                line = in.readLine();
            }
        } catch (IOException e) {
            if (process.isAlive()) {
                answers.add(Optional.of("? " + e));
            }
        } finally {
            answers.add(Optional.empty());
        }
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public double[] measure(String request) throws IOException {
        requests.write(request + "\n");
        requests.flush();
        String answer = nextLine();
        try {
            return Arrays.stream(answer.split(" ")).mapToDouble(Double::parseDouble).toArray();
        } catch (NumberFormatException e) {
            throw new IOException(name + " answered \"" + answer + "\" to \"" + request + "\"", e);
        }
    }

    private String nextLine() throws IOException {
        Optional<String> line;
        try {
            line = answers.poll(LONGEST.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while " + name + " was at work", e);
        }
        if (line == null) {
            process.destroyForcibly();
            throw new IOException(name + " has not answered for " + LONGEST.toMinutes() + " minutes");
        }
        return line.orElseThrow(() -> new IOException(name + " has ended" + exitCode() + "; see above why"));
    }

    private String exitCode() {
        try {
            return process.waitFor(FAREWELL_SECONDS, TimeUnit.SECONDS) ? " with exit code " + process.exitValue() : "";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "";
        }
    }

    /** Ends the process. */
    @Override
    public void close() {
        try {
            requests.close();
            if (!process.waitFor(FAREWELL_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (IOException e) {
            process.destroyForcibly(); // it had ended already, or does not listen any more
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
