package io.cleave.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.testing.ChildJvm;
import io.cleave.testing.Delays;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where workers' classes come from: a program in jars, and what becomes of its cache. */
final class AotCacheTest {
    /** For each line that it reads it makes a pool, and says whether the worker has mapped a cache. */
    static final class Program {
        public static void main(String[] arguments) throws Exception {
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (String line = in.readLine(); line != null && !line.isEmpty(); line = in.readLine()) {
                try (ProcessPool pool = ProcessPool.builder().workers(1).build()) {
                    SerializableCallable<Boolean> mapped = () -> Files.readString(Path.of("/proc/self/maps"))
                            .contains(".aot");
                    System.out.println(line + " " + pool.submit(mapped).get());
                    if (line.startsWith("codec")) {
                        System.out.println(line + " result " + pool.submit(Program::anyCache).get().files());
                    }
                }
            }
        }

        private static Mapped anyCache() throws IOException {
            return new Mapped(Files.readAllLines(Path.of("/proc/self/maps")).stream()
                    .filter(mapping -> mapping.endsWith(".aot"))
                    .map(mapping -> mapping.substring(mapping.lastIndexOf('/') + 1)).distinct().toList());
        }
    }

    /** Something that takes a codec: which caches are mapped. */
    record Mapped(List<String> files) {}

    private static final String OLD = "worker-of-another-program-";

    @TempDir
    static Path jars;
    /** The class path of this JVM, with jars in the place of directories. */
    private static String allJars = "";
    /** The same, but the tests' classes lie in a directory. */
    private static String withDirectory = "";

    @TempDir
    Path home;
    private Path cache = Path.of("");

    @BeforeAll
    static void packClasses() throws IOException {
        List<String> packed = new ArrayList<>();
        List<String> mixed = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            Path path = Path.of(entry);
            if (!Files.isDirectory(path)) {
                packed.add(entry);
                mixed.add(entry);
                continue;
            }
            boolean isCleave = Files.exists(path.resolve("io/cleave/worker"));
            String jar = pack(path, jars.resolve(isCleave ? "cleave.jar" : "part-" + packed.size() + ".jar"));
            packed.add(jar);
            mixed.add(isCleave ? jar : entry);
        }
        allJars = String.join(File.pathSeparator, packed);
        withDirectory = String.join(File.pathSeparator, mixed);
    }

    private static String pack(Path directory, Path jar) throws IOException {
        try (OutputStream file = Files.newOutputStream(jar);
                JarOutputStream out = new JarOutputStream(file);
                Stream<Path> all = Files.walk(directory)) {
            for (Path each : all.filter(Files::isRegularFile).toList()) {
                out.putNextEntry(new JarEntry(directory.relativize(each).toString()));
                Files.copy(each, out);
                out.closeEntry();
            }
        }
        return jar.toString();
    }

    @BeforeEach
    void nameCache() {
        cache = home.resolve("caches");
    }

    private ChildJvm program(String classPath) {
        return ChildJvm.start(classPath, Map.of(), List.of("-Dcleave.cacheDir=" + cache), Program.class);
    }

    private List<Path> caches() {
        try (Stream<Path> files = Files.exists(cache) ? Files.list(cache) : Stream.of()) {
            return files.filter(file -> file.toString().endsWith(".aot")
                    && !file.getFileName().toString().startsWith(OLD)).collect(Collectors.toList());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String ask(ChildJvm program, String question) {
        program.send(question);
        return program.awaitLine(question + " ");
    }

    private void assertMadeByFirst(ChildJvm program) {
        assertThat(ask(program, "first")).isEqualTo("false");
        Delays.within(Delays.PATIENCE, () -> !caches().isEmpty());
        assertThat(caches()).hasSize(1);
    }

    @Test
    void itIsMadeInTheBackgroundAndThenUsedByThisJvmAndOthers() {
        try (ChildJvm program = program(allJars)) {
            assertMadeByFirst(program);
            Delays.within(Delays.PATIENCE, () -> ask(program, "again-" + System.nanoTime()).equals("true"));
        }
        try (ChildJvm program = program(allJars)) {
            assertThat(ask(program, "first")).isEqualTo("true");
        }
    }

    @Test
    void itIsUsedWhereOnlyCleaveAndItsDependenciesLieInJars() {
        try (ChildJvm program = program(withDirectory)) {
            assertMadeByFirst(program);
        }
        try (ChildJvm program = program(withDirectory)) {
            assertThat(ask(program, "first")).isEqualTo("true");
        }
        assertThat(caches()).hasSize(1);
    }

    @Test
    void aDamagedOneIsReplacedAndAnotherClassPathHasItsOwn() throws IOException {
        try (ChildJvm program = program(allJars)) {
            assertMadeByFirst(program);
        }
        Path made = caches().getFirst();
        byte[] bytes = Files.readAllBytes(made);
        bytes[bytes.length / 2] ^= 1;
        Files.write(made, bytes);
        try (ChildJvm program = program(allJars)) {
            assertMadeByFirst(program);
        }
        try (ChildJvm program = program(allJars + File.pathSeparator + jars.resolve("cleave.jar"))) {
            assertThat(ask(program, "first")).isEqualTo("false");
            Delays.within(Delays.PATIENCE, () -> caches().size() == 2);
        }
    }

    @Test
    void aProgramWhoseValuesTakeTheCodecGetsAnother() {
        try (ChildJvm program = program(allJars)) {
            assertMadeByFirst(program);
        }
        String plain = String.valueOf(caches().getFirst().getFileName());
        try (ChildJvm program = program(allJars)) {
            assertThat(ask(program, "codec")).isEqualTo("true");
            assertThat(program.awaitLine("codec result ")).isEqualTo("[" + plain + "]");
            assertThat(ask(program, "after")).isEqualTo("true"); // has the other one made
            Delays.within(Delays.PATIENCE, () -> caches().size() == 2);
        }
        try (ChildJvm program = program(allJars)) {
            assertThat(ask(program, "codec")).isEqualTo("true");
            assertThat(program.awaitLine("codec result ")).doesNotContain(plain).contains(".aot");
        }
        assertThat(caches()).hasSize(2);
    }

    @Test
    void onlySomeAreKept() throws IOException {
        Files.createDirectory(cache,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Instant now = Instant.now();
        for (int age = 1; age <= 20; age++) {
            Path old = Files.createFile(cache.resolve(OLD + age + ".aot"));
            Files.setLastModifiedTime(old, FileTime.from(now.minus(Duration.ofDays(age))));
        }
        try (ChildJvm program = program(allJars)) {
            assertMadeByFirst(program);
        }
        assertThat(cache.resolve(OLD + "1.aot")).exists();
        assertThat(cache.resolve(OLD + "20.aot")).doesNotExist();
        try (Stream<Path> files = Files.list(cache)) {
            assertThat(files.filter(file -> file.toString().endsWith(".aot"))).hasSizeLessThan(20);
        }
    }

    @Test
    void aDirectoryThatOthersCanWriteToIsNotUsed() throws IOException {
        try (ChildJvm program = program(allJars)) {
            assertMadeByFirst(program);
        }
        Files.setPosixFilePermissions(cache, PosixFilePermissions.fromString("rwxrwxrwx"));
        try (ChildJvm program = program(allJars)) {
            assertThat(ask(program, "first")).isEqualTo("false");
        }
    }
}
