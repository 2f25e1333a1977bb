package io.cleave.bench.pool;

import io.cleave.bench.Directories;
import io.cleave.bench.Requests;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/**
 * A JVM that starts another, which says hello and ends: each request gives the milliseconds from before its start until it
 * has ended. The other has no options, and a class path with nothing but its one class.
 */
final class HelloJvm {
    private HelloJvm() {
    }

    /** Serves requests. */
    public static void main(String[] args) throws Exception {
        Path directory = Files.createTempDirectory("cleave-bench-");
        Path file = directory.resolve(Hello.class.getName().replace('.', '/') + ".class");
        try {
            Files.createDirectories(file.getParent());
            try (InputStream in = Objects
                    .requireNonNull(Hello.class.getResourceAsStream(Hello.class.getSimpleName() + ".class"))) {
                Files.copy(in, file);
            }
            ProcessBuilder builder = new ProcessBuilder(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp", directory.toString(),
                    Hello.class.getName()).redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.INHERIT);
            List.of("JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS", "CLASSPATH").forEach(builder.environment()::remove);
            Requests.serve(request -> new double[] {run(builder)});
        } finally {
            Directories.delete(directory);
        }
    }

    private static double run(ProcessBuilder builder) throws IOException, InterruptedException {
        long start = System.nanoTime();
        int exit = builder.start().waitFor();
        double millis = (System.nanoTime() - start) / 1e6;
        if (exit != 0) {
            throw new IOException("hello ended with code " + exit);
        }
        return millis;
    }
}
