package io.cleave.objects;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The JDK's small immutable collections, and {@link Optional}. All others go through the codec. */
final class ValueCollections {
    private static final String ORDER = "its elements have another order in each process; use a List.of in an order of "
            + "your own";

    private ValueCollections() {
    }

    static List<ValueForm<?>> forms() {
        return List.of(new OfOptional(), new OfList(List.of(1).getClass()), new OfSet(Set.of(1).getClass()),
                new OfMap(Map.of(1, 1).getClass()));
    }

    /** The classes that the collections of other sizes have. */
    static Map<Class<?>, ValueForm<?>> others() {
        return Map.of(List.of().getClass(), new OfList(List.of().getClass()), Set.of().getClass(),
                new OfSet(Set.of().getClass()), Map.of().getClass(), new OfMap(Map.of().getClass()));
    }

    /** A form whose values have parts. */
    private abstract static class Composite<T> extends ValueForm<T> {
        private final @Nullable String keyFlaw;

        @SuppressWarnings("unchecked") // the class of such a value
        Composite(int tag, Class<?> type, @Nullable String keyFlaw) {
            super(tag, (Class<T>) type);
            this.keyFlaw = keyFlaw;
        }

        @Override
        boolean isTotal() {
            return false; // a value may have too many levels
        }

        @Override
        @Nullable String keyFlaw() {
            return keyFlaw;
        }

        @Override
        boolean isPlain() {
            return false;
        }

        static void writeAll(Iterable<?> values, int count, ValueBuffer out) {
            out.enter();
            out.putCount(count);
            for (Object value : values) {
                ValueForms.write(value, out);
            }
            out.leave();
        }

        static Object[] readAll(ValueInput in) {
            in.enter();
            Object[] values = new Object[in.readCount(1)];
            for (int i = 0; i < values.length; i++) {
                values[i] = Objects.requireNonNull(ValueForms.read(in), "a null in a collection that has none");
            }
            in.leave();
            return values;
        }
    }

    private static final class OfOptional extends Composite<Optional<?>> {
        OfOptional() {
            super(ValueTags.OPTIONAL, Optional.class, null);
        }

        @Override
        void write(Optional<?> value, ValueBuffer out) {
            out.enter();
            ValueForms.write(value.isPresent() ? value.get() : null, out);
            out.leave();
        }

        @Override
        Optional<?> read(ValueInput in) {
            in.enter();
            Optional<?> value = Optional.ofNullable(ValueForms.read(in));
            in.leave();
            return value;
        }
    }

    private static final class OfList extends Composite<List<?>> {
        OfList(Class<?> type) {
            super(ValueTags.LIST, type, null);
        }

        /** Others of the class may have nulls. */
        @Override
        @SuppressWarnings("ReferenceEquality") // a copy is the list itself where it has no place for nulls
        boolean fits(List<?> value) {
            return copyOf(value) == value;
        }

        private static @Nullable Object copyOf(List<?> value) {
            try {
                return List.copyOf(value);
            } catch (NullPointerException e) {
                return null;
            }
        }

        @Override
        void write(List<?> value, ValueBuffer out) {
            writeAll(value, value.size(), out);
        }

        @Override
        List<?> read(ValueInput in) {
            return List.of(readAll(in));
        }
    }

    private static final class OfSet extends Composite<Set<?>> {
        OfSet(Class<?> type) {
            super(ValueTags.SET, type, ORDER);
        }

        @Override
        void write(Set<?> value, ValueBuffer out) {
            writeAll(value, value.size(), out);
        }

        @Override
        Set<?> read(ValueInput in) {
            return Set.of(readAll(in));
        }
    }

    private static final class OfMap extends Composite<Map<?, ?>> {
        OfMap(Class<?> type) {
            super(ValueTags.MAP, type, ORDER);
        }

        @Override
        void write(Map<?, ?> value, ValueBuffer out) {
            out.enter();
            out.putCount(2L * value.size());
            for (Map.Entry<?, ?> entry : value.entrySet()) {
                ValueForms.write(entry.getKey(), out);
                ValueForms.write(entry.getValue(), out);
            }
            out.leave();
        }

        @Override
        Map<?, ?> read(ValueInput in) {
            Object[] all = readAll(in);
            if (all.length % 2 != 0) {
                throw in.damaged("a map has a key without a value");
            }
            Map.Entry<?, ?>[] entries = new Map.Entry<?, ?>[all.length / 2];
            Arrays.setAll(entries, i -> Map.entry(all[2 * i], all[2 * i + 1]));
            return Map.ofEntries(entries);
        }
    }
}
