package io.cleave.work;

import io.cleave.share.Codec;
import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.lang.reflect.InaccessibleObjectException;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The search for the part of an object that a codec refuses. It asks the codec itself, part by part, and so needs to
 * know nothing of its rules.
 */
public final class Unsendable {
    private static final int MOST_DEPTH = 12;

    private final Codec codec;
    private final Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());

    private Unsendable(Codec codec) {
        this.codec = codec;
    }

    /**
     * The path from an object to its part that cannot be encoded.
     *
     * @param value the object
     * @param codec the codec that refused it
     * @return such as {@code "Order.lines[3].socket is a java.net.Socket"}
     */
    public static String find(@Nullable Object value, Codec codec) {
        if (value == null) {
            return "null";
        }
        String root = value.getClass().getSimpleName();
        String path = new Unsendable(codec).descend(value, root.isEmpty() ? value.getClass().getName() : root, 0);
        return path.startsWith(root + " is a ") ? "the value is a " + value.getClass().getTypeName() : path;
    }

    private String descend(Object value, String path, int depth) {
        if (depth < MOST_DEPTH && seen.add(value)) {
            for (Part part : parts(value)) {
                if (!isEncodable(part.value)) {
                    return descend(part.value, path + part.step, depth + 1);
                }
            }
        }
        return path + " is a " + value.getClass().getTypeName();
    }

    private boolean isEncodable(Object value) {
        try {
            codec.encode(value);
            return true;
        } catch (Throwable t) { // whatever its class does
            return false;
        }
    }

    /** A part of an object and how one gets there. */
    private record Part(String step, Object value) {}

    private static List<Part> parts(Object value) {
        List<Part> parts = new ArrayList<>();
        switch (value) {
            case Object[] array -> {
                for (int i = 0; i < Array.getLength(array); i++) {
                    add(parts, "[" + i + "]", array[i]);
                }
            }
            case Collection<?> collection -> {
                int i = 0;
                for (Object element : collection) {
                    add(parts, "[" + i++ + "]", element);
                }
            }
            case Map<?, ?> map -> map.forEach((key, element) -> {
                add(parts, ".key(" + Failure.textOf(key) + ")", key);
                add(parts, "[" + Failure.textOf(key) + "]", element);
            });
            case Optional<?> optional -> add(parts, ".get()", optional.orElse(null));
            default -> fields(value, parts);
        }
        return parts;
    }

    private static void fields(Object value, List<Part> parts) {
        for (Class<?> type = value.getClass(); type != null && type != Object.class; type = type.getSuperclass()) {
            for (Field field : type.getDeclaredFields()) {
                int modifiers = field.getModifiers();
                if (!Modifier.isStatic(modifiers) && !Modifier.isTransient(modifiers)
                        && !field.getType().isPrimitive()) {
                    add(parts, "." + field.getName(), read(field, value));
                }
            }
        }
    }

    private static @Nullable Object read(Field field, Object holder) {
        try {
            field.setAccessible(true);
            return field.get(holder);
        } catch (ReflectiveOperationException | InaccessibleObjectException e) {
            return null; // a part that nobody may look at; the holder itself is named then
        }
    }

    private static void add(List<Part> parts, String step, @Nullable Object value) {
        if (value != null) {
            parts.add(new Part(step, value));
        }
    }
}
