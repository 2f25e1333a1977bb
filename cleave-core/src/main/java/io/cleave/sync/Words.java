package io.cleave.sync;

/**
 * The 64-bit words of an object, by their offsets: what algorithms that change several words need of the world.
 * {@link SharedWords} are those in shared memory; tests put a scheduler in their place.
 */
interface Words {
    /** A word, with acquire semantics. */
    long get(long at);

    /** Sets a word, with release semantics. */
    void set(long at, long value);

    /** Compares and sets a word, with the semantics of a volatile access. */
    boolean cas(long at, long expected, long value);
}
