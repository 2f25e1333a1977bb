package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.testing.ChildJvm;
import io.cleave.testing.Delays;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** The filters of Share are those of the values, too. */
final class ValueTrustTest {
    private static final String FILTER = "-Dcleave.serialFilter=" + ValueTrustTest.class.getName()
            + "$Known;" + ValueTrustTest.class.getName() + "$Holder;java.base/*;!*";

    /** Admitted. */
    record Known(int number, Object what) {}

    /** Not admitted. */
    record Unknown(int number) {
        static {
            System.out.println("initialised");
        }
    }

    /** Not admitted either. */
    enum Shade {
        DARK;

        static {
            System.out.println("initialised");
        }
    }

    /** Admitted itself, but not what it is made of. */
    record Holder(Unknown unknown) {}

    private static String bytes(Object value) {
        try (ValueBuffer buffer = ValueBuffer.lend()) {
            ValueEncoding.of(Object.class).encode(value, buffer);
            byte[] bytes = new byte[(int) buffer.length()];
            buffer.copyTo(MemorySegment.ofArray(bytes), 0);
            return HexFormat.of().formatHex(bytes);
        }
    }

    /** Reads values with a filter. */
    static final class Reader {
        private Reader() {
        }

        public static void main(String[] arguments) throws IOException {
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                try {
                    System.out.println("done " + answer(line));
                } catch (RuntimeException e) {
                    System.out.println("done " + e);
                }
            }
        }

        private static Object answer(String line) {
            if (line.equals("write")) {
                return bytes(new Unknown(1));
            }
            if (line.equals("declare")) {
                return ValueEncoding.of(Holder.class).type();
            }
            byte[] bytes = HexFormat.of().parseHex(line);
            return Objects.requireNonNull(
                    ValueEncoding.of(Object.class).decode(MemorySegment.ofArray(bytes), 0, bytes.length));
        }
    }

    private static List<String> answers(ChildJvm reader) {
        return reader.lines().stream().filter(line -> line.startsWith("done ")).toList();
    }

    @Test
    void onlyAdmittedClassesAreReadAndWritten() {
        List<String> questions = new ArrayList<>(List.of(bytes(new Known(1, List.of("a", 2L))), bytes("text"),
                bytes(new Unknown(1)), bytes(Shade.DARK), bytes(new Known(1, new Unknown(2))),
                bytes(new Known(1, Shade.DARK)), bytes(new Holder(new Unknown(1))), bytes(List.of(new Unknown(3))),
                bytes(new ArrayList<>(List.of(new Unknown(3)))), "write", "declare"));
        List<String> answers;
        try (ChildJvm reader = ChildJvm.start(List.of(FILTER), Reader.class)) {
            for (int i = 0; i < questions.size(); i++) {
                int expected = i + 1;
                if (questions.get(i).equals("write")) {
                    assertThat(reader.lines()).doesNotContain("initialised"); // it makes one itself now
                }
                reader.send(questions.get(i));
                Delays.within(Delays.PATIENCE, () -> answers(reader).size() == expected);
            }
            answers = answers(reader);
        }
        assertThat(answers.subList(0, 2)).containsExactly("done Known[number=1, what=[a, 2]]", "done text");
        assertThat(answers.subList(2, 9)).allMatch(answer -> answer.contains("IncompatibleBlockException")
                && answer.contains("is refused by -Dcleave.serialFilter="));
        assertThat(answers.subList(9, 11)).allMatch(answer -> answer.contains("IllegalArgumentException"));
    }
}
