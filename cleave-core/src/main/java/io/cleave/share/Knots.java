package io.cleave.share;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The ways from an object back to itself that lead by one which is made only when all its parts are: a record, or one that
 * replaces itself. Java serialization cannot tie some of them again, and leaves null there, or what was to be replaced,
 * without a word. Where the copy of a value has fewer of them than the value, some were lost.
 *
 * <p>
 * It goes through arrays, the JDK's collections, and the fields of all other classes, and gives up in very large values.
 */
final class Knots {
    private static final int MOST_STEPS = 1_000_000;
    private static final Field[] NONE = {};
    private static final ClassValue<Field[]> FIELDS = new ClassValue<>() {
        @Override
        protected Field[] computeValue(Class<?> type) {
            return fields(type);
        }
    };

    /** An object on the way, and those of its parts that were not gone to yet. */
    private record Step(Object object, Iterator<?> parts, int lateBefore) {}

    private final Deque<Step> way = new ArrayDeque<>();
    /** How many objects on the way before this one are made late; -1 for one that is not on the way any more. */
    private final IdentityHashMap<Object, Integer> met = new IdentityHashMap<>();
    private int late;
    private int steps;
    private int knots;

    private Knots() {
    }

    /** How many there are. */
    static int in(@Nullable Object root) {
        Knots search = new Knots();
        search.goTo(root);
        while (!search.way.isEmpty() && search.steps < MOST_STEPS) {
            search.goOn(search.way.getLast());
        }
        return search.knots;
    }

    private void goOn(Step last) {
        if (last.parts.hasNext()) {
            goTo(last.parts.next());
        } else {
            way.removeLast();
            late = last.lateBefore;
            met.put(last.object, -1);
        }
    }

    private void goTo(@Nullable Object object) {
        steps++;
        if (object == null || ObjectPath.isLeaf(object)) {
            return;
        }
        Integer before = met.putIfAbsent(object, late);
        if (before != null) {
            knots += before >= 0 && late > before ? 1 : 0;
            return;
        }
        way.addLast(new Step(object, parts(object), late));
        late += JavaOutput.replacesItself(object.getClass()) ? 1 : 0;
    }

    private static Iterator<?> parts(Object object) {
        if (object instanceof Object[] array) {
            return Arrays.asList(array).iterator();
        }
        if (!JavaOutput.isOfJdk(object)) {
            return values(object).iterator();
        }
        return switch (object) {
            case Collection<?> collection -> collection.iterator();
            case Map<?, ?> map -> map.entrySet().stream()
                    .flatMap(entry -> Arrays.asList(entry.getKey(), entry.getValue()).stream()).iterator();
            default -> List.of().iterator();
        };
    }

    private static List<@Nullable Object> values(Object object) {
        List<@Nullable Object> values = new ArrayList<>();
        for (Class<?> type = object.getClass(); type != null; type = type.getSuperclass()) {
            for (Field field : FIELDS.get(type)) {
                try {
                    values.add(field.get(object));
                } catch (IllegalAccessException e) {
                    throw new IllegalStateException(e); // it has been made accessible
                }
            }
        }
        return values;
    }

    private static Field[] fields(Class<?> type) {
        if (type.getClassLoader() == null) {
            return NONE;
        }
        List<Field> fields = new ArrayList<>();
        for (Field field : type.getDeclaredFields()) {
            int modifiers = field.getModifiers();
            if (!Modifier.isStatic(modifiers) && !Modifier.isTransient(modifiers) && !field.getType().isPrimitive()) {
                fields.add(field);
            }
        }
        fields.removeIf(field -> !field.trySetAccessible()); // those that nobody may look at
        return fields.toArray(NONE);
    }
}
