package io.cleave.objects;

import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the bytes of a declared class mean: its name, and the components and constants of all records and enums that its
 * declaration leads to. It is kept beside the values as text, so that a program with another version of a class is refused
 * before it reads or writes, and is told what is different.
 *
 * <pre>
 * record com.example.Order(long number, com.example.State state)
 * enum com.example.State[OPEN, DONE]
 * </pre>
 *
 * Of a structure that holds structures the first line says so for all levels, as {@link StructureType} does:
 *
 * <pre>
 * map of java.lang.String to list of com.example.Order
 * record com.example.Order(long number, com.example.State state)
 * </pre>
 *
 * Of a live object the first line has the fields in the order of their slots, and lines for what they are made of follow:
 *
 * <pre>
 * object com.example.Account(long cents, java.lang.String owner, list of com.example.Order orders)
 * record com.example.Order(long number, com.example.State state)
 * </pre>
 *
 * @param text a line for each record and enum, or a line with the name of any other class; the declared class first
 */
record ValueSchema(String text) {
    private static final String RECORD = "record ";
    private static final String ENUM = "enum ";
    static final String LIST = "list of ";
    static final String MAP = "map of ";
    static final String SET = "set of ";
    static final String OBJECT = "object ";

    /** The schema of a class that is here. Enums are initialised for it. */
    static ValueSchema of(Class<?> type) {
        List<String> lines = new ArrayList<>();
        for (Class<?> part : partsOf(type)) {
            lines.add(line(part));
        }
        return new ValueSchema(String.join("\n", lines));
    }

    /**
     * The schema of a structure: its description, and the records and enums that the classes in it lead to.
     *
     * @param others lines for the objects in it
     */
    static ValueSchema of(String description, Set<Class<?>> classes, Set<String> others) {
        Set<Class<?>> parts = new LinkedHashSet<>();
        classes.forEach(type -> collect(type, parts));
        Set<String> lines = new LinkedHashSet<>();
        lines.add(description);
        parts.forEach(part -> lines.add(line(part)));
        lines.addAll(others);
        return new ValueSchema(String.join("\n", lines));
    }

    List<String> lines() {
        return List.of(text.split("\n", -1));
    }

    /** Whether the values are structures. No class has a name with a space. */
    boolean isStructure() {
        return isStructure(text);
    }

    private static boolean isStructure(String text) {
        return text.startsWith(LIST) || text.startsWith(MAP) || text.startsWith(SET) || text.startsWith(OBJECT);
    }

    /** A class, and the records and enums that its components lead to. */
    static Set<Class<?>> partsOf(Class<?> type) {
        Set<Class<?>> parts = new LinkedHashSet<>();
        collect(type, parts);
        if (parts.isEmpty()) {
            parts.add(type);
        }
        return parts;
    }

    private static void collect(Class<?> type, Set<Class<?>> parts) {
        if ((type.isRecord() || type.isEnum()) && parts.add(type) && type.isRecord()) {
            for (RecordComponent component : type.getRecordComponents()) {
                collect(component.getType(), parts);
            }
        }
    }

    private static String line(Class<?> type) {
        List<String> parts = new ArrayList<>();
        if (type.isRecord()) {
            for (RecordComponent component : type.getRecordComponents()) {
                parts.add(component.getType().getTypeName() + " " + component.getName());
            }
            return RECORD + type.getName() + "(" + String.join(", ", parts) + ")";
        }
        if (type.isEnum()) {
            for (Object constant : Objects.requireNonNull(type.getEnumConstants())) {
                parts.add(((Enum<?>) constant).name());
            }
            return ENUM + type.getName() + "[" + String.join(", ", parts) + "]";
        }
        return type.getTypeName();
    }

    /** A number that schemas with the same text have in common; others hardly ever. */
    long fingerprint() {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return new ValueHash(0, 0).sip(bytes, 0, bytes.length, 2, 4);
    }

    /** What is different in a stored schema, as a sentence; null where nothing is. */
    @Nullable String differenceFrom(ValueSchema stored) {
        if (text.equals(stored.text)) {
            return null;
        }
        String[] there = stored.text.split("\n", -1);
        String[] here = text.split("\n", -1);
        if (!head(there[0]).equals(head(here[0]))) {
            boolean isOfStructures = isStructure(there[0]) || isStructure(here[0]);
            return isOfStructures ? "it holds " + values(there[0]) + ", not " + values(here[0])
                    : "it holds " + values(there[0]) + ", not " + head(here[0]);
        }
        for (String line : here) {
            for (String other : there) {
                if (head(line).equals(head(other)) && !line.equals(other)) {
                    return difference(line, other);
                }
            }
        }
        return "it has the schema \"" + stored.text + "\", and here it is \"" + text + "\"";
    }

    /** What a first line says, after "it holds". */
    private static String values(String line) {
        return isStructure(line) ? "values that are a " + line : "values of the class " + head(line);
    }

    static String difference(String here, String there) {
        String what = here.startsWith(ENUM) ? "constant" : here.startsWith(OBJECT) ? "field" : "component";
        List<String> mine = parts(here);
        List<String> its = parts(there);
        StringBuilder text = new StringBuilder("the ").append(head(here)).append(" has other ").append(what)
                .append("s here than where the values were written: ");
        for (int i = 0; i < Math.max(mine.size(), its.size()); i++) {
            String one = i < mine.size() ? mine.get(i) : "missing";
            String other = i < its.size() ? its.get(i) : "missing";
            if (!one.equals(other)) {
                text.append(what).append(' ').append(i).append(" is ").append(one).append(" here, and was ")
                        .append(other).append(" there");
                break;
            }
        }
        return text.append(" (here: ").append(here).append("; there: ").append(there).append(')').toString();
    }

    private static int headEnd(String line) {
        boolean isNamed = line.startsWith(RECORD) || line.startsWith(ENUM) || line.startsWith(OBJECT);
        return !isNamed ? line.length() : line.indexOf(line.startsWith(ENUM) ? '[' : '(');
    }

    /** A line without what is in brackets. A stored text may be anything. */
    static String head(String line) {
        int end = headEnd(line);
        return end < 0 ? line : line.substring(0, end);
    }

    static List<String> parts(String line) {
        int end = headEnd(line);
        String inside = end < 0 || line.length() < end + 2 ? "" : line.substring(end + 1, line.length() - 1);
        return inside.isEmpty() ? List.of() : Arrays.asList(inside.split(", ", -1));
    }

    @Override
    public String toString() {
        return text;
    }
}
