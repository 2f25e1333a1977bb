package io.cleave.cli;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;

/** The command, run by a test. */
final class Cli {
    /** How a run ended, and what it printed. */
    record Result(int code, String out, String err) {
        List<String> lines() {
            return out.lines().toList();
        }
    }

    private Cli() {
    }

    /** Runs it in this JVM. */
    static Result run(String... arguments) {
        return onInput("", arguments);
    }

    /** Runs it in this JVM on a text. */
    static Result onInput(String input, String... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        StringWriter err = new StringWriter();
        int code = run(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)), out, err, arguments);
        return new Result(code, out.toString(StandardCharsets.UTF_8), err.toString());
    }

    /** Runs it in this JVM on streams. */
    static int run(InputStream in, OutputStream out, Writer err, String... arguments) {
        CommandLine line = Main.of(Style.PLAIN, new StandardStreams(in, out, false))
                .setOut(new PrintWriter(out, true, StandardCharsets.UTF_8)).setErr(new PrintWriter(err, true));
        return line.execute(arguments);
    }

    /** The command as it can be asked for its parts. */
    static CommandLine line() {
        return Main.of(Style.PLAIN,
                new StandardStreams(InputStream.nullInputStream(), OutputStream.nullOutputStream(), false));
    }

    /** Runs it as a process of its own, as users do. */
    static Result process(Map<String, String> environment, String... arguments)
            throws IOException, InterruptedException {
        return java(environment, Main.class, arguments);
    }

    /** Runs any main class of the class path. */
    static Result java(Map<String, String> environment, Class<?> main, String... arguments)
            throws IOException, InterruptedException {
        Path err = Files.createTempFile("cleave-cli", ".err");
        Process process = start(environment, List.of(), main, err, arguments);
        try (var out = process.inputReader()) {
            String text = out.readAllAsString();
            return new Result(process.waitFor(), text, Files.readString(err));
        } finally {
            process.destroyForcibly();
            Files.delete(err);
        }
    }

    /** Starts any main class of the class path; the caller has to end it. */
    static Process start(Map<String, String> environment, List<String> options, Class<?> main, Path err,
            String... arguments) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path")));
        command.addAll(options);
        command.add(main.getName());
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(err.toFile());
        builder.environment().putAll(environment);
        return builder.start();
    }
}
