package io.cleave.objects;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Constants of an enum: by their place where the schema has been compared, else by class and name. */
final class ValueEnum extends ValueForm<Enum<?>> {
    private final String name;
    /** Filled at the first use, which initialises the class where the schema of a declared one has not. */
    private volatile @Nullable Constants constants;

    private record Constants(List<Enum<?>> all, Map<String, Enum<?>> byName) {}

    @SuppressWarnings("unchecked") // it is the class of an enum
    ValueEnum(Class<?> type) {
        super(ValueTags.ENUM, (Class<Enum<?>>) type);
        name = type.getName();
    }

    private Constants constants() {
        Constants found = constants;
        if (found == null) {
            Enum<?>[] all = Objects.requireNonNull(type().getEnumConstants());
            Map<String, Enum<?>> byName = new HashMap<>();
            for (Enum<?> constant : all) {
                byName.put(constant.name(), constant);
            }
            found = new Constants(List.of(all), byName);
            constants = found;
        }
        return found;
    }

    @Override
    @SuppressWarnings("EnumOrdinal") // the schema lists the constants, and no other list is let in
    void write(Enum<?> value, ValueBuffer out) {
        out.putShort(value.ordinal());
    }

    @Override
    Enum<?> read(ValueInput in) {
        int place = in.readShort() & 0xffff;
        List<Enum<?>> all = constants().all;
        if (place >= all.size()) {
            throw in.damaged("the enum " + name + " has " + all.size() + " constants, and none has the place " + place);
        }
        return all.get(place);
    }

    @Override
    void writeTagged(Enum<?> value, ValueBuffer out) {
        ValueForms.requireTrust(type());
        out.putByte(tag());
        out.putText(name);
        out.putText(value.name());
    }

    @Override
    Object readTagged(ValueInput in) {
        String constant = in.readText();
        Enum<?> found = constants().byName.get(constant);
        if (found == null) {
            throw in.damaged("the enum " + name + " has no constant " + constant + " here");
        }
        return found;
    }
}
