package io.cleave.objects;

import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The types that the methods of one interface have, where type variables of what it extends stand for something. */
final class LiveTypes {
    private static final Set<Class<?>> LISTS = Set.of(List.class, SharedList.class);
    private static final Set<Class<?>> SETS = Set.of(Set.class, SharedSet.class);
    private static final Set<Class<?>> MAPS = Set.of(Map.class, SharedMap.class);

    /** What has a name of its own in a heap, and cannot be in an object. */
    private static final Set<Class<?>> OTHERS = Set.of(SharedQueue.class, SharedIntQueue.class, SharedLongQueue.class,
            SharedDoubleQueue.class, SharedIntList.class, SharedLongList.class, SharedDoubleList.class);

    private final Map<TypeVariable<?>, Type> variables = new HashMap<>();

    /** The interfaces of the objects in an object. */
    private final Set<Class<?>> inner = new LinkedHashSet<>();

    /** @param type the interface */
    LiveTypes(Class<?> type) {
        bind(type);
    }

    private void bind(Class<?> type) {
        for (Type parent : type.getGenericInterfaces()) {
            if (parent instanceof ParameterizedType generic && generic.getRawType() instanceof Class<?> raw) {
                for (int i = 0; i < raw.getTypeParameters().length; i++) {
                    variables.put(raw.getTypeParameters()[i], resolve(generic.getActualTypeArguments()[i]));
                }
                bind(raw);
            } else if (parent instanceof Class<?> raw) {
                bind(raw);
            }
        }
    }

    /** What a type stands for; itself where nothing is known of it. */
    Type resolve(Type type) {
        return type instanceof TypeVariable<?> variable ? variables.getOrDefault(variable, type) : type;
    }

    /** The class of a type without its arguments; null where it stands for no certain one. */
    @Nullable Class<?> raw(Type type) {
        Type resolved = resolve(type);
        return resolved instanceof Class<?> raw ? raw
                : resolved instanceof ParameterizedType generic && generic.getRawType() instanceof Class<?> raw ? raw
                        : null;
    }

    /** Whether a class is an interface whose objects live in the heap, rather than one of values. */
    static boolean isLive(Class<?> type) {
        return type.isInterface() && !type.isAnnotation() && !type.isSealed() && !type.getName().startsWith("java.")
                && !LISTS.contains(type) && !SETS.contains(type) && !MAPS.contains(type) && !OTHERS.contains(type);
    }

    /**
     * The type of a field that is a structure; null where it is a value.
     *
     * @throws IllegalArgumentException where it can be neither
     */
    @Nullable StructureType<?> structure(Type declared) {
        Type type = resolve(declared);
        Class<?> raw = raw(type);
        if (raw == null) {
            throw new IllegalArgumentException("the type " + declared.getTypeName() + " stands for no class; name one");
        }
        if (isLive(raw)) {
            boolean _ = inner.add(raw);
            return StructureType.ofObject(raw);
        }
        if (!LISTS.contains(raw) && !SETS.contains(raw) && !MAPS.contains(raw)) {
            if (OTHERS.contains(raw)) {
                throw new IllegalArgumentException("a " + raw.getSimpleName()
                        + " cannot be in an object; give it a name of its own in the heap");
            }
            return null;
        }
        if (!(type instanceof ParameterizedType generic)) {
            throw new IllegalArgumentException(
                    raw.getSimpleName() + " does not say what is in it; declare it as " + raw.getSimpleName()
                            + (MAPS.contains(raw) ? "<String, Long>" : "<Long>") + " or the like");
        }
        Type[] arguments = generic.getActualTypeArguments();
        if (MAPS.contains(raw)) {
            StructureType<?> values = structure(arguments[1]);
            return values == null ? StructureType.map(value(arguments[0]), value(arguments[1]))
                    : StructureType.map(value(arguments[0]), values);
        }
        if (SETS.contains(raw)) {
            return StructureType.set(value(arguments[0]));
        }
        StructureType<?> elements = structure(arguments[0]);
        return elements == null ? StructureType.list(value(arguments[0])) : StructureType.list(elements);
    }

    /** The class of values, such as the keys of a map. */
    private Class<?> value(Type declared) {
        Class<?> raw = raw(declared);
        if (raw == null || LISTS.contains(raw) || SETS.contains(raw) || MAPS.contains(raw) || isLive(raw)) {
            throw new IllegalArgumentException("there cannot be a " + declared.getTypeName()
                    + " where a class of values must be, such as String");
        }
        return raw;
    }

    /** The interfaces that {@link #structure} has come by. */
    Set<Class<?>> inner() {
        return inner;
    }

    /** Whether a class is one that a hidden class can refer to, and implement. */
    static boolean isNameable(Class<?> type) {
        return type.isInterface() && !type.isHidden() && !type.isSealed() && !Modifier.isFinal(type.getModifiers());
    }
}
