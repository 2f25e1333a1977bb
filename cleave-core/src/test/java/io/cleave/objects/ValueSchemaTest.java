package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.IncompatibleBlockException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Constructor;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a structure says about its values, and what another version of a program makes of that. */
final class ValueSchemaTest {
    private static final String COLOR = "enum Color { RED, GREEN, BLUE }";

    @TempDir
    private Path directory;

    /** A class called Thing, and a Color, as one version of the program has them. */
    private Class<?> version(int number, String thing, String color) throws IOException, ReflectiveOperationException {
        Path place = Files.createDirectory(directory.resolve("v" + number));
        Path file = Files.writeString(place.resolve("Thing.java"), "public " + thing + " " + color);
        assertThat(ToolProvider.findFirst("javac").orElseThrow().run(System.out, System.err, "-d", place.toString(),
                file.toString())).isZero();
        URLClassLoader loader = new URLClassLoader(new URL[] {place.toUri().toURL()});
        return Class.forName("Thing", true, loader);
    }

    private static Object make(Class<?> type, Object... arguments) throws ReflectiveOperationException {
        Constructor<?> constructor = type.getDeclaredConstructors()[0];
        constructor.setAccessible(true);
        return constructor.newInstance(arguments);
    }

    private static byte[] bytes(Class<?> declared, Object value) {
        @SuppressWarnings("unchecked") // the value is of its class
        ValueEncoding<Object> encoding = (ValueEncoding<Object>) ValueEncoding.of(declared);
        try (ValueBuffer buffer = ValueBuffer.lend()) {
            encoding.encode(value, buffer);
            byte[] bytes = new byte[(int) buffer.length()];
            buffer.copyTo(MemorySegment.ofArray(bytes), 0);
            return bytes;
        }
    }

    /** What a program makes of bytes whose declared class is Object. */
    private static Object readBy(Class<?> version, byte[] bytes) {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        try {
            thread.setContextClassLoader(version.getClassLoader());
            return Objects.requireNonNull(
                    ValueEncoding.of(Object.class).decode(MemorySegment.ofArray(bytes), 0, bytes.length));
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    private static String difference(Class<?> here, Class<?> there) {
        return ValueEncoding.of(here).schema().differenceFrom(new ValueSchema(ValueSchema.of(there).text()));
    }

    @Test
    void aSchemaNamesAllThatTheBytesDependOn() {
        assertThat(ValueSchema.of(Long.class).text()).isEqualTo("java.lang.Long");
        assertThat(ValueSchema.of(double[].class).text()).isEqualTo("double[]");
        String outer = ValueCorpus.class.getName();
        assertThat(ValueSchema.of(ValueCorpus.Line.class).text()).isEqualTo("record " + outer + "$Line(" + outer
                + "$Point from, " + outer + "$Point to, " + outer + "$Color color, java.lang.Object note)\nrecord "
                + outer + "$Point(long x, long y)\nenum " + outer + "$Color[RED, GREEN, BLUE]");
        assertThat(ValueSchema.of(ValueCorpus.Chain.class).text()).isEqualTo("record " + outer
                + "$Chain(int number, " + outer + "$Chain next)");
    }

    @Test
    void theSameSchemaIsNoDifference() throws Exception {
        Class<?> one = version(1, "record Thing(int a, Color b) {}", COLOR);
        Class<?> other = version(2, "record Thing(int a, Color b) { int sum() { return a; } }", COLOR);
        assertThat(difference(one, other)).isNull();
        assertThat(ValueSchema.of(one).fingerprint()).isEqualTo(ValueSchema.of(other).fingerprint());
        Object value = make(one, 5, null);
        assertThat(readBy(other, bytes(Object.class, value))).isExactlyInstanceOf(other)
                .hasToString(value.toString());
    }

    @Test
    void aDifferenceIsNamed() throws Exception {
        Class<?> one = version(1, "record Thing(int a, Color b) {}", COLOR);
        assertThat(difference(version(2, "record Thing(long a, Color b) {}", COLOR), one))
                .contains("record Thing has other components", "component 0 is long a here, and was int a there");
        assertThat(difference(version(3, "record Thing(int a) {}", COLOR), one))
                .contains("component 1 is missing here, and was Color b there");
        assertThat(difference(version(4, "record Thing(int a, Color b, int c) {}", COLOR), one))
                .contains("component 2 is int c here, and was missing there");
        assertThat(difference(version(5, "record Thing(int b, Color a) {}", COLOR), one))
                .contains("component 0 is int b here, and was int a there");
        assertThat(difference(version(6, "record Thing(int a, Color b) {}", "enum Color { GREEN, RED, BLUE }"), one))
                .contains("enum Color has other constants", "constant 0 is GREEN here, and was RED there");
        assertThat(difference(version(7, "enum Thing { A, B }", ""), version(8, "enum Thing { A, C, B }", "")))
                .contains("constant 1 is B here, and was C there");
        assertThat(difference(Long.class, Integer.class)).contains("java.lang.Integer, not java.lang.Long");
        assertThat(difference(version(9, "enum Thing { A }", ""), one)).contains("record Thing, not enum Thing");
    }

    @Test
    void aDamagedSchemaIsADifference() {
        ValueSchema schema = ValueSchema.of(ValueCorpus.Line.class);
        for (String text : List.of("", "\n", "record ", "enum X", "record X(", "x".repeat(1000),
                schema.text().substring(0, schema.text().length() - 1), schema.text() + "\n")) {
            assertThat(schema.differenceFrom(new ValueSchema(text))).as(text).isNotBlank();
        }
    }

    @Test
    void aRecordOfAnotherVersionIsRefusedWhereItsClassIsNotDeclared() throws Exception {
        Class<?> one = version(1, "record Thing(int a, int b) {}", COLOR);
        byte[] bytes = bytes(Object.class, make(one, 1, 2));
        Class<?> other = version(2, "record Thing(int b, int a) {}", COLOR);
        assertThatThrownBy(() -> readBy(other, bytes)).isInstanceOf(IncompatibleBlockException.class)
                .hasMessageContaining("record Thing(int b, int a)");
        Class<?> none = version(3, "enum Thing { A }", COLOR);
        assertThatThrownBy(() -> readBy(none, bytes)).isInstanceOf(IncompatibleBlockException.class)
                .hasMessageContaining("no record");
        assertThatThrownBy(() -> readBy(ValueSchemaTest.class, bytes)).isInstanceOf(IncompatibleBlockException.class)
                .hasMessageContaining("no class Thing");
    }

    @Test
    void aConstantIsTheOneOfItsName() throws Exception {
        Object[] constants = version(1, "enum Thing { RED, GREEN, BLUE }", "").getEnumConstants();
        Class<?> other = version(2, "enum Thing { GREEN, AMBER, BLUE }", "");
        assertThat(readBy(other, bytes(Object.class, constants[1]))).isSameAs(other.getEnumConstants()[0]);
        byte[] red = bytes(Object.class, constants[0]);
        assertThatThrownBy(() -> readBy(other, red)).isInstanceOf(IncompatibleBlockException.class)
                .hasMessageContaining("no constant RED");
    }

    @Test
    void aDeclaredClassIsFoundByItsOwnLoader() throws Exception {
        Class<?> one = version(1, "record Thing(int a, Object b) {}", COLOR);
        Object inner = make(one, 1, "x");
        Object value = make(one, 2, inner);
        byte[] bytes = bytes(one, value);
        assertThat(ValueEncoding.of(one).decode(MemorySegment.ofArray(bytes), 0, bytes.length)).isEqualTo(value);
    }

    @Test
    void aRecordsKeyIsTheSameInEachVersionOfTheSameSchema() throws Exception {
        Class<?> one = version(1, "record Thing(int a, Color b) {}", COLOR);
        Class<?> other = version(2, "record Thing(int a, Color b) {}", COLOR);
        assertThat((Object) ValueEncoding.ofKey(one).type()).isEqualTo(one);
        assertThat(bytes(one, make(one, 5, null))).isEqualTo(bytes(other, make(other, 5, null)));
        assertThat(bytes(Object.class, make(one, 5, null))).isEqualTo(bytes(Object.class, make(other, 5, null)));
    }
}
