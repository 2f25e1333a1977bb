package io.cleave.share;

import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.lang.reflect.InaccessibleObjectException;
import java.lang.reflect.Modifier;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The search for the way from an object to one of its parts, for messages: {@code Order.lines[3].socket}. It goes breadth
 * first, so that the way is a shortest one, and gives up in very large values.
 */
@SuppressWarnings("ReferenceEquality") // it looks for one object among others that may be equal
final class ObjectPath {
    private static final int MOST_OBJECTS = 200_000;
    private static final int MOST_KEY_TEXT = 40;
    /** A path of more steps is shown by its first and last ones. */
    private static final int MOST_STEPS = 24;

    private final Predicate<Object> wanted;
    private final Deque<Step> open = new ArrayDeque<>();
    private final Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    private @Nullable Step found;

    /** An object and how one gets to it. */
    private record Step(@Nullable Step from, String name, Object value, int length) {}

    private ObjectPath(Predicate<Object> wanted) {
        this.wanted = wanted;
    }

    /** The first part of an object, or the object itself, that is as wanted; null where there is none. */
    static @Nullable Object first(@Nullable Object root, Predicate<Object> wanted) {
        Step step = root == null ? null : new ObjectPath(wanted).search(root);
        return step == null ? null : step.value;
    }

    /**
     * Says where a part of an object is, and what.
     *
     * @param root the object
     * @param culprit the part, or null where it is not known
     * @return such as {@code "Order.lines[3].socket is a java.net.Socket,"}
     */
    static String find(@Nullable Object root, @Nullable Object culprit) {
        if (root == null || culprit == null) {
            return "the value";
        }
        String type = culprit.getClass().getTypeName();
        if (root == culprit) {
            return "the value is a " + type + ",";
        }
        Step step = new ObjectPath(part -> part == culprit).search(root);
        return (step == null ? "somewhere in the value, a part of " + nameOf(root) : text(step)) + " is a " + type
                + ",";
    }

    private static String nameOf(Object root) {
        String name = root.getClass().getSimpleName();
        return name.isEmpty() ? root.getClass().getName() : name;
    }

    private static String text(Step last) {
        StringBuilder text = new StringBuilder();
        boolean isLong = last.length > MOST_STEPS;
        for (Step step = last; step != null; step = step.from) {
            boolean isShown = !isLong || step.length < MOST_STEPS / 2 || last.length - step.length < MOST_STEPS / 2;
            if (isShown) {
                text.insert(0, step.name);
            } else if (step.length == MOST_STEPS / 2) {
                text.insert(0, "...(" + (last.length - MOST_STEPS) + " steps)...");
            }
        }
        return text.toString();
    }

    private @Nullable Step search(Object root) {
        add(null, nameOf(root), root);
        while (found == null && !open.isEmpty() && seen.size() < MOST_OBJECTS) {
            try {
                parts(open.removeFirst());
            } catch (RuntimeException | StackOverflowError ignored) {
                // a collection that cannot be looked at; the culprit may be elsewhere
            }
        }
        return found;
    }

    private void add(@Nullable Step from, String name, @Nullable Object value) {
        if (value == null || found != null) {
            return;
        }
        boolean isFound = wanted.test(value);
        if ((!isFound && isLeaf(value)) || !seen.add(value)) {
            return;
        }
        Step step = new Step(from, name, value, from == null ? 0 : from.length + 1);
        if (isFound) {
            found = step;
        } else {
            open.addLast(step);
        }
    }

    /** Whether an object has no parts that matter. */
    static boolean isLeaf(Object value) {
        return value instanceof String || value instanceof Number || value instanceof Class
                || value instanceof Boolean || value instanceof Character || value instanceof Enum;
    }

    private void parts(Step at) {
        switch (at.value) {
            case Object[] array -> {
                for (int i = 0; i < Array.getLength(array); i++) {
                    add(at, "[" + i + "]", array[i]);
                }
            }
            case Collection<?> collection -> {
                int i = 0;
                for (Object element : collection) {
                    add(at, "[" + i++ + "]", element);
                }
                fields(at);
            }
            case Map<?, ?> map -> {
                map.forEach((key, element) -> {
                    add(at, ".key(" + textOf(key) + ")", key);
                    add(at, "[" + textOf(key) + "]", element);
                });
                fields(at);
            }
            case Optional<?> optional -> add(at, ".get()", optional.orElse(null));
            case AtomicReference<?> reference -> add(at, ".get()", reference.get());
            default -> fields(at);
        }
    }

    private static String textOf(@Nullable Object key) {
        if (key != null && !(key instanceof CharSequence || key instanceof Number || key instanceof Enum)) {
            return "a " + nameOf(key);
        }
        String text = String.valueOf(key);
        return text.length() <= MOST_KEY_TEXT ? text : text.substring(0, MOST_KEY_TEXT) + "...";
    }

    private void fields(Step at) {
        for (Class<?> type = at.value.getClass(); type != null && type != Object.class; type = type.getSuperclass()) {
            for (Field field : type.getDeclaredFields()) {
                int modifiers = field.getModifiers();
                if (!Modifier.isStatic(modifiers) && !Modifier.isTransient(modifiers)
                        && !field.getType().isPrimitive()) {
                    add(at, "." + field.getName(), read(field, at.value));
                }
            }
        }
    }

    private static @Nullable Object read(Field field, Object holder) {
        try {
            field.setAccessible(true);
            return field.get(holder);
        } catch (ReflectiveOperationException | InaccessibleObjectException e) {
            return null; // a part that nobody may look at; the holder is named then
        }
    }
}
