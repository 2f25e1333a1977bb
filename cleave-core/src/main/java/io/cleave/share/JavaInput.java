package io.cleave.share;

import io.cleave.share.trust.Trust;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InvalidClassException;
import java.io.InvalidObjectException;
import java.io.ObjectInputFilter.FilterInfo;
import java.io.ObjectInputFilter.Status;
import java.io.ObjectInputStream;
import java.io.ObjectStreamClass;
import java.lang.reflect.Array;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import org.jspecify.annotations.Nullable;

/** Reads objects of classes that are trusted, and that the context loader or Cleave's own loader knows. */
class JavaInput extends ObjectInputStream {
    /** An element takes a byte at least, and a table has some room to spare: no more are made than may be there. */
    private static final long MOST_ELEMENTS_PER_BYTE = 16;

    private final Codec.Source source;
    private final Trust trust;
    private final int encodedBytes;
    /** The length of the array that was taken just now, of which the filter hears next, and which takes no bytes here. */
    private long takenLength = -1;
    private @Nullable String refusal;
    private boolean isTooDeep;
    /** The classes that were written, where what was written is to be proven; else null. */
    private @Nullable Map<String, Class<?>> known;
    private long elements;
    /** The maps and sets that have keys, where what was written is to be proven. */
    private final List<Object> tables = new ArrayList<>();

    JavaInput(byte[] bytes, int offset, int length, Codec.Source source, Trust trust) throws IOException {
        super(new ByteArrayInputStream(bytes, offset, length));
        this.source = source;
        this.trust = trust;
        this.encodedBytes = length;
        enableResolveObject(true);
        setObjectInputFilter(this::check);
    }

    /** Reads what this JVM has written, of the classes that it was written of, and counts the keys of all maps and sets. */
    void prove(Map<String, Class<?>> classes) {
        known = classes;
    }

    /** How many keys all maps and sets have together, where that was to be proven. */
    long elements() {
        return elements;
    }

    /**
     * A map or set that does not find one of its keys, as that was put in its place before it was whole; null where there
     * is none. Sorted ones are let off: there are orders by which no key is found in the original, either.
     */
    @Nullable Object tableWithLostKey() {
        for (Object table : tables) {
            boolean isSorted = table instanceof SortedMap || table instanceof SortedSet;
            if (!isSorted && !ForyEngine.hasAll(table instanceof Map<?, ?> map ? map.keySet() : (Set<?>) table)) {
                return table;
            }
        }
        return null;
    }

    /** Reads the one object that there is. */
    @Nullable Object readOnly() throws IOException {
        try {
            return readObject();
        } catch (InvalidClassException e) {
            String why = refusal;
            throw why == null ? e : isTooDeep ? new TooDeep(why) : new Trust.Untrusted(why).checked();
        } catch (ClassNotFoundException e) {
            throw (IOException) new InvalidObjectException("no class " + e.getMessage()
                    + ": it must be on the reader's class path, too").initCause(e);
        }
    }

    /** Thrown where the value nests too deeply for any stack. */
    static final class TooDeep extends InvalidClassException {
        private static final long serialVersionUID = 1L;

        TooDeep(String message) {
            super(message);
        }
    }

    private Status check(FilterInfo info) {
        if (info.serialClass() == JavaCodec.Elsewhere.class || info.serialClass() == SerialForm.Child.class) {
            return Status.UNDECIDED;
        }
        boolean isTaken = info.arrayLength() == takenLength;
        takenLength = -1;
        if (!isTaken && info.arrayLength() > MOST_ELEMENTS_PER_BYTE * encodedBytes) {
            refusal = "an array of " + info.arrayLength() + " elements does not fit into " + encodedBytes + " bytes";
            return Status.REJECTED;
        }
        if (info.depth() > DeepStack.MOST_LEVELS) {
            refusal = "it nests more deeply than " + DeepStack.MOST_LEVELS + " levels";
            isTooDeep = true;
            return Status.REJECTED;
        }
        String why = trust.refusal(info);
        if (why == null) {
            return Status.UNDECIDED;
        }
        refusal = why;
        return Status.REJECTED;
    }

    /** Notes an object that does not come from these bytes. */
    final @Nullable Object taken(@Nullable Object object) {
        takenLength = object != null && object.getClass().isArray() ? Array.getLength(object) : -1;
        return object;
    }

    @Override
    protected @Nullable Object resolveObject(Object object) throws IOException {
        if (object instanceof JavaCodec.Elsewhere elsewhere) {
            return taken(source.take(elsewhere.number()));
        }
        int keys = known == null ? 0 : JavaOutput.keys(object);
        if (keys > 0) {
            elements += keys;
            tables.add(object);
        }
        return object;
    }

    @Override
    protected Class<?> resolveClass(ObjectStreamClass description) throws IOException, ClassNotFoundException {
        Class<?> found = find(description.getName());
        return found == null ? super.resolveClass(description) : found;
    }

    @Override
    protected Class<?> resolveProxyClass(String[] interfaces) throws IOException, ClassNotFoundException {
        Class<?>[] types = new Class<?>[interfaces.length];
        ClassLoader loader = Thread.currentThread().getContextClassLoader();
        for (int i = 0; i < types.length; i++) {
            Class<?> type = find(interfaces[i]);
            if (type == null) {
                return super.resolveProxyClass(interfaces);
            }
            types[i] = type;
            if (!Modifier.isPublic(type.getModifiers())) {
                loader = type.getClassLoader(); // it cannot be implemented elsewhere
            }
        }
        try {
            return Proxy.newProxyInstance(loader, types, (_, _, _) -> null).getClass();
        } catch (IllegalArgumentException e) {
            return super.resolveProxyClass(interfaces); // no loader knows all of them
        }
    }

    /** A class as it was written, where that is known, or as the context loader has it; null where it does not. */
    private @Nullable Class<?> find(String className) {
        Class<?> written = known == null ? null : known.get(className);
        ClassLoader loader = Thread.currentThread().getContextClassLoader();
        if (written != null || loader == null) {
            return written;
        }
        try {
            return Class.forName(className, false, loader);
        } catch (ClassNotFoundException e) {
            return null;
        }
    }
}
