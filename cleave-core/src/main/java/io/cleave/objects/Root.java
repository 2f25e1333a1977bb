package io.cleave.objects;

/**
 * A structure that a name leads to, as it was found.
 *
 * @param name the name
 * @param kind the number of its {@link RootKind}
 * @param header where its header lies
 * @param generation the header's while it is this structure's
 * @param fingerprint of its types
 * @param description of its types
 */
record Root(String name, int kind, long header, long generation, long fingerprint, String description) {}
