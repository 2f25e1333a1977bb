package io.cleave.share;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.Buffer;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.fory.Fory;
import org.apache.fory.context.ReadContext;
import org.apache.fory.context.WriteContext;
import org.apache.fory.serializer.Serializer;
import org.jspecify.annotations.Nullable;

/**
 * Apache Fory without code generation, which would compile classes where nothing can be compiled. A Fory is for one
 * thread at a time, so they are lent out; its own list of classes that are known to be abused is always on.
 *
 * <p>
 * Parts leave through serializers of our own rather than through Fory's buffer callback, which knows sizes below 2 GiB
 * only and brings every buffer back as a copy.
 */
final class ForyCodec implements Codec {
    static final ForyCodec INSTANCE = new ForyCodec();

    private static final List<Class<?>> ARRAYS = List.of(boolean[].class, byte[].class, char[].class, short[].class,
            int[].class, long[].class, float[].class, double[].class);

    private final ConcurrentLinkedQueue<Lent> idle = new ConcurrentLinkedQueue<>();

    private ForyCodec() {
    }

    @Override
    public String name() {
        return "fory";
    }

    private Lent lend() {
        Lent lent = idle.poll();
        return lent != null ? lent : new Lent();
    }

    @Override
    public byte[] encode(@Nullable Object value) throws IOException {
        return encode(value, Codecs.NO_SINK);
    }

    @Override
    public byte[] encode(@Nullable Object value, Sink sink) throws IOException {
        Lent lent = lend();
        lent.sink = sink;
        byte[] bytes = lent.fory.serialize(value); // a Fory that has thrown is not lent again
        giveBack(lent);
        return bytes;
    }

    @Override
    public @Nullable Object decode(byte[] bytes, int offset, int length) throws IOException {
        return decode(bytes, offset, length, Codecs.NO_SOURCE);
    }

    @Override
    public @Nullable Object decode(byte[] bytes, int offset, int length, Source source) throws IOException {
        Lent lent = lend();
        lent.source = source;
        Object value = lent.fory.deserialize(Arrays.copyOfRange(bytes, offset, offset + length));
        giveBack(lent);
        return value;
    }

    private void giveBack(Lent lent) {
        lent.sink = Codecs.NO_SINK;
        lent.source = Codecs.NO_SOURCE;
        idle.add(lent);
    }

    /** A Fory, and where the parts of what it is working on go. */
    private static final class Lent {
        private final Fory fory;
        private Sink sink = Codecs.NO_SINK;
        private Source source = Codecs.NO_SOURCE;

        Lent() {
            fory = Fory.builder().withXlang(false).withCompatible(false).withRefTracking(true)
                    .requireClassRegistration(false).suppressClassRegistrationWarnings(true).withCodegen(false)
                    .withAsyncCompilation(false)
                    .withTypeChecker(Trust.isLimited()
                            ? (resolver, name) -> Trust.admits(name, resolver.getClassLoader()) : null)
                    .build();
            for (Class<?> array : ARRAYS) {
                replaceSerializer(array);
            }
            fory.registerSerializerFactory((resolver, type) -> isView(type) ? new ViewSerializer<>(type, this) : null);
        }

        private <T> void replaceSerializer(Class<T> array) {
            fory.registerSerializer(array, new ArraySerializer<>(array, fory.getSerializer(array), this));
        }

        /** The part of a number, which must be of a type. */
        <T> T take(int number, Class<T> type) {
            try {
                Object part = source.take(number);
                if (!type.isInstance(part)) {
                    throw new IllegalArgumentException(
                            "part " + number + " is a " + part.getClass().getName() + ", not a " + type.getName());
                }
                return type.cast(part);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private static boolean isView(Class<?> type) {
            return MemorySegment.class.isAssignableFrom(type) || Buffer.class.isAssignableFrom(type)
                    || type == Tensor.class;
        }
    }

    /** Arrays: large ones leave, small ones go Fory's own way. */
    private static final class ArraySerializer<T> extends Serializer<T> {
        private final Serializer<T> inner;
        private final Lent lent;

        ArraySerializer(Class<T> type, Serializer<T> inner, Lent lent) {
            super(lent.fory.getConfig(), type);
            this.inner = inner;
            this.lent = lent;
        }

        @Override
        public void write(WriteContext context, T value) {
            int number = lent.sink.offer(value);
            context.writeVarUInt32(number + 1);
            if (number < 0) {
                inner.write(context, value);
            }
        }

        @Override
        public T read(ReadContext context) {
            int number = context.readVarUInt32() - 1;
            return number < 0 ? inner.read(context) : lent.take(number, type);
        }
    }

    /** Segments, buffers and tensors, which always leave. */
    private static final class ViewSerializer<T> extends Serializer<T> {
        private final Lent lent;

        ViewSerializer(Class<T> type, Lent lent) {
            super(lent.fory.getConfig(), type);
            this.lent = lent;
        }

        @Override
        public void write(WriteContext context, T value) {
            int number = lent.sink.offer(value);
            if (number < 0) {
                throw new IllegalArgumentException("a " + type.getName() + " can be shared, but not encoded by itself");
            }
            context.writeVarUInt32(number);
        }

        @Override
        public T read(ReadContext context) {
            // What comes back is a view, and of another class than what went away.
            Class<?> expected = type == Tensor.class ? Tensor.class : Buffer.class.isAssignableFrom(type) ? Buffer.class
                    : MemorySegment.class;
            return unchecked(lent.take(context.readVarUInt32(), expected));
        }

        @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // Fory takes what a serializer gives
        private static <T> T unchecked(Object value) {
            return (T) value;
        }
    }
}
