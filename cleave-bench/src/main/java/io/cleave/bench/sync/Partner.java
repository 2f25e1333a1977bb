package io.cleave.bench.sync;

import io.cleave.bench.SubjectProcess;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** The other process of a measurement, as the one that leads sees it. */
final class Partner implements AutoCloseable {
    /** Options of the JVMs that take part: no more threads of their own than needed. */
    static final List<String> OPTIONS = List.of("-Xms64m", "-Xmx64m", "-XX:+UseSerialGC",
            "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED");

    private final SubjectProcess process;

    private Partner(SubjectProcess process) {
        this.process = process;
    }

    static Partner start(Class<?> main, String... arguments) throws IOException {
        return new Partner(SubjectProcess.start("partner", SubjectProcess.jvm(main, OPTIONS, arguments)));
    }

    /** Asks it to take part in a run. Where it fails, this process ends, which else would wait for it. */
    CompletableFuture<double[]> take(String request) {
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
    static void endWithLeader() {
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
