package io.cleave.share;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InvalidObjectException;
import java.io.ObjectInputFilter;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamClass;
import java.io.Serializable;
import java.lang.reflect.Array;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Java serialization, with a filter that refuses classes known to be abused. */
final class JavaCodec implements Codec {
    static final JavaCodec INSTANCE = new JavaCodec();

    private JavaCodec() {
    }

    @Override
    public String name() {
        return "java";
    }

    @Override
    public byte[] encode(@Nullable Object value) throws IOException {
        return encode(value, Codecs.NO_SINK);
    }

    @Override
    public byte[] encode(@Nullable Object value, Sink sink) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);
        try (ObjectOutputStream out = new Output(bytes, sink)) {
            out.writeObject(value);
        }
        return bytes.toByteArray();
    }

    @Override
    public @Nullable Object decode(byte[] bytes, int offset, int length) throws IOException {
        return decode(bytes, offset, length, Codecs.NO_SOURCE);
    }

    @Override
    public @Nullable Object decode(byte[] bytes, int offset, int length, Source source) throws IOException {
        try (ObjectInputStream in = new Input(new ByteArrayInputStream(bytes, offset, length), length, source)) {
            return in.readObject();
        } catch (ClassNotFoundException e) {
            throw (IOException) new InvalidObjectException("no class " + e.getMessage()).initCause(e);
        }
    }

    /** Stands for a part that travels beside the bytes. */
    private record Elsewhere(int number) implements Serializable {}

    /**
     * Writes objects; a NullPointerException whose message the JVM works out from its own stack is replaced by one that
     * holds the message as text, as it would arrive without one.
     */
    private static final class Output extends ObjectOutputStream {
        private final Sink sink;
        /** So that a part that is met twice is written once. */
        private final Map<Integer, Elsewhere> parts = new HashMap<>();

        Output(ByteArrayOutputStream bytes, Sink sink) throws IOException {
            super(bytes);
            this.sink = sink;
            enableReplaceObject(true);
        }

        @Override
        protected Object replaceObject(Object object) {
            int number = sink.offer(object);
            if (number >= 0) {
                return parts.computeIfAbsent(number, Elsewhere::new);
            }
            if (object.getClass() != NullPointerException.class) {
                return object;
            }
            NullPointerException original = (NullPointerException) object;
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
    }

    /** Reads objects of classes that the context loader or Cleave's own loader knows. */
    private static final class Input extends ObjectInputStream {
        private final Source source;
        /** The length of the array that was taken last, which the filter sees, too, though it takes none of the bytes. */
        private long takenLength = -1;

        Input(ByteArrayInputStream bytes, int length, Source source) throws IOException {
            super(bytes);
            this.source = source;
            boolean isLimited = Trust.isLimited();
            enableResolveObject(true);
            setObjectInputFilter(info -> info.arrayLength() == takenLength && takenLength >= 0
                    ? ObjectInputFilter.Status.UNDECIDED
                    : Refusals.check(info, length, isLimited));
        }

        @Override
        protected Object resolveObject(Object object) throws IOException {
            if (!(object instanceof Elsewhere elsewhere)) {
                return object;
            }
            Object part = source.take(elsewhere.number);
            takenLength = part.getClass().isArray() ? Array.getLength(part) : -1;
            return part;
        }

        @Override
        protected Class<?> resolveClass(ObjectStreamClass description) throws IOException, ClassNotFoundException {
            ClassLoader loader = Thread.currentThread().getContextClassLoader();
            if (loader != null) {
                try {
                    return Class.forName(description.getName(), false, loader);
                } catch (ClassNotFoundException e) {
                    return super.resolveClass(description);
                }
            }
            return super.resolveClass(description);
        }
    }

    /** What is never decoded, whoever sends it: the ends of published chains of abuse that the JDK or common libraries hold. */
    private static final class Refusals {
        private static final Set<String> PREFIXES = Set.of("org.apache.commons.collections.functors.",
                "org.apache.commons.collections4.functors.", "org.codehaus.groovy.runtime.", "org.apache.xalan.",
                "com.sun.org.apache.xalan.", "com.sun.rowset.", "org.springframework.beans.factory.",
                "com.mchange.v2.c3p0.", "java.rmi.", "sun.rmi.", "javax.management.", "bsh.", "clojure.");
        /** An element takes a byte at least, and a table has some room to spare: no more are made than may be there. */
        private static final long MOST_ELEMENTS_PER_BYTE = 16;

        private Refusals() {
        }

        static ObjectInputFilter.Status check(ObjectInputFilter.FilterInfo info, int encodedBytes, boolean isLimited) {
            if (info.arrayLength() > MOST_ELEMENTS_PER_BYTE * encodedBytes) {
                return ObjectInputFilter.Status.REJECTED;
            }
            Class<?> type = info.serialClass();
            if (type == null) {
                return ObjectInputFilter.Status.UNDECIDED;
            }
            while (type.isArray()) {
                type = type.getComponentType();
            }
            String name = type.getName();
            if (PREFIXES.stream().anyMatch(name::startsWith)) {
                return ObjectInputFilter.Status.REJECTED;
            }
            return isLimited && type != Elsewhere.class ? Trust.check(info) : ObjectInputFilter.Status.UNDECIDED;
        }
    }
}
