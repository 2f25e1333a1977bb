package io.cleave.work;

import org.jspecify.annotations.Nullable;

/** What stands for null in a queue, which takes none. */
public enum Absent {
    /** The only one. */
    NULL;

    /**
     * What to put in.
     *
     * @param value a value
     * @return the value, or what stands for null
     */
    public static Object entry(@Nullable Object value) {
        return value == null ? NULL : value;
    }

    /**
     * What was put in.
     *
     * @param entry what {@link #entry} gave, or null
     * @return the value
     */
    public static @Nullable Object value(@Nullable Object entry) {
        return entry == NULL ? null : entry;
    }
}
