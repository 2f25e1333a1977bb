package io.cleave.objects;

import io.cleave.objects.LiveAccessor.Verb;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What an interface declares of live objects: their fields, and which method does what to which of them. It is worked
 * out once for each interface; {@link Live} has the rules.
 *
 * @param <T> the interface
 */
final class LiveInterface<T> {
    private static final Set<String> OF_OBJECT = Set.of("equals", "hashCode", "toString");
    private static final ThreadLocal<Set<Class<?>>> OUTER = ThreadLocal.withInitial(HashSet::new);
    private static final ClassValue<LiveInterface<?>> OF = new ClassValue<>() {
        @Override
        protected LiveInterface<?> computeValue(Class<?> type) {
            if (!OUTER.get().add(type)) {
                throw new IllegalArgumentException("a " + type.getTypeName() + " cannot have a " + type.getTypeName()
                        + " in it, at any level, as an object belongs to one other; keep them in a map of the heap, "
                        + "and let a field have the key");
            }
            try {
                return new LiveInterface<>(type);
            } finally {
                boolean _ = OUTER.get().remove(type);
            }
        }
    };

    private final Class<T> type;
    private final LiveTypes types;
    private final List<LiveField> fields = new ArrayList<>();
    private final List<LiveAccessor> accessors = new ArrayList<>();
    private final ValueSchema schema;
    /** By the slots of the fields, which are others in objects that were made by other versions of the interface. */
    private final Map<List<Integer>, LiveClass<T>> classes = new ConcurrentHashMap<>();

    private LiveInterface(Class<T> type) {
        this.type = type;
        if (type.isRecord()) {
            throw refused("a record cannot change; describe the object by an interface with its fields, and use "
                    + "Live.snapshot and SharedHeap.copyIn to get and give such records");
        }
        if (!LiveTypes.isNameable(type) || type.isAnnotation()) {
            throw refused("it is no interface, or a sealed or hidden one");
        }
        if (type.getTypeParameters().length != 0) {
            throw refused("it has type parameters; extend it by an interface that says what they are");
        }
        this.types = new LiveTypes(type);
        collect();
        List<String> declarations = fields.stream().map(LiveField::declaration).toList();
        Set<String> lines = new LinkedHashSet<>();
        lines.add(ValueSchema.OBJECT + type.getTypeName() + "(" + String.join(", ", declarations) + ")");
        fields.forEach(field -> lines.addAll(field.lines()));
        this.schema = new ValueSchema(String.join("\n", lines));
    }

    /**
     * What an interface declares.
     *
     * @throws IllegalArgumentException where it declares no live objects, with the method that is wrong
     */
    @SuppressWarnings("unchecked") // it was made of the class
    static <T> LiveInterface<T> of(Class<T> type) {
        return (LiveInterface<T>) OF.get(type);
    }

    private IllegalArgumentException refused(String why) {
        return new IllegalArgumentException("there cannot be live objects of " + type.getTypeName() + ": " + why);
    }

    private IllegalArgumentException refused(Method method, String why) {
        return refused("its method " + method.toGenericString() + " is wrong: " + why);
    }

    private void collect() {
        Map<String, Method> getters = new TreeMap<>();
        List<Method> others = new ArrayList<>();
        for (Method method : abstractMethods()) {
            if (method.getTypeParameters().length != 0) {
                throw refused(method, "it has type parameters of its own; make it a default method");
            }
            if (method.getParameterCount() == 0 && method.getReturnType() != void.class && !isCounter(method)) {
                Method same = getters.putIfAbsent(fieldRead(method), method);
                if (same != null && (!same.getName().equals(method.getName())
                        || types.raw(same.getGenericReturnType()) != types.raw(method.getGenericReturnType()))) {
                    throw refused(method, "it reads the same field as " + same.toGenericString()
                            + "; keep one of them, and let a default method call it");
                }
                others.add(method);
            } else {
                others.add(method);
            }
        }
        if (getters.isEmpty()) {
            throw refused("it has no method that reads a field, such as int count()");
        }
        if (getters.size() > ObjectLayout.MOST_SLOTS - ObjectLayout.SPARE_SLOTS) {
            throw refused("it has " + getters.size() + " fields; the limit is "
                    + (ObjectLayout.MOST_SLOTS - ObjectLayout.SPARE_SLOTS) + ": put some into an object in it");
        }
        List<String> names = List.copyOf(getters.keySet());
        Set<String> settable = new HashSet<>();
        for (Method method : others) {
            LiveAccessor accessor = accessor(method, getters, names);
            accessors.add(accessor);
            if (accessor.verb() == Verb.SET) {
                settable.add(names.get(accessor.field()));
            }
        }
        getters.forEach((name, getter) -> fields.add(field(name, getter, settable.contains(name))));
        accessors.forEach(this::check);
    }

    /** All methods that are to be made, in an order that does not depend on the JVM. */
    private List<Method> abstractMethods() {
        List<Method> all = new ArrayList<>();
        for (Method method : type.getMethods()) {
            boolean isOfObject = OF_OBJECT.contains(method.getName())
                    && method.getParameterCount() == (method.getName().equals("equals") ? 1 : 0);
            if (Modifier.isAbstract(method.getModifiers()) && !isOfObject) {
                all.add(method);
            }
        }
        all.sort(Comparator.comparing(Method::toString));
        return all;
    }

    /** Whether a method without parameters is one that counts a field which another method reads. */
    private boolean isCounter(Method method) {
        for (Verb verb : Verb.values()) {
            if (verb.isAdding() && verb.parameters() == 0 && isNamed(method, verb.prefix())) {
                return true;
            }
        }
        return false;
    }

    private static boolean isNamed(Method method, String prefix) {
        String name = method.getName();
        return name.length() > prefix.length() && name.startsWith(prefix)
                && Character.isUpperCase(name.charAt(prefix.length()));
    }

    private static String rest(Method method, String prefix) {
        String rest = method.getName().substring(prefix.length());
        return Character.toLowerCase(rest.charAt(0)) + rest.substring(1);
    }

    private static String fieldRead(Method method) {
        if (isNamed(method, "get")) {
            return rest(method, "get");
        }
        return isNamed(method, "is") && method.getReturnType() == boolean.class ? rest(method, "is")
                : method.getName();
    }

    private LiveAccessor accessor(Method method, Map<String, Method> getters, List<String> names) {
        if (method.equals(getters.get(fieldRead(method))) || isSameRead(method, getters)) {
            return new LiveAccessor(method, Verb.GET, names.indexOf(fieldRead(method)));
        }
        for (Verb verb : Verb.values()) {
            if (verb.isAtomic() && method.getParameterCount() == verb.parameters()
                    && isNamed(method, verb.prefix()) && getters.containsKey(rest(method, verb.prefix()))) {
                return new LiveAccessor(method, verb, names.indexOf(rest(method, verb.prefix())));
            }
        }
        if (method.getParameterCount() == 1 && method.getReturnType() == void.class) {
            String name = isNamed(method, "set") ? rest(method, "set") : method.getName();
            if (getters.containsKey(name)) {
                return new LiveAccessor(method, Verb.SET, names.indexOf(name));
            }
            throw refused(method, "it writes the field " + name + ", which no method reads; add a method "
                    + method.getParameterTypes()[0].getTypeName() + " " + name + "(), or make this one default");
        }
        throw refused(method,
                "it neither reads a field, as int x() does, nor writes one, as void x(int value) does, nor "
                        + "is named after one that has a method to read it, as boolean compareAndSetX(int expected, "
                        + "int value) is; make it a default method");
    }

    /** Whether a method is the same reading as one that was met before, inherited on another way. */
    private boolean isSameRead(Method method, Map<String, Method> getters) {
        return method.getParameterCount() == 0 && method.getReturnType() != void.class && !isCounter(method)
                && getters.containsKey(fieldRead(method));
    }

    private LiveField field(String name, Method getter, boolean canBeSet) {
        Class<?> raw = types.raw(getter.getGenericReturnType());
        FieldAccess access = getter.getAnnotation(FieldAccess.class);
        FieldAccess.Mode mode = access == null ? FieldAccess.Mode.ACQUIRE_RELEASE : access.value();
        try {
            StructureType<?> structure = types.structure(getter.getGenericReturnType());
            if (raw == null) {
                throw new IllegalArgumentException("it returns no certain class");
            }
            LiveField field = new LiveField(name, raw, mode, canBeSet, structure);
            if (field.kind() == ObjectLayout.VALUE) {
                ValueEncoding<?> _ = ValueEncoding.of(raw);
            }
            if (access != null && !raw.isPrimitive()) {
                throw new IllegalArgumentException("only primitives have a mode of access; take it away");
            }
            return field;
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(refused(getter, String.valueOf(e.getMessage())).getMessage(), e);
        }
    }

    /** Looks whether a method has the parameters and the result that go with its field. */
    private void check(LiveAccessor accessor) {
        Method method = accessor.method();
        LiveField field = fields.get(accessor.field());
        Verb verb = accessor.verb();
        for (Type parameter : method.getGenericParameterTypes()) {
            if (types.raw(parameter) != field.type()) {
                throw refused(method, "its parameter should be " + field.type().getTypeName() + ", as the field "
                        + field.name() + " is read as that");
            }
        }
        Class<?> result = types.raw(method.getGenericReturnType());
        if (result != verb.returns(field.type())) {
            throw refused(method, "it should return " + verb.returns(field.type()).getTypeName() + ", as the field "
                    + field.name() + " is a " + field.type().getTypeName());
        }
        if (verb.isAtomic() && !field.type().isPrimitive()) {
            throw refused(method, "only primitives can be compared and set at once; use Live.update");
        }
        if (verb.isAdding() && (field.type() == boolean.class || field.type() == float.class
                || field.type() == double.class)) {
            throw refused(method, "only whole numbers can be added to at once; use Live.update");
        }
    }

    Class<T> type() {
        return type;
    }

    List<LiveField> fields() {
        return fields;
    }

    List<LiveAccessor> accessors() {
        return accessors;
    }

    /**
     * What is stored with an object that this version of the interface makes: its fields in the order of their slots.
     */
    ValueSchema schema() {
        return schema;
    }

    /** That of an object in another structure. */
    Set<String> lines() {
        return new LinkedHashSet<>(schema.lines());
    }

    /** How many structures are in each other. */
    int levels() {
        int levels = 0;
        for (LiveField field : fields) {
            StructureType<?> structure = field.structure();
            levels = Math.max(levels, structure == null ? 0 : structure.levels());
        }
        return levels + 1;
    }

    /** The number of a field; -1 where there is none. */
    int indexOf(String name) {
        for (int i = 0; i < fields.size(); i++) {
            if (fields.get(i).name().equals(name)) {
                return i;
            }
        }
        return -1;
    }

    /**
     * Makes the classes for this and for all objects in such an object, where they are not there yet.
     *
     * @param lookup of the user's, with access to the interfaces; null where their packages must be open
     * @throws IllegalArgumentException where they are not
     */
    void prepare(MethodHandles.@Nullable Lookup lookup) {
        LiveClass<T> _ = classFor(LiveLayout.of(this), lookup);
        types.inner().forEach(each -> of(each).prepare(lookup));
    }

    /**
     * The class whose objects have their fields in certain slots.
     *
     * @param lookup of the user's, with access to the interface; null where the package must be open
     */
    LiveClass<T> classFor(LiveLayout layout, MethodHandles.@Nullable Lookup lookup) {
        LiveClass<T> known = classes.get(layout.slots());
        if (known == null) {
            LiveClass<T> made = LiveClass.make(this, layout, lookup);
            LiveClass<T> before = classes.putIfAbsent(layout.slots(), made);
            known = before == null ? made : before;
        }
        return known;
    }
}
