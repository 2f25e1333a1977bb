package io.cleave.share;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.memory.Cleanup;
import io.cleave.testing.ChildJvm;
import io.cleave.testing.Delays;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Classes that the user of a JVM admits, or does not. */
final class TrustTest extends ShareTestBase {
    private static final String FILTER = "-Dcleave.serialFilter=io.cleave.share.TrustTest$Known;java.base/*;!*";

    /** Admitted. */
    record Known(String name, Map<String, Long> counts) implements Serializable {}

    /** Not admitted. */
    record Unknown(String name) implements Serializable {}

    private static String token(String codec, Object value) {
        return Share.write(value,
                WriteOptions.defaults().withCodec(Objects.requireNonNull(Codecs.find(codec))));
    }

    @ParameterizedTest
    @ValueSource(strings = {"standard", "fory", "java"})
    void onlyAdmittedClassesAreRead(String codec) {
        try (ChildJvm reader = helper(FILTER)) {
            List<Object> known = new ArrayList<>(List.of(new Known("a", Map.of("b", 1L)), new int[2000], "text"));
            String answer = ask(reader, "echo " + token(codec, known) + " " + codec, "token ");
            assertThat(read(answer, List.class).getFirst()).isEqualTo(known.getFirst());
            for (Object unknown : List.of(new Unknown("a"), new Unknown[0], List.of(1, new Unknown("b")))) {
                reader.send("echo " + token(codec, unknown) + " " + codec);
            }
            for (int i = 0; i < 3; i++) {
                int nth = i;
                assertThat(Delays.within(Delays.PATIENCE,
                        () -> reader.lines().stream().filter(line -> line.startsWith("error ")).count() > nth))
                        .as("%s", reader).isTrue();
            }
            assertThat(reader.lines()).filteredOn(line -> line.startsWith("error "))
                    .allMatch(line -> line.contains("IncompatibleBlockException") || line.contains("TokenException"));
            assertThat(reader.lines()).filteredOn(line -> line.startsWith("token ")).hasSize(1);
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
