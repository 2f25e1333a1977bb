package io.cleave.share;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.testing.ChildJvm;
import io.cleave.testing.Delays;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every Serializable class of java.base's exported packages, through every codec, to another JVM: an object of it comes
 * back equal and in the same serial form, or is refused when it is written, with what to do. The list is printed.
 */
final class JdkRoundTripTest extends ShareTestBase {
    private static final List<String> CODECS = List.of("standard", "fory", "java");

    /** Where an object may be. */
    enum Place {
        ALONE, IN_LIST, KEY, FIELD
    }

    /** What has a field. */
    record Holder(String name, Object value, int number) implements Serializable {}

    private static Object put(Place place, Object object) {
        return switch (place) {
            case ALONE -> object;
            case IN_LIST -> new ArrayList<>(Arrays.asList("a", object, "b"));
            case KEY -> new HashMap<>(Map.of(object, "value"));
            case FIELD -> new Holder("name", object, 5);
        };
    }

    private static Object take(Place place, Object value) {
        return switch (place) {
            case ALONE -> value;
            case IN_LIST -> ((List<?>) value).get(1);
            case KEY -> ((Map<?, ?>) value).keySet().iterator().next();
            case FIELD -> ((Holder) value).value();
        };
    }

    @Test
    void everySerializableClassOfTheJdkComesBackEqualOrIsRefused(@TempDir Path directory) throws IOException {
        List<String> lines = new ArrayList<>();
        Map<String, String> refused = new TreeMap<>();
        List<String> tested = new ArrayList<>();
        List<String> missing = new ArrayList<>();
        for (Class<?> type : JdkValues.classes()) {
            String none = JdkValues.reasonForNone(type);
            if (none != null) {
                System.out.println("not tested: " + type.getName() + ": " + none);
                continue;
            }
            Object object;
            try {
                object = JdkValues.object(type.getName());
            } catch (IllegalStateException e) {
                missing.add(type.getName());
                continue;
            }
            assertThat(type.isEnum() ? ((Enum<?>) object).getDeclaringClass() : object.getClass()).isEqualTo(type);
            tested.add(type.getName());
            for (String codec : CODECS) {
                for (Place place : Place.values()) {
                    write(type.getName(), object, codec, place, lines, refused);
                }
            }
        }
        Path file = Files.write(directory.resolve("tokens"), lines);
        List<String> wrong = readElsewhere(file);
        System.out.println("came back equal, or were refused: " + String.join(" ", tested));
        wrong.forEach(System.out::println);
        refused.forEach((name, why) -> System.out.println("refused: " + name + ": " + why));
        assertThat(missing).as("JdkValues has neither an object nor the reason for none").isEmpty();
        assertThat(wrong).isEmpty();
        assertThat(tested).hasSizeGreaterThan(400);
        assertThat(refused.values()).allMatch(why -> why.contains(";"));
    }

    private static void write(String name, Object object, String codec, Place place, List<String> lines,
            Map<String, String> refused) {
        try {
            String token = Share.write(put(place, object),
                    INLINE.withCodec(Objects.requireNonNull(Codecs.find(codec))));
            lines.add(codec + " " + place + " " + name + " " + token);
        } catch (IllegalArgumentException e) {
            refused.put(name + " " + codec + " " + place, String.valueOf(e.getMessage()));
        }
    }

    private static List<String> readElsewhere(Path file) {
        try (ChildJvm reader = ChildJvm.start(Reader.class, file.toString())) {
            Delays.within(Delays.PATIENCE.multipliedBy(4),
                    () -> !reader.handle().isAlive() || reader.lines().contains("done"));
            assertThat(reader.lines()).as("%s", reader).contains("done");
            return reader.lines().stream().filter(line -> line.startsWith("WRONG ")).toList();
        }
    }

    /** Another JVM, which has objects of its own to compare with. */
    static final class Reader {
        public static void main(String[] arguments) throws IOException {
            for (String line : Files.readAllLines(Path.of(arguments[0]))) {
                String[] words = line.split(" ");
                String what = words[0] + " " + words[1] + " " + words[2] + ": ";
                try {
                    Object expected = JdkValues.object(words[2]);
                    Object value = Objects.requireNonNull(Share.read(words[3], Object.class));
                    String difference = difference(Place.valueOf(words[1]), expected, value);
                    if (!difference.isEmpty()) {
                        System.out.println("WRONG " + what + difference);
                    }
                } catch (RuntimeException | IOException | StackOverflowError e) {
                    System.out.println("WRONG " + what + e);
                }
            }
            System.out.println("done");
        }
    }

    private static String difference(Place place, Object expected, Object value) throws IOException {
        Object read = take(place, value);
        if (read == null || read.getClass() != expected.getClass()) {
            return "is a " + (read == null ? "null" : read.getClass().getName());
        }
        if (expected instanceof java.util.IdentityHashMap || expected.getClass().getName().endsWith("CheckedQueue")) {
            return read.toString().equals(expected.toString()) ? "" : "is " + read; // equal to itself only
        }
        if (JdkValues.hasEquals(expected)) {
            if (!expected.equals(read)) {
                return "is " + read + " instead of " + expected;
            }
            boolean hasHash = !expected.getClass().getName().equals("java.util.JapaneseImperialCalendar");
            if (place == Place.KEY && hasHash && !((Map<?, ?>) value).containsKey(expected)) {
                return "is not found as a key";
            }
        }
        if (expected instanceof Map || expected instanceof Set) {
            return read.toString().equals(expected.toString()) ? "" : "has another order: " + read; // the form has a capacity
        }
        return Arrays.equals(serialForm(expected), serialForm(read)) ? ""
                : "has another serial form: " + read + " instead of " + expected;
    }

    /** What Java serialization makes of an object, where it does not matter which of two equal strings is which. */
    private static byte[] serialForm(Object object) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new Canonical(bytes)) {
            out.writeObject(object);
        }
        return bytes.toByteArray();
    }

    private static final class Canonical extends ObjectOutputStream {
        private final Map<Object, Object> known = new HashMap<>();

        Canonical(ByteArrayOutputStream bytes) throws IOException {
            super(bytes);
            enableReplaceObject(true);
        }

        @Override
        protected Object replaceObject(Object object) {
            return object instanceof String
                    || (object instanceof Number && object.getClass().getName().startsWith("java.lang."))
                            ? known.computeIfAbsent(object, same -> same) : object;
        }
    }
}
