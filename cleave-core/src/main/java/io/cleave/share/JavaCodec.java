package io.cleave.share;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InvalidObjectException;
import java.io.ObjectInputFilter;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamClass;
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
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);
        try (ObjectOutputStream out = new Output(bytes)) {
            out.writeObject(value);
        }
        return bytes.toByteArray();
    }

    @Override
    public @Nullable Object decode(byte[] bytes, int offset, int length) throws IOException {
        try (ObjectInputStream in = new Input(new ByteArrayInputStream(bytes, offset, length), length)) {
            return in.readObject();
        } catch (ClassNotFoundException e) {
            throw (IOException) new InvalidObjectException("no class " + e.getMessage()).initCause(e);
        }
    }

    /**
     * Writes objects; a NullPointerException whose message the JVM works out from its own stack is replaced by one that
     * holds the message as text, as it would arrive without one.
     */
    private static final class Output extends ObjectOutputStream {
        Output(ByteArrayOutputStream bytes) throws IOException {
            super(bytes);
            enableReplaceObject(true);
        }

        @Override
        protected Object replaceObject(Object object) {
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
        Input(ByteArrayInputStream bytes, int length) throws IOException {
            super(bytes);
            setObjectInputFilter(info -> Refusals.check(info, length));
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

        static ObjectInputFilter.Status check(ObjectInputFilter.FilterInfo info, int encodedBytes) {
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
            return PREFIXES.stream().anyMatch(name::startsWith) ? ObjectInputFilter.Status.REJECTED
                    : ObjectInputFilter.Status.UNDECIDED;
        }
    }
}
