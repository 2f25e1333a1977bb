package io.cleave.objects;

import io.cleave.IncompatibleBlockException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Where the fields of an interface are in an object that was made by this version of it, or by another.
 *
 * @param slots the slot of each field; {@link #ABSENT} where the object has none for it
 * @param schema of the object, with fields that are not here
 * @param added how many fields the object does not have yet; theirs are the last slots
 */
record LiveLayout(List<Integer> slots, ValueSchema schema, int added) {
    /** In the place of a slot: the field is 0, false or null, and cannot be set. */
    static final int ABSENT = -1;

    /** That of objects which this version of an interface makes. */
    static LiveLayout of(LiveInterface<?> type) {
        List<Integer> slots = new ArrayList<>();
        for (int i = 0; i < type.fields().size(); i++) {
            slots.add(i);
        }
        return new LiveLayout(List.copyOf(slots), type.schema(), 0);
    }

    /**
     * The same for who only reads: fields that the object does not have stay without a slot, as another version may add
     * others in the same slots.
     *
     * @param stored the object's schema
     */
    LiveLayout withoutAdded(ValueSchema stored) {
        int before = count() - added;
        return new LiveLayout(slots.stream().map(slot -> slot < before ? slot : ABSENT).toList(), stored, 0);
    }

    /** How many slots are in use once all fields are there. */
    int count() {
        return ValueSchema.parts(schema.lines().getFirst()).size();
    }

    /**
     * That of an object that another version of the interface may have made. Fields that the object does not have
     * come to its end; those that the interface does not have are left alone.
     *
     * @param name of the object, for messages
     * @param stored the object's schema
     * @throws IncompatibleBlockException where a field is of another type there, with its name
     */
    static LiveLayout of(LiveInterface<?> type, String name, ValueSchema stored) {
        List<String> here = type.schema().lines();
        List<String> there = stored.lines();
        String head = ValueSchema.head(here.getFirst());
        if (!ValueSchema.head(there.getFirst()).equals(head)) {
            throw refused(name, "it is an " + ValueSchema.head(there.getFirst()) + ", not an " + head);
        }
        for (String line : here.subList(1, here.size())) {
            for (String other : there) {
                if (ValueSchema.head(line).equals(ValueSchema.head(other)) && !line.equals(other)) {
                    throw refused(name, ValueSchema.difference(line, other));
                }
            }
        }
        List<String> declared = new ArrayList<>(ValueSchema.parts(there.getFirst()));
        int before = declared.size();
        List<Integer> slots = new ArrayList<>();
        for (LiveField field : type.fields()) {
            slots.add(slot(declared, field, name));
        }
        Set<String> lines = new LinkedHashSet<>();
        lines.add(head + "(" + String.join(", ", declared) + ")");
        lines.addAll(there.subList(1, there.size()));
        lines.addAll(here.subList(1, here.size()));
        return new LiveLayout(List.copyOf(slots), new ValueSchema(String.join("\n", lines)), declared.size() - before);
    }

    /** The slot of a field among those that are declared, to which it is added where it is missing. */
    private static int slot(List<String> declared, LiveField field, String name) {
        for (int i = 0; i < declared.size(); i++) {
            String other = declared.get(i);
            if (other.endsWith(" " + field.name())) {
                if (!other.equals(field.declaration())) {
                    throw refused(name, "the field " + field.name() + " is " + field.description() + " here, and was "
                            + other.substring(0, other.length() - field.name().length() - 1) + " there");
                }
                return i;
            }
        }
        declared.add(field.declaration());
        return declared.size() - 1;
    }

    private static IncompatibleBlockException refused(String name, String difference) {
        return new IncompatibleBlockException("the object \"" + name + "\" was made by another version of the program: "
                + difference + "; open it with that version, or drop it and make it anew");
    }

    /** The declarations of the fields that the object does not have yet. */
    List<String> addedFields() {
        List<String> all = ValueSchema.parts(schema.lines().getFirst());
        return all.subList(all.size() - added, all.size());
    }
}
