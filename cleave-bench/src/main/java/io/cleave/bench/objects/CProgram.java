package io.cleave.bench.objects;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** A subject written in C, compiled where there is a compiler. */
final class CProgram {
    private CProgram() {
    }

    /**
     * The command for a program.
     *
     * @param directory where it is compiled
     * @param source the file name of its source, which lies beside this class as a resource
     * @return the command; empty where this machine has no {@code cc}
     * @throws IOException where it cannot be compiled
     */
    static Optional<List<String>> command(Path directory, String source) throws IOException {
        Optional<Path> compiler = compiler();
        if (compiler.isEmpty()) {
            return Optional.empty();
        }
        Path code = directory.resolve(source);
        try (InputStream in = Objects.requireNonNull(CProgram.class.getResourceAsStream(source), source)) {
            Files.copy(in, code);
        }
        Path program = directory.resolve(source + ".out");
        Process process = new ProcessBuilder(compiler.get().toString(), "-O2", "-fno-builtin", "-o", program.toString(),
                code.toString()).inheritIO().redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        int exit = process.onExit().join().exitValue();
        if (exit != 0) {
            throw new IOException(compiler.get() + " ended with exit code " + exit);
        }
        return Optional.of(List.of(program.toString()));
    }

    private static Optional<Path> compiler() {
        String path = System.getenv("PATH");
        return path == null ? Optional.empty()
                : Arrays.stream(path.split(File.pathSeparator)).filter(directory -> !directory.isEmpty())
                        .map(directory -> Path.of(directory, "cc")).filter(Files::isExecutable).findFirst();
    }
}
