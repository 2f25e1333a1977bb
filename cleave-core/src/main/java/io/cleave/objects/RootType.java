package io.cleave.objects;

/**
 * What a name leads to, so that nobody takes it for something else.
 *
 * @param kind the sort of structure
 * @param fingerprint of its types, 0 where there are none
 * @param description for messages, such as {@code map of java.lang.String to java.lang.Long}
 */
record RootType(RootKind kind, long fingerprint, String description) {
    /** Of bytes that are the user's alone. */
    static final RootType RAW = new RootType(RootKind.RAW, 0, "raw bytes");
}
