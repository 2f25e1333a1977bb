package io.cleave.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One JSON object to be printed. Values are texts, numbers, booleans, null, other objects and iterables of these; a
 * number that JSON does not know (NaN, infinity) becomes null.
 */
final class JsonObject {
    private static final String HEX = "0123456789abcdef";

    private final Map<String, @Nullable Object> fields = new LinkedHashMap<>();

    /** Adds a field, or replaces the value that it had. */
    JsonObject put(String name, @Nullable Object value) {
        fields.put(name, value);
        return this;
    }

    /** The object as one line of JSON, in the order in which its fields came. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        append(text);
        return text.toString();
    }

    private void append(StringBuilder text) {
        text.append('{');
        String separator = "";
        for (Map.Entry<String, @Nullable Object> field : fields.entrySet()) {
            text.append(separator);
            quote(text, field.getKey());
            text.append(':');
            value(text, field.getValue());
            separator = ",";
        }
        text.append('}');
    }

    private static void value(StringBuilder text, @Nullable Object value) {
        switch (value) {
            case null -> text.append("null");
            case JsonObject object -> object.append(text);
            case CharSequence characters -> quote(text, characters);
            case Boolean b -> text.append(b);
            case Double d when !Double.isFinite(d) -> text.append("null");
            case Float f when !Float.isFinite(f) -> text.append("null");
            case Number number -> text.append(number);
            case Iterable<?> elements -> array(text, elements);
            default -> throw new IllegalArgumentException("JSON has no " + value.getClass().getName());
        }
    }

    private static void array(StringBuilder text, Iterable<?> elements) {
        text.append('[');
        String separator = "";
        for (Object element : elements) {
            text.append(separator);
            value(text, element);
            separator = ",";
        }
        text.append(']');
    }

    private static void quote(StringBuilder text, CharSequence characters) {
        text.append('"');
        for (int i = 0; i < characters.length(); i++) {
            char c = characters.charAt(i);
            switch (c) {
                case '"', '\\' -> text.append('\\').append(c);
                case '\n' -> text.append("\\n");
                case '\r' -> text.append("\\r");
                case '\t' -> text.append("\\t");
                default -> {
                    if (c < ' ' || c > '~') {
                        escape(text, c);
                    } else {
                        text.append(c);
                    }
                }
            }
        }
        text.append('"');
    }

    /** Anything but printable ASCII goes as a number, so that no encoding of the terminal can spoil it. */
    private static void escape(StringBuilder text, char c) {
        text.append("\\u").append(HEX.charAt(c >> 12)).append(HEX.charAt(c >> 8 & 15)).append(HEX.charAt(c >> 4 & 15))
                .append(HEX.charAt(c & 15));
    }
}
