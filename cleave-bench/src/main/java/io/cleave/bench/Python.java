package io.cleave.bench;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** Rivals written in Python, where there is one. */
public final class Python {
    private Python() {
    }

    /**
     * The command for a script.
     *
     * @param beside the class beside which the script lies as a resource
     * @param script its file name
     * @param arguments of the script
     * @return the command; empty where this machine has no python3
     * @throws IOException where the script cannot be read
     */
    public static Optional<List<String>> command(Class<?> beside, String script, String... arguments)
            throws IOException {
        Optional<Path> python = find();
        if (python.isEmpty()) {
            return Optional.empty();
        }
        List<String> command = new ArrayList<>(List.of(python.get().toString(), "-c"));
        try (InputStream in = Objects.requireNonNull(beside.getResourceAsStream(script), script)) {
            command.add(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        }
        command.addAll(Arrays.asList(arguments));
        return Optional.of(command);
    }

    private static Optional<Path> find() {
        String path = System.getenv("PATH");
        return path == null ? Optional.empty()
                : Arrays.stream(path.split(File.pathSeparator)).filter(directory -> !directory.isEmpty())
                        .map(directory -> Path.of(directory, "python3")).filter(Files::isExecutable).findFirst();
    }
}
