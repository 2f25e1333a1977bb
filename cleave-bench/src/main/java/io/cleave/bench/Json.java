package io.cleave.bench;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** As much of JSON as results and goals need. */
public final class Json {
    private static final Pattern OBJECT = Pattern.compile("\\{([^{}]*)\\}");
    private static final Pattern FIELD = Pattern.compile("\"(\\w+)\"\\s*:\\s*(?:\"([^\"\\\\]*)\"|([^,\\s]+))");
    private static final int DIGITS = 6;

    private Json() {
    }

    /**
     * Writes a value on one line.
     *
     * @param value a map, an iterable, a text, a number, a boolean or null, to any depth
     * @return its JSON
     */
    public static String text(@Nullable Object value) {
        StringBuilder text = new StringBuilder();
        append(text, value);
        return text.toString();
    }

    private static void append(StringBuilder text, @Nullable Object value) {
        switch (value) {
            case null -> text.append("null");
            case Map<?, ?> map -> {
                String separator = "{";
                for (Map.Entry<?, ?> field : map.entrySet()) {
                    text.append(separator);
                    quote(text, String.valueOf(field.getKey()));
                    text.append(':');
                    append(text, field.getValue());
                    separator = ",";
                }
                text.append(map.isEmpty() ? "{}" : "}");
            }
            case Iterable<?> elements -> {
                text.append('[');
                String separator = "";
                for (Object element : elements) {
                    text.append(separator);
                    append(text, element);
                    separator = ",";
                }
                text.append(']');
            }
            case CharSequence characters -> quote(text, characters);
            case Double d when !Double.isFinite(d) -> text.append("null");
            case Number number -> text.append(number);
            case Boolean b -> text.append(b);
            default -> throw new IllegalArgumentException("JSON has no " + value.getClass().getName());
        }
    }

    private static void quote(StringBuilder text, CharSequence characters) {
        text.append('"');
        for (int i = 0; i < characters.length(); i++) {
            char c = characters.charAt(i);
            if (c == '"' || c == '\\') {
                text.append('\\').append(c);
            } else if (c < ' ' || c > '~') {
                text.append(String.format("\\u%04x", (int) c));
            } else {
                text.append(c);
            }
        }
        text.append('"');
    }

    /**
     * A figure with no more digits than a measurement can have.
     *
     * @param figure any
     * @return the same to six digits; null where JSON has no such number
     */
    public static @Nullable BigDecimal rounded(double figure) {
        if (!Double.isFinite(figure)) {
            return null;
        }
        BigDecimal rounded = new BigDecimal(figure).round(new MathContext(DIGITS)).stripTrailingZeros();
        return rounded.scale() < 0 ? rounded.setScale(0) : rounded;
    }

    /**
     * Reads an array of flat objects whose values are plain texts, numbers and null.
     *
     * @param text the array
     * @return each object's fields, without those that are null
     */
    static List<Map<String, String>> flatObjects(String text) {
        List<Map<String, String>> objects = new ArrayList<>();
        Matcher object = OBJECT.matcher(text);
        while (object.find()) {
            Map<String, String> fields = new LinkedHashMap<>();
            Matcher field = FIELD.matcher(object.group(1));
            while (field.find()) {
                String value = field.group(2) != null ? field.group(2) : field.group(3);
                if (!value.equals("null")) {
                    fields.put(field.group(1), value);
                }
            }
            objects.add(fields);
        }
        return objects;
    }
}
