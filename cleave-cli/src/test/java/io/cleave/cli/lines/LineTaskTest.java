package io.cleave.cli.lines;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.share.Codec;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class LineTaskTest {
    static Stream<Codec> codecs() {
        return Stream.of(Codec.java(), Codec.standard());
    }

    private static LineTask sent(LineTask task, Codec codec) throws Exception {
        byte[] bytes = codec.encode(task);
        return (LineTask) codec.decode(bytes, 0, bytes.length);
    }

    @ParameterizedTest
    @MethodSource("codecs")
    void anExpressionIsFoundInAnotherProcessByItsName(Codec codec, @TempDir Path directory) throws Exception {
        Expression.condition("it.length() > 1", List.of()).compile("", directory);
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        LineTask task;
        try (URLClassLoader here = new URLClassLoader(new URL[] {directory.toUri().toURL()}, before)) {
            task = new LineTask.Filter(LineMethod.find(Expression.CLASS_NAME, Expression.METHOD, here));
        }
        LineTask copy = sent(task, codec);
        try (URLClassLoader there = new URLClassLoader(new URL[] {directory.toUri().toURL()}, before)) {
            thread.setContextClassLoader(there);
            assertThat(copy.apply("ab")).isEqualTo("ab");
            assertThat(copy.apply("a")).isNull();
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    @ParameterizedTest
    @MethodSource("codecs")
    void aMethodIsCalledInAnotherProcessAsItIsHere(Codec codec) throws Exception {
        LineMethod method = LineMethod.find("java.lang.String", "valueOf", getClass().getClassLoader());
        LineTask task = new LineTask.Mapping(method);
        assertThat(task.apply("a")).isEqualTo("a");
        assertThat(sent(task, codec).apply("a")).isEqualTo("a");
    }

    @Test
    void aDirectoryGoesWithItsFiles() throws Exception {
        Path path;
        try (TemporaryDirectory directory = TemporaryDirectory.create()) {
            path = directory.path();
            Files.writeString(path.resolve("a"), "a");
        }
        assertThat(path).doesNotExist();
    }
}
