package io.cleave.objects;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A field of a live object, as an interface declares it.
 *
 * @param name what its methods are called after
 * @param type what the method that reads it returns
 * @param mode how a primitive is accessed
 * @param canBeSet whether there is a method that writes it; a structure without such is made when it is first read
 * @param structure what it is where it is a structure; null where it is a primitive or a value
 */
record LiveField(String name, Class<?> type, FieldAccess.Mode mode, boolean canBeSet,
        @Nullable StructureType<?> structure) {
    /** What a slot has: one of the kinds of {@link ObjectLayout}. */
    int kind() {
        return type.isPrimitive() ? ObjectLayout.PRIMITIVE
                : structure == null ? ObjectLayout.VALUE : ObjectLayout.STRUCTURE;
    }

    /** Whether it is a structure that is made when it is first read. */
    boolean isMadeAtOnce() {
        return structure != null && !canBeSet;
    }

    /** What is stored of the type, to be compared with what others declare. */
    String description() {
        return structure == null ? type.getTypeName() : structure.toString();
    }

    /** As a schema has it. */
    String declaration() {
        return description() + " " + name;
    }

    /** The lines of a schema that say what the type is made of. */
    List<String> lines() {
        if (structure != null) {
            return structure.lines();
        }
        return type.isRecord() || type.isEnum() ? ValueSchema.of(type).lines() : List.of();
    }

    /** How its values become bytes; null for a primitive. */
    @SuppressWarnings("unchecked") // values are asked for their class when they are encoded
    @Nullable ValueEncoding<Object> encoding(LooseStructures loose) {
        if (type.isPrimitive()) {
            return null;
        }
        return (ValueEncoding<Object>) (structure == null ? ValueEncoding.of(type) : structure.encoding(loose));
    }
}
