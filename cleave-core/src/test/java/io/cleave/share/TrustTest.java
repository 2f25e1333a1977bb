package io.cleave.share;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.memory.Cleanup;
import io.cleave.share.trust.Trust;
import io.cleave.testing.ChildJvm;
import io.cleave.testing.Delays;
import java.io.ObjectInputFilter;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Classes that the user of a JVM admits, or does not. */
final class TrustTest extends ShareTestBase {
    private static final String FILTER = "-Dcleave.serialFilter=io.cleave.share.TrustTest$Known;java.base/*;!*";

    /** Admitted. */
    record Known(String name, Map<String, Long> counts) implements Serializable {}

    /** Not admitted. */
    record Unknown(String name) implements Serializable {
        /** A lambda of this class. */
        static Job job() {
            return () -> "done";
        }
    }

    /** What a lambda can be. */
    interface Job extends Supplier<String>, Serializable {}

    private static String token(String codec, Object value) {
        return Share.write(value,
                WriteOptions.defaults().withCodec(Objects.requireNonNull(Codecs.find(codec))));
    }

    @ParameterizedTest
    @CsvSource({"standard, cleave", "fory, cleave", "java, cleave", "standard, jdk", "fory, jdk", "java, jdk"})
    void onlyAdmittedClassesAreRead(String codec, String property) {
        try (ChildJvm reader = helper(FILTER.replace("-Dcleave", "-D" + property))) {
            List<Object> known = new ArrayList<>(List.of(new Known("a", Map.of("b", 1L)), new int[2000], "text"));
            String answer = ask(reader, "echo " + token(codec, known) + " " + codec, "token ");
            assertThat(read(answer, List.class).getFirst()).isEqualTo(known.getFirst());
            refuses(reader, codec, new Unknown("a"), new Unknown[0], List.of(1, new Unknown("b")), Unknown.class,
                    List.of(Unknown.job()), Unknown.job());
            assertThat(reader.lines()).filteredOn(line -> line.startsWith("error "))
                    .allMatch(line -> line.contains("IncompatibleBlockException") || line.contains("TokenException"));
            assertThat(reader.lines()).filteredOn(line -> line.startsWith("error "))
                    .anyMatch(line -> line
                            .contains("the class " + Unknown.class.getName() + " is refused by -D" + property
                                    + ".serialFilter="));
            assertThat(reader.lines()).filteredOn(line -> line.startsWith("token ")).hasSize(1);
        }
        assertThat(Cleanup.run().failed()).isEmpty();
    }

    private static void refuses(ChildJvm reader, String codec, Object... values) {
        for (Object value : values) {
            long before = errors(reader);
            reader.send("echo " + token(codec, value) + " " + codec);
            Delays.within(Delays.PATIENCE, () -> errors(reader) > before || tokens(reader) > 1);
            assertThat(errors(reader)).as("%s refused by %s", value, reader).isEqualTo(before + 1);
        }
    }

    private static long tokens(ChildJvm reader) {
        return reader.lines().stream().filter(line -> line.startsWith("token ")).count();
    }

    private static long errors(ChildJvm reader) {
        return reader.lines().stream().filter(line -> line.startsWith("error ")).count();
    }

    @SuppressWarnings("JdkObsolete") // one of the classes in question
    @ParameterizedTest
    @ValueSource(strings = {"standard", "fory", "java"})
    void aClassOfTheJdkIsRefusedAsWell(String codec) {
        try (ChildJvm reader = helper("-Djdk.serialFilter=!java.util.LinkedList;!java.util.TreeMap")) {
            ask(reader, "echo " + token(codec, new ArrayList<>(List.of(1))) + " " + codec, "token ");
            refuses(reader, codec, new LinkedList<>(List.of(1)), new ArrayList<>(List.of(new TreeMap<>(Map.of(1, 2)))));
        }
        assertThat(Cleanup.run().failed()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"standard", "fory", "java"})
    void theLimitsOfAFilterHold(String codec) {
        try (ChildJvm reader = helper("-Djdk.serialFilter=maxdepth=5;maxarray=100")) {
            ask(reader, "echo " + token(codec, new ArrayList<>(List.of(1))) + " " + codec, "token ");
            Object deep = "core";
            for (int i = 0; i < 20; i++) {
                deep = new ArrayList<>(List.of(deep));
            }
            refuses(reader, codec, deep, new ArrayList<>(Arrays.asList("a", new String[101])),
                    new ArrayList<>(List.of(new int[2000])));
        }
        assertThat(Cleanup.run().failed()).isEmpty();
    }

    /** A date, in a field of a class that is admitted. */
    @SuppressWarnings("JavaUtilDate") // one of the classes in question
    record Dated(Date date) implements Serializable {}

    /** Writes values and reads them again, and says what it could write. */
    @SuppressWarnings("JavaUtilDate") // one of the classes in question
    static final class Writer {
        public static void main(String[] arguments) {
            Map<String, Object> values = new LinkedHashMap<>();
            values.put("plain", new Known("a", Map.of()));
            values.put("list", new ArrayList<>(List.of(1)));
            values.put("date", new Dated(new Date(1)));
            values.put("short array", new Object[] {new int[100]});
            values.put("array", new Object[] {new String[101]});
            values.put("large array", new Object[] {new int[2000]});
            Object deep = "core";
            for (int i = 1; i <= 8; i++) {
                deep = new Object[] {deep};
                values.put("deep " + i, deep);
                values.put("deep known " + i, new Known("a", new HashMap<>(Map.of("b", (long) i))));
            }
            values.forEach((name, value) -> System.out.println(fate(arguments[0], value) + " " + name));
            System.out.println("end");
        }

        private static String fate(String codec, Object value) {
            String token;
            try {
                token = token(codec, value);
            } catch (IllegalArgumentException e) {
                return String.valueOf(e.getMessage()).contains("cleave.serialFilter") ? "refused" : "error " + e;
            }
            try {
                Share.read(token, Object.class);
                return "fine";
            } catch (RuntimeException e) {
                return "lost";
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"standard", "fory", "java"})
    void whatAFilterWouldNotLetInIsNotWritten(String codec) {
        String filter = "-Dcleave.serialFilter=!java.util.ArrayList;!java.util.Date;maxarray=100;maxdepth=5";
        try (ChildJvm writer = ChildJvm.start(List.of(filter), Writer.class, codec)) {
            writer.awaitLine("end");
            assertThat(writer.lines()).contains("fine plain", "refused list", "refused date", "fine short array",
                    "refused array", "refused large array", "fine deep 2", "refused deep 8")
                    .noneMatch(line -> line.startsWith("lost ") || line.startsWith("error "));
        }
        assertThat(Cleanup.run().failed()).isEmpty();
    }

    @Test
    void anEngineTurnsToFiltersThatAdmitWhatItKnows() {
        Trust before = new Trust(null, ObjectInputFilter.Config.createFilter("java.base/*"));
        ForyEngine engine = new ForyEngine(before, false);
        engine.encode(new Known("a", Map.of()), Codecs.NO_SINK, -1);
        assertThat(engine.turnsTo(new Trust(null, _ -> ObjectInputFilter.Status.UNDECIDED))).isTrue();
        assertThat(engine.turnsTo(new Trust(null, info -> info.serialClass() == Known.class
                ? ObjectInputFilter.Status.REJECTED
                : ObjectInputFilter.Status.ALLOWED))).isFalse();
        assertThat(engine.turnsTo(new Trust(null, null))).isTrue();
        assertThat(engine.turnsTo(before)).isFalse();
    }

    @Test
    void aClassThatOnlyTheCodecFindsIsNotAdmittedForThat() {
        try (ChildJvm reader = helper(FILTER)) {
            ask(reader, "echo " + token("fory", List.of(1)) + " fory", "token "); // it has its class loader now
            ask(reader, "hide", "hidden");
            refuses(reader, "fory", new Unknown("a"));
        }
        assertThat(Cleanup.run().failed()).isEmpty();
    }

    @Test
    void aFilterThatIsNoneIsRefusedWithTheWayToWriteIt() {
        try (ChildJvm reader = helper("-Dcleave.serialFilter=maxdepth=many")) {
            reader.send("echo " + token("java", List.of(1)) + " java");
            assertThat(Delays.within(Delays.PATIENCE,
                    () -> reader.lines().stream().anyMatch(line -> line.contains("cleave.serialFilter=maxdepth=many"))))
                    .as("%s", reader).isTrue();
        }
    }
}
