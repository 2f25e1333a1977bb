package io.cleave.share;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.fory.context.ReadContext;
import org.apache.fory.context.WriteContext;
import org.apache.fory.memory.MemoryBuffer;
import org.apache.fory.reflect.FieldAccessor;
import org.apache.fory.resolver.ClassResolver;
import org.apache.fory.serializer.Serializer;
import org.apache.fory.serializer.collection.CollectionSerializer;
import org.apache.fory.serializer.collection.MapSerializer;
import org.jspecify.annotations.Nullable;

/** Collections of the JDK with a property that Fory's forms for them leave out. */
final class CollectionForms {
    private CollectionForms() {
    }

    static void install(ClassResolver resolver) {
        setCopiesForm(resolver, Collections.nCopies(1, 1).getClass());
        resolver.setSerializer(LinkedHashMap.class, new LinkedMapForm(resolver));
        setListForm(resolver, List.of(1).getClass());
        setListForm(resolver, List.of().getClass());
    }

    @SuppressWarnings({"unchecked", "rawtypes"}) // the classes have no names in the language
    private static void setCopiesForm(ClassResolver resolver, Class type) {
        resolver.setSerializer(type, new CopiesForm(resolver, type));
    }

    @SuppressWarnings({"unchecked", "rawtypes"}) // the classes have no names in the language
    private static void setListForm(ClassResolver resolver, Class type) {
        resolver.setSerializer(type, new ListForm(resolver, type));
    }

    private static FieldAccessor accessor(Class<?> type, String field) {
        try {
            return FieldAccessor.createAccessor(type.getDeclaredField(field));
        } catch (NoSuchFieldException e) {
            throw new IllegalStateException("the class " + type.getName() + " of this JDK has no field " + field, e);
        }
    }

    /** A linked map, which may have its entries in the order of their use. */
    @SuppressWarnings({"rawtypes", "NonApiType"}) // as Fory has them
    private static final class LinkedMapForm extends MapSerializer<LinkedHashMap> {
        private final FieldAccessor accessOrder = accessor(LinkedHashMap.class, "accessOrder");

        LinkedMapForm(ClassResolver resolver) {
            super(resolver, LinkedHashMap.class, true);
        }

        @Override
        public Map onMapWrite(WriteContext context, LinkedHashMap value) {
            context.getBuffer().writeBoolean(accessOrder.getBoolean(value));
            return super.onMapWrite(context, value);
        }

        @Override
        public LinkedHashMap newMap(ReadContext context, boolean entryReadAlwaysAdvances) {
            MemoryBuffer buffer = context.getBuffer();
            boolean isByUse = buffer.readBoolean();
            int size = readMapSize(context, buffer, entryReadAlwaysAdvances);
            setNumElements(size);
            LinkedHashMap map = isByUse ? new LinkedHashMap(Math.max(size, 16), 0.75f, true) : new LinkedHashMap(size);
            context.reference(map);
            return map;
        }
    }

    /** One element many times, in the room of one. */
    private static final class CopiesForm<T> extends Serializer<List<T>> {
        CopiesForm(ClassResolver resolver, Class<List<T>> type) {
            super(resolver.getConfig(), type);
        }

        @Override
        public void write(WriteContext context, List<T> value) {
            context.writeVarUInt32(value.size());
            context.writeRef(value.isEmpty() ? null : value.getFirst());
        }

        @Override
        @SuppressWarnings("unchecked") // what was written
        public List<T> read(ReadContext context) {
            int count = context.readVarUInt32();
            return Collections.nCopies(count, (T) context.readRef());
        }
    }

    /** An immutable list, which knows of itself whether it may hold null. */
    @SuppressWarnings("rawtypes") // as Fory has them
    private static final class ListForm extends CollectionSerializer<List> {
        private final @Nullable FieldAccessor allowNulls;

        @SuppressWarnings("unchecked")
        ListForm(ClassResolver resolver, Class<List> type) {
            super(resolver, type, true);
            boolean isLarge = type == List.of().getClass();
            allowNulls = isLarge ? accessor(type, "allowNulls") : null;
        }

        /** The elements before the list is made, and whether one that is null was allowed. */
        private static final class Elements extends ArrayList<@Nullable Object> {
            private static final long serialVersionUID = 1L;
            private final boolean mayBeNull;

            Elements(int size, boolean mayBeNull) {
                super(size);
                this.mayBeNull = mayBeNull;
            }
        }

        @Override
        public Collection onCollectionWrite(WriteContext context, List value) {
            context.getBuffer().writeBoolean(allowNulls != null && allowNulls.getBoolean(value));
            return super.onCollectionWrite(context, value);
        }

        @Override
        public Collection newCollection(ReadContext context, boolean elementReadAlwaysAdvances) {
            MemoryBuffer buffer = context.getBuffer();
            boolean mayBeNull = buffer.readBoolean();
            int size = readCollectionSize(context, buffer, elementReadAlwaysAdvances);
            setNumElements(size);
            return new Elements(size, mayBeNull);
        }

        @Override
        public List onCollectionRead(Collection collection) {
            Elements elements = (Elements) collection;
            return elements.mayBeNull ? elements.stream().toList() : List.of(elements.toArray());
        }
    }
}
