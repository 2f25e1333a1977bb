package io.cleave.share;

import io.cleave.share.trust.Trust;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.NotSerializableException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.fory.context.ReadContext;
import org.apache.fory.context.WriteContext;
import org.apache.fory.serializer.Serializer;
import org.jspecify.annotations.Nullable;

/**
 * The serial form that a class has defined for itself, within what Fory writes: exact by definition, and larger and slower
 * than Fory's own. Only the object itself goes through a stream of Java serialization; each object that it refers to is
 * replaced by a number there, and written by Fory, so that what is the same object elsewhere stays so, and so that it need
 * not be Serializable.
 *
 * <p>
 * The number comes with a reference to the object itself, which the stream has made before it reads what belongs to it:
 * Fory learns of it in time for a part that refers back to the whole. Where there is no such object yet, as with records
 * and with those that replace themselves, a part that refers back is refused when it is written.
 */
final class SerialForm<T> extends Serializer<T> {
    private final ForyEngine engine;

    SerialForm(Class<T> type, ForyEngine engine) {
        super(engine.config(), type);
        this.engine = engine;
    }

    /** Stands for an object that Fory has. */
    static final class Child implements Serializable {
        private static final long serialVersionUID = 1L;

        /** The place among the children. */
        private final int number;
        /** The object whose child it is; null while there is none. */
        @SuppressWarnings("serial") // it is the one that is being written
        private final @Nullable Object whole;

        Child(int number, @Nullable Object whole) {
            this.number = number;
            this.whole = whole;
        }
    }

    @Override
    public void write(WriteContext context, T value) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
        List<Object> children = new ArrayList<>();
        try (Output out = new Output(bytes, engine.trust(), children)) {
            out.writeTop(value);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        context.writeVarUInt32(bytes.size());
        context.getBuffer().writeBytes(bytes.toByteArray());
        context.writeVarUInt32(children.size());
        for (Object child : children) {
            context.writeRef(child);
        }
    }

    @Override
    @SuppressWarnings({"unchecked", "NullAway"}) // Fory takes what a serializer gives, null where the class gives that
    public T read(ReadContext context) {
        int length = context.readVarUInt32();
        context.getBuffer().checkReadableBytes(length);
        byte[] bytes = context.getBuffer().readBytes(length);
        int count = context.readVarUInt32();
        try (Input in = new Input(bytes, engine.trust(), context, count)) {
            return (T) in.readAll();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Writes one object. */
    private static final class Output extends JavaOutput {
        private final List<Object> children;
        private boolean isBegun;
        /** What children may refer back to; null where it replaces itself. */
        private @Nullable Object whole;

        Output(ByteArrayOutputStream bytes, Trust trust, List<Object> children) throws IOException {
            super(bytes, Codecs.NO_SINK, trust);
            this.children = children;
        }

        void writeTop(Object value) throws IOException {
            whole = replacesItself(value.getClass()) ? null : value;
            try {
                writeObject(value);
            } catch (NotSerializableException e) {
                throw JavaCodec.unserializable(value, e);
            }
        }

        @Override
        protected Object replaceObject(Object object) {
            met(object);
            if (!isBegun) {
                isBegun = true;
                if (object.getClass() != NullPointerException.class) {
                    return object;
                }
                whole = withText((NullPointerException) object);
                return whole;
            }
            if (isSimple(object)) {
                return object;
            }
            children.add(object);
            return new Child(children.size() - 1, whole);
        }

        /** What has neither parts nor an identity that matters, and takes less room as it is. */
        private static boolean isSimple(Object object) {
            return object instanceof String || object instanceof Enum
                    || (object instanceof Number && object.getClass().getName().startsWith("java.lang."))
                    || object instanceof Boolean || object instanceof Character
                    || object instanceof StackTraceElement[] || object instanceof StackTraceElement;
        }
    }

    /** Reads one object, and its children when they are come upon. */
    private static final class Input extends JavaInput {
        private final ReadContext context;
        private final List<@Nullable Object> children = new ArrayList<>();
        private final int count;
        private boolean isKnown;

        Input(byte[] bytes, Trust trust, ReadContext context, int count) throws IOException {
            super(bytes, 0, bytes.length, Codecs.NO_SOURCE, trust);
            this.context = context;
            this.count = count;
        }

        @Nullable Object readAll() throws IOException {
            Object value = readOnly();
            while (children.size() < count) {
                children.add(context.readRef()); // what the class reads no more
            }
            return value;
        }

        @Override
        protected @Nullable Object resolveObject(Object object) throws IOException {
            if (!(object instanceof Child child)) {
                return object;
            }
            if (!isKnown && child.whole != null) {
                isKnown = true;
                context.reference(child.whole);
            }
            if (child.number < children.size() && child.number >= 0) {
                return taken(children.get(child.number));
            }
            if (child.number != children.size() || child.number >= count) {
                throw new IOException("there are " + count + " children, and the next of them is not " + child.number);
            }
            int place = children.size();
            children.add(null); // the place of this one; those that are read on the way are others' children
            Object read = context.readRef();
            children.set(place, read);
            return taken(read);
        }
    }
}
