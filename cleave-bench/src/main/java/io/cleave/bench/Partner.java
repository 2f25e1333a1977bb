package io.cleave.bench;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** The other process of a measurement, as the one that leads sees it. */
public final class Partner implements AutoCloseable {
    /** Options of JVMs that take part and need little memory: no more threads of their own than needed. */
    public static final List<String> OPTIONS = List.of("-Xms64m", "-Xmx64m", "-XX:+UseSerialGC",
            "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED");

    private final SubjectProcess process;

    private Partner(SubjectProcess process) {
        this.process = process;
    }

    /**
     * Starts one.
     *
     * @param main its main class
     * @param options of its JVM
     * @param arguments of the main class
     * @return the partner, to be closed
     * @throws IOException where it cannot be started
     */
    public static Partner start(Class<?> main, List<String> options, String... arguments) throws IOException {
        return new Partner(SubjectProcess.start("partner", SubjectProcess.jvm(main, options, arguments)));
    }

    /**
     * Asks it to take part in a run. Where it fails, this process ends, which else would wait for it.
     *
     * @param request what it is to do
     * @return its figures, once it has done that
     */
    public CompletableFuture<double[]> take(String request) {
        CompletableFuture<double[]> answer = new CompletableFuture<>();
        Thread.ofPlatform().daemon().name("bench-partner").start(() -> {
            try {
                answer.complete(process.measure(request));
            } catch (IOException e) {
                System.err.println(e.getMessage());
                Runtime.getRuntime().halt(1);
            }
        });
        return answer;
    }

    /** For the other process: ends this one, which may be spinning, when the one that leads has ended. */
    public static void endWithLeader() {
        Thread.ofPlatform().daemon().name("bench-leader").start(() -> {
            ProcessHandle.current().parent().ifPresent(leader -> leader.onExit().join());
            Runtime.getRuntime().halt(1);
        });
    }

    @Override
    public void close() {
        process.close();
    }
}
