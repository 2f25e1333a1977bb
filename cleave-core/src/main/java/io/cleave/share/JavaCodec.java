package io.cleave.share;

import io.cleave.memory.raw.Proof;
import io.cleave.share.trust.Trust;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InvalidObjectException;
import java.io.NotSerializableException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Java serialization. It writes nothing that it cannot read: where that depends on the value, as with maps that contain
 * themselves, it reads what it has written before anybody else gets it.
 */
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
        try {
            return encode(value, sink, false);
        } catch (StackOverflowError e) {
            if (!DeepStack.isThere()) {
                throw tooDeep(value, e);
            }
        }
        try {
            return DeepStack.run(() -> encode(value, sink, true));
        } catch (StackOverflowError e) {
            throw tooDeep(value, e);
        }
    }

    /** Refuses a value that nests too deeply for the stack that there is. */
    static NotSerializableException tooDeep(@Nullable Object value, @Nullable Throwable cause) {
        NotSerializableException refusal = new NotSerializableException("the value, a "
                + (value == null ? "null" : value.getClass().getTypeName()) + ", nests too deeply: "
                + (DeepStack.isThere() ? "more than about " + DeepStack.MOST_LEVELS + " levels cannot be read"
                        : "the stack of this forked child is too small for it")
                + "; send its parts in a list or an array instead of a chain"
                + (DeepStack.isThere() ? "" : ", or give the calling thread a larger stack (-Xss)"));
        refusal.initCause(cause);
        return refusal;
    }

    private static byte[] encode(@Nullable Object value, Sink sink, boolean isDeep) throws IOException {
        List<Object> parts = new ArrayList<>();
        Sink noted = part -> {
            int number = sink.offer(part);
            while (number >= parts.size()) {
                parts.add(part);
            }
            return number;
        };
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);
        Trust trust = Trust.current();
        JavaOutput out = new JavaOutput(bytes, noted, trust);
        try (out) {
            out.writeObject(value);
        } catch (Trust.Untrusted e) {
            throw e.checked();
        } catch (Unshareable e) {
            throw e.in(value);
        } catch (NotSerializableException e) {
            throw unserializable(out.lastBefore(e), e).in(value);
        } catch (RuntimeException e) {
            throw new Unshareable(out.last(),
                    "which cannot be encoded: " + e + "; its writeObject or writeReplace has thrown "
                            + "this",
                    e).in(value);
        }
        byte[] encoded = bytes.toByteArray();
        if (isDeep || out.needsProof() || trust.isLimited()) { // its filter's limits are known to the reading side only
            prove(value, encoded, PartView.copies(parts), out);
        }
        return encoded;
    }

    /** What is wrong with an object whose class does not let it be written. */
    static Unshareable unserializable(@Nullable Object culprit, Exception cause) {
        String name = culprit == null ? "" : culprit.getClass().getName();
        boolean isNamed = String.valueOf(cause.getMessage()).equals(name);
        return new Unshareable(culprit, "which is not Serializable"
                + (isNamed || culprit == null ? "" : " (" + cause.getMessage() + ")")
                + "; let its class implement java.io.Serializable, make the field transient, or send plain data",
                cause);
    }

    private static void prove(@Nullable Object value, byte[] encoded, Source parts, JavaOutput out) throws IOException {
        long found;
        boolean isKeyLost;
        boolean isKnotLost;
        Proof.begin();
        try {
            JavaInput in = new JavaInput(encoded, 0, encoded.length, parts, Trust.current());
            in.prove(out.classes());
            Object copy;
            try (in) {
                copy = in.readOnly();
            }
            found = in.elements();
            isKeyLost = in.tableWithLostKey() != null;
            int knots = out.hasLate() ? Knots.in(value) : 0;
            isKnotLost = knots > 0 && Knots.in(copy) < knots;
        } catch (JavaInput.TooDeep e) {
            throw tooDeep(value, e);
        } catch (IOException | RuntimeException | LinkageError e) {
            throw unreadable(value, e);
        } finally {
            Proof.end();
        }
        if (found != out.elements()) {
            throw new Unshareable(value, "whose maps and sets would have " + found + " entries instead of "
                    + out.elements()
                    + " when it is read: a key has a part that contains the map itself, and no hash code before that is "
                    + "there; let hashCode and equals use simple fields, declared in a class of their own").in(value);
        }
        if (isKeyLost) {
            throw new Unshareable(value,
                    "of which a map or set would not find a key again when it is read: the key has a "
                            + "part that contains the map itself, and no hash code before that is there; let hashCode and equals "
                            + "use simple fields, declared in a class of their own")
                    .in(value);
        }
        if (isKnotLost) {
            throw new Unshareable(value,
                    "which could be written, but would not be read as it is: a record, an immutable "
                            + "collection or an object that replaces itself is a part of itself, and nothing can refer to it before "
                            + "all its parts are made; let the part refer to it by a name or a number")
                    .in(value);
        }
    }

    private static IOException unreadable(@Nullable Object value, Throwable thrown) {
        return new Unshareable(value, "which could be written, but not read: " + thrown
                + "; what readObject, readResolve or a record's constructor needs must be there, and no object may be part "
                + "of itself by way of a record or an immutable collection", thrown).in(value);
    }

    @Override
    public @Nullable Object decode(byte[] bytes, int offset, int length) throws IOException {
        return decode(bytes, offset, length, Codecs.NO_SOURCE);
    }

    @Override
    public @Nullable Object decode(byte[] bytes, int offset, int length, Source source) throws IOException {
        try {
            return decodeHere(bytes, offset, length, source);
        } catch (StackOverflowError e) {
            if (!DeepStack.isThere()) {
                throw tooDeep(e);
            }
        }
        try {
            return DeepStack.run(() -> decodeHere(bytes, offset, length, source));
        } catch (StackOverflowError e) {
            throw tooDeep(e);
        }
    }

    private static IOException tooDeep(StackOverflowError cause) {
        return (IOException) new InvalidObjectException("the value nests too deeply for a stack of this process")
                .initCause(cause);
    }

    private static @Nullable Object decodeHere(byte[] bytes, int offset, int length, Source source) throws IOException {
        try (JavaInput in = new JavaInput(bytes, offset, length, source, Trust.current())) {
            return in.readOnly();
        } catch (Trust.Untrusted e) {
            throw e.checked();
        }
    }

    /** Stands for a part that travels beside the bytes. */
    record Elsewhere(int number) implements Serializable {}
}
