package io.cleave.objects;

import io.cleave.share.Codec;
import io.cleave.share.Tensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Everything that has no form of its own: through the codec that {@link io.cleave.share.Share} uses, with its filters. */
final class ValueCodec extends ValueForm<Object> {
    private static final int LEAST_PART_ELEMENTS = 4096;

    ValueCodec() {
        super(ValueTags.CODEC, Object.class);
    }

    @Override
    void write(Object value, ValueBuffer out) {
        Parts parts = new Parts();
        byte[] bytes;
        try {
            bytes = Codec.standard().encode(value, parts);
        } catch (IOException | RuntimeException e) {
            throw new IllegalArgumentException(
                    "a " + value.getClass().getTypeName() + " cannot be stored: " + e.getMessage(), e);
        }
        out.putCount(parts.all.size());
        for (Object part : parts.all) {
            ValueForms.write(part, out);
        }
        out.putCount(bytes.length);
        out.putBytes(bytes);
    }

    @Override
    Object read(ValueInput in) {
        Object[] parts = new Object[in.readCount(1)];
        for (int i = 0; i < parts.length; i++) {
            parts[i] = readPart(in);
        }
        byte[] bytes = in.readBytes(in.readCount(1));
        Object value;
        try {
            value = Codec.standard().decode(bytes, 0, bytes.length, number -> part(parts, number));
        } catch (IOException | RuntimeException | StackOverflowError | LinkageError e) {
            throw ValueInput.damaged(String.valueOf(e.getMessage()), e);
        }
        if (value == null) {
            throw in.damaged("the codec has read null, which is not written so");
        }
        return value;
    }

    private static Object readPart(ValueInput in) {
        in.enter();
        Object part = ValueForms.read(in);
        in.leave();
        if (part == null) {
            throw in.damaged("a part of a value is missing");
        }
        return part;
    }

    private static Object part(Object[] parts, int number) throws IOException {
        if (number < 0 || number >= parts.length) {
            throw new IOException("there are " + parts.length + " parts, and none has the number " + number);
        }
        return parts[number];
    }

    @Override
    boolean isTotal() {
        return false;
    }

    @Override
    boolean isPlain() {
        return false;
    }

    @Override
    @Nullable String keyFlaw() {
        return "it has no form of its own here, so that equal ones may have different bytes; use a record, a String, a "
                + "number, a List.of of these, or encode it to one of them";
    }

    /** Takes large arrays, which are then not copied twice, and tensors, which no codec takes. */
    private static final class Parts implements Codec.Sink {
        private final List<Object> all = new ArrayList<>();
        private final IdentityHashMap<Object, Integer> numbers = new IdentityHashMap<>();

        @Override
        public int offer(Object part) {
            if (!(part instanceof Tensor) && !isLargeArray(part)) {
                return -1;
            }
            return numbers.computeIfAbsent(part, _ -> {
                all.add(part);
                return all.size() - 1;
            });
        }

        private static boolean isLargeArray(Object part) {
            Class<?> element = part.getClass().getComponentType();
            return element != null && element.isPrimitive()
                    && java.lang.reflect.Array.getLength(part) >= LEAST_PART_ELEMENTS;
        }
    }
}
