package io.cleave.share;

import io.cleave.share.trust.Trust;
import java.io.Externalizable;
import java.io.IOException;
import java.io.NotSerializableException;
import java.io.ObjectOutputStream;
import java.io.OutputStream;
import java.io.Serializable;
import java.lang.invoke.SerializedLambda;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Writes objects as Java serialization has them, and refuses what the other side could not read: classes that are not
 * trusted, or that nobody can make an object of. Parts that travel beside the bytes are replaced by their numbers.
 */
class JavaOutput extends ObjectOutputStream {
    /** What is wrong with a class, found out once. */
    private static final ClassValue<String> FLAWS = new ClassValue<>() {
        @Override
        protected String computeValue(Class<?> type) {
            return flaw(type);
        }
    };

    private static final ClassValue<Boolean> REPLACING = new ClassValue<>() {
        @Override
        protected Boolean computeValue(Class<?> type) {
            return type.isRecord() || has(type, "writeReplace") || has(type, "readResolve");
        }
    };

    /** Classes of which an object is made only when its parts are, so that none of them can refer to it. */
    private static final ClassValue<Boolean> LATE = new ClassValue<>() {
        @Override
        protected Boolean computeValue(Class<?> type) {
            boolean isImmutable = type.getName().equals("java.util.CollSer"); // it stands for the JDK's collections
            return isImmutable || type.isRecord()
                    || (type.getClassLoader() != null && type != SerializedLambda.class && replacesItself(type));
        }
    };

    private final Codec.Sink sink;
    private final Trust trust;
    /** So that a part that is met twice is written once. */
    private final Map<Integer, JavaCodec.Elsewhere> parts = new HashMap<>();
    private final Map<String, Class<?>> classes = new HashMap<>();
    /** What was met last, and is to blame where the stream refuses it. */
    private @Nullable Object last;
    /** The exception that was met last: the stream ends with the one that it throws. */
    private @Nullable Object exception;
    /** What was met last before that. */
    private @Nullable Object lastBefore;
    private boolean needsProof;
    private boolean hasLate;
    private long elements;

    JavaOutput(OutputStream bytes, Codec.Sink sink, Trust trust) throws IOException {
        super(bytes);
        this.sink = sink;
        this.trust = trust;
        enableReplaceObject(true);
    }

    /** What was met last. */
    @Nullable Object last() {
        return last;
    }

    /** What was met last before an exception that the stream has thrown, and written. */
    @Nullable Object lastBefore(NotSerializableException thrown) {
        return thrown.equals(exception) ? lastBefore : last;
    }

    /** The classes of all objects, by their names. */
    Map<String, Class<?>> classes() {
        return classes;
    }

    /** Whether there are objects that come back as others, or not at all, where they are parts of themselves. */
    boolean needsProof() {
        return needsProof;
    }

    /** Whether there are objects that none of their parts can refer to while they are read. */
    boolean hasLate() {
        return hasLate;
    }

    /** How many keys all maps and sets have together. */
    long elements() {
        return elements;
    }

    /** Notices an object. */
    final void met(Object object) {
        if (object instanceof NotSerializableException) {
            exception = object;
            lastBefore = last;
        }
        last = object;
        if (object instanceof Map || object instanceof Collection) {
            needsProof |= !(object instanceof ArrayList);
            elements += keys(object);
        }
        noticeLate(object.getClass());
    }

    private void noticeLate(Class<?> type) {
        if (LATE.get(type)) {
            needsProof = true;
            hasLate = true;
        }
    }

    /** How many keys a map or set of the JDK has, which could lose some; 0 for all else. */
    static int keys(Object object) {
        if (!isOfJdk(object) || replacesItself(object.getClass())) {
            return 0;
        }
        return object instanceof Map<?, ?> map ? map.size() : object instanceof Set<?> set ? set.size() : 0;
    }

    /** Whether its methods are the JDK's, so that asking it costs little and runs nobody's code. */
    static boolean isOfJdk(Object object) {
        return object.getClass().getClassLoader() == null;
    }

    @Override
    protected Object replaceObject(Object object) throws IOException {
        met(object);
        int number = sink.offer(object);
        if (number >= 0) {
            return parts.computeIfAbsent(number, JavaCodec.Elsewhere::new);
        }
        return object.getClass() == NullPointerException.class ? withText((NullPointerException) object) : object;
    }

    /** The JVM works out the message of this one from its own stack; the copy holds it as text. */
    static NullPointerException withText(NullPointerException original) {
        NullPointerException copy = new NullPointerException(original.getMessage());
        copy.setStackTrace(original.getStackTrace());
        if (original.getCause() != null) {
            copy.initCause(original.getCause());
        }
        for (Throwable suppressed : original.getSuppressed()) {
            copy.addSuppressed(suppressed);
        }
        return copy;
    }

    @Override
    protected void annotateClass(Class<?> type) {
        if (type == JavaCodec.Elsewhere.class || type == SerialForm.Child.class) {
            return;
        }
        trust.require(type);
        classes.put(type.getName(), type);
        String flaw = FLAWS.get(type);
        if (!flaw.isEmpty()) {
            throw new Unshareable(last, flaw);
        }
        noticeLate(type);
    }

    @Override
    protected void annotateProxyClass(Class<?> type) {
        for (Class<?> implemented : type.getInterfaces()) {
            trust.require(implemented);
            classes.put(implemented.getName(), implemented);
        }
    }

    /** Whether what is read of a class is another object than the stream has made first. */
    static boolean replacesItself(Class<?> type) {
        return REPLACING.get(type);
    }

    private static boolean has(Class<?> type, String method) {
        for (Class<?> at = type; at != null && at != Object.class; at = at.getSuperclass()) {
            for (Method declared : at.getDeclaredMethods()) {
                if (declared.getName().equals(method) && declared.getParameterCount() == 0) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Why nobody could make an object of a class that lets itself be written; empty where all is well. */
    private static String flaw(Class<?> type) {
        if (type.isArray() || type.isEnum() || type.isRecord() || Enum.class.isAssignableFrom(type)
                || !Serializable.class.isAssignableFrom(type) || type.isInterface()) {
            return "";
        }
        if (Externalizable.class.isAssignableFrom(type)) {
            Constructor<?> made = constructor(type);
            return made != null && Modifier.isPublic(made.getModifiers()) ? ""
                    : "which is Externalizable, and could not be read: " + type.getName()
                            + " has no public constructor without parameters; "
                            + (type.getClassLoader() == null ? "send a copy, such as new ArrayList<>(...)"
                                    : "add one, or implement Serializable instead");
        }
        Class<?> parent = type.getSuperclass();
        while (parent != null && Serializable.class.isAssignableFrom(parent)) {
            parent = parent.getSuperclass();
        }
        Constructor<?> made = parent == null ? null : constructor(parent);
        boolean isThere = parent == null || (made != null && !Modifier.isPrivate(made.getModifiers())
                && ((made.getModifiers() & (Modifier.PUBLIC | Modifier.PROTECTED)) != 0 || isNeighbour(parent, type)));
        return isThere ? ""
                : "which could not be read: its parent class " + parent.getName() + " is not Serializable and has no "
                        + "constructor without parameters that " + type.getName() + " may call; add one, or make the "
                        + "parent Serializable";
    }

    private static @Nullable Constructor<?> constructor(Class<?> type) {
        try {
            return type.getDeclaredConstructor();
        } catch (NoSuchMethodException e) {
            return null;
        }
    }

    private static boolean isNeighbour(Class<?> one, Class<?> other) {
        return one.getPackageName().equals(other.getPackageName())
                && Objects.equals(one.getClassLoader(), other.getClassLoader());
    }
}
