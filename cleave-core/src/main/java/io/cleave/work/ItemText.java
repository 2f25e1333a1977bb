package io.cleave.work;

import java.util.Collection;
import java.util.Iterator;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The text of an object as messages have it: short however large the object is, and to be had even where its own toString
 * fails. Collections of the JDK's are read only as far as there is room for them.
 */
final class ItemText {
    private static final int MOST = 200;
    private static final String CUT = "...";

    private ItemText() {
    }

    /**
     * An object's text.
     *
     * @param object anything
     * @return at most 200 characters of it, and dots where there are more
     */
    static String of(@Nullable Object object) {
        try {
            StringBuilder text = new StringBuilder();
            append(text, object);
            return text.length() <= MOST ? text.toString() : text.substring(0, MOST) + CUT;
        } catch (Throwable t) { // whatever the object's class does: this is for a message about something else
            return "an object whose toString failed with " + t.getClass().getName();
        }
    }

    private static void append(StringBuilder text, @Nullable Object object) {
        if (text.length() > MOST) {
            return;
        }
        if (object instanceof Collection<?> collection && isOfTheJdk(object)) {
            appendAll(text, collection);
        } else if (object instanceof Map<?, ?> map && isOfTheJdk(object)) {
            appendAll(text, map);
        } else if (object instanceof CharSequence characters && isOfTheJdk(object)) {
            text.append(characters, 0, Math.min(characters.length(), MOST + 1));
        } else {
            String all = String.valueOf(object);
            text.append(all, 0, Math.min(all.length(), MOST + 1));
        }
    }

    private static boolean isOfTheJdk(Object object) {
        return object.getClass().getName().startsWith("java.");
    }

    private static void appendAll(StringBuilder text, Collection<?> collection) {
        text.append('[');
        for (Iterator<?> each = collection.iterator(); each.hasNext() && text.length() <= MOST;) {
            appendPart(text, each.next(), collection, "(this Collection)");
            text.append(each.hasNext() ? ", " : "");
        }
        text.append(']');
    }

    private static void appendAll(StringBuilder text, Map<?, ?> map) {
        text.append('{');
        for (var each = map.entrySet().iterator(); each.hasNext() && text.length() <= MOST;) {
            Map.Entry<?, ?> entry = each.next();
            appendPart(text, entry.getKey(), map, "(this Map)");
            text.append('=');
            appendPart(text, entry.getValue(), map, "(this Map)");
            text.append(each.hasNext() ? ", " : "");
        }
        text.append('}');
    }

    @SuppressWarnings("ReferenceEquality") // a collection that contains itself
    private static void appendPart(StringBuilder text, @Nullable Object part, Object whole, String self) {
        if (part == whole) {
            text.append(self);
        } else {
            append(text, part);
        }
    }
}
