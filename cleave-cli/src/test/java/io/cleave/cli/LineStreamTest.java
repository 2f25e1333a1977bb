package io.cleave.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.io.StringWriter;
import java.nio.channels.Channels;
import java.nio.channels.Pipe;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code pmap} and {@code pfilter} do while their input goes on and after their reader has gone. */
@Timeout(300)
final class LineStreamTest {
    @TempDir
    private Path temporary;

    /** The command in a thread of this JVM, between two pipes. */
    private static final class Running implements AutoCloseable {
        final StringWriter err = new StringWriter();
        final OutputStream input;
        final BufferedReader output;
        final Future<Integer> code;

        Running(String... arguments) throws IOException {
            Pipe in = Pipe.open();
            Pipe out = Pipe.open();
            input = Channels.newOutputStream(in.sink());
            output = new BufferedReader(Channels.newReader(out.source(), StandardCharsets.UTF_8));
            FutureTask<Integer> run = new FutureTask<>(() -> {
                try (var from = Channels.newInputStream(in.source()); var to = Channels.newOutputStream(out.sink())) {
                    return Cli.run(from, to, err, arguments);
                }
            });
            code = run;
            Thread.ofPlatform().daemon().name("cleave-test-command").start(run);
        }

        void type(String text) throws IOException {
            input.write(text.getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public void close() throws IOException {
            input.close();
            output.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"process", "thread", "fission"})
    void aResultIsThereBeforeTheInputGoesOn(String pool) throws Exception {
        try (Running command = new Running("pmap", "--pool", pool, "it + it")) {
            command.type("a\n");
            assertThat(command.output.readLine()).isEqualTo("aa");
            command.type("b\nc\nd\ne\nhalf a ");
            for (String expected : List.of("bb", "cc", "dd", "ee")) {
                assertThat(command.output.readLine()).isEqualTo(expected);
            }
            command.type("line");
            command.input.close();
            assertThat(command.output.readLine()).isEqualTo("half a linehalf a line");
            assertThat(command.output.readLine()).isNull();
            assertThat(command.code.get()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"process", "thread", "fission"})
    void itEndsQuietlyWhenItsReaderHasSeenEnough(String pool) throws Exception {
        try (Running command = new Running("pmap", "--pool", pool, "it")) {
            CompletableFuture<Void> endless = CompletableFuture.runAsync(() -> {
                try {
                    while (true) {
                        command.type("yes\n".repeat(1_000));
                    }
                } catch (IOException e) {
                    // the command is gone, as it should be
                }
            });
            assertThat(command.output.readLine()).isEqualTo("yes");
            command.output.close();
            assertThat(command.code.get()).isZero();
            assertThat(command.err.toString()).isEmpty();
            endless.get();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"process", "thread", "fission"})
    void itNoticesThatItsReaderHasGoneThoughNothingFollows(String pool) throws Exception {
        try (Running command = new Running("pfilter", "--pool", pool, "true")) {
            command.type("a\n");
            assertThat(command.output.readLine()).isEqualTo("a");
            command.output.close();
            command.type("b\n");
            assertThat(command.code.get()).isZero();
            assertThat(command.err.toString()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"process", "thread", "fission"})
    void aFailureEndsItThoughTheInputGoesOn(String pool) throws Exception {
        try (Running command = new Running("pmap", "--pool", pool, "Integer.parseInt(it)")) {
            command.type("1\nx\n");
            assertThat(command.output.readLine()).isEqualTo("1");
            assertThat(command.code.get()).isEqualTo(1);
            assertThat(command.err.toString()).contains("line 2 \"x\"");
        }
    }

    private Process start(List<String> options, String... arguments) throws IOException {
        Path err = Files.createFile(temporary.resolve("err"));
        Path place = Files.createDirectory(temporary.resolve("place"));
        return Cli.start(Map.of(),
                Stream.concat(Stream.of("-Djava.io.tmpdir=" + place), options.stream()).toList(), Main.class, err,
                arguments);
    }

    private List<String> leftInTemporaryDirectory() throws IOException {
        try (Stream<Path> files = Files.list(temporary.resolve("place"))) {
            return files.map(file -> file.getFileName().toString()).filter(name -> !name.startsWith("hsperf")).toList();
        }
    }

    @Test
    void theCompiledExpressionIsRemovedInTheEnd() throws Exception {
        Process process = start(List.of(), "pmap", "Integer.parseInt(it)");
        try (var in = process.outputWriter(); var out = process.inputReader()) {
            in.write("1\n");
            in.flush();
            assertThat(out.readLine()).isEqualTo("1");
            assertThat(leftInTemporaryDirectory()).singleElement().asString().startsWith("cleave-");
            in.write("x\n");
            in.flush();
            assertThat(process.waitFor()).isEqualTo(1);
            assertThat(leftInTemporaryDirectory()).isEmpty();
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void theCompiledExpressionIsRemovedWhenTheCommandIsToldToEnd() throws Exception {
        Process process = start(List.of(), "pmap", "it");
        try (var in = process.outputWriter(); var out = process.inputReader()) {
            in.write("1\n");
            in.flush();
            assertThat(out.readLine()).isEqualTo("1");
            process.toHandle().destroy(); // which leaves its input open
            assertThat(process.waitFor()).isEqualTo(128 + 15);
            assertThat(leftInTemporaryDirectory()).isEmpty();
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void withoutACompilerOnlyExpressionsAreRefused() throws Exception {
        List<String> runtime = List.of("--limit-modules",
                "java.logging,java.management,jdk.management,jdk.unsupported");
        Process process = start(runtime, "pmap", "it");
        try {
            assertThat(process.waitFor()).isEqualTo(2);
            assertThat(Files.readString(temporary.resolve("err"))).contains("cleave pmap: there is no compiler in /")
                    .contains("jdk.compiler").doesNotContain("\tat ");
            assertThat(leftInTemporaryDirectory()).isEmpty();
        } finally {
            process.destroyForcibly();
        }
    }
}
