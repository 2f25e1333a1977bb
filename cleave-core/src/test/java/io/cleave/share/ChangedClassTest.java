package io.cleave.share;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The reader's classes are of another version of the program than the writer's: nothing is taken for something else. */
final class ChangedClassTest {
    @TempDir
    private Path directory;

    /** A class called Thing, as one version of the program has it. */
    private Class<?> version(int number, String source) throws IOException, ReflectiveOperationException {
        Path place = Files.createDirectory(directory.resolve("v" + number));
        Path file = Files.writeString(place.resolve("Thing.java"), source);
        assertThat(ToolProvider.findFirst("javac").orElseThrow().run(System.out, System.err, "-d", place.toString(),
                file.toString())).isZero();
        URLClassLoader loader = new URLClassLoader(new URL[] {place.toUri().toURL()});
        return Class.forName("Thing", true, loader);
    }

    private static Object make(Class<?> type) throws ReflectiveOperationException {
        return type.getDeclaredConstructor().newInstance();
    }

    /** What a program that has a version of the class makes of a value. */
    private static Object readBy(Class<?> type, String codec, Object value) throws IOException {
        Codec found = Objects.requireNonNull(Codecs.find(codec));
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        try {
            byte[] bytes = found.encode(value);
            thread.setContextClassLoader(type.getClassLoader());
            return Objects.requireNonNull(found.decode(bytes, 0, bytes.length));
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"standard", "fory", "java"})
    void anObjectOfOtherFieldsIsRefused(String codec) throws Exception {
        Object value = make(
                version(1, "public class Thing implements java.io.Serializable { int height = 1; int width = 2; }"));
        Class<?> same = version(2,
                "public class Thing implements java.io.Serializable { int height = 1; int width = 2; }");
        Class<?> other = version(3,
                "public class Thing implements java.io.Serializable { int area = 3; int height = 4; }");
        assertThat(readBy(same, codec, value)).isExactlyInstanceOf(same);
        assertThatThrownBy(() -> readBy(other, codec, value)).isInstanceOf(IOException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"standard", "fory", "java"})
    void aConstantIsTheOneOfItsName(String codec) throws Exception {
        Object[] constants = version(1, "public enum Thing { RED, GREEN, BLUE }").getEnumConstants();
        Class<?> other = version(2, "public enum Thing { GREEN, AMBER, BLUE }");
        Object green = other.getEnumConstants()[0];
        assertThat(readBy(other, codec, constants[1])).isSameAs(green);
        assertThat((Iterable<?>) readBy(other, codec, set(constants[1]))).first().isSameAs(green);
        assertThatThrownBy(() -> readBy(other, codec, constants[0])).isInstanceOf(IOException.class);
    }

    @SuppressWarnings({"unchecked", "rawtypes"}) // the class is not known here
    private static Object set(Object constant) {
        return EnumSet.copyOf((List) List.of(constant));
    }
}
