package io.cleave.objects;

import io.cleave.heap.HeapMemory;

/**
 * The layout of a live object in a heap.
 *
 * <pre>
 * header       0                8                16               24
 *              +----------------+----------------+----------------+----------------+
 *            0 | as {@link RootLayout} says                       | version        |
 *              +----------------+----------------+----------------+----------------+
 *           32 | fields         | capacity       | schema         | print          |
 *              +----------------+----------------+----------------+----------------+
 *           64 | more holders   | holders, 17 words                                 |
 *              +----------------+---------------------------------+----------------+
 *          240 |                | lock           |
 *              +----------------+----------------+
 *
 * fields       one word for each slot, of which there are as many as the capacity
 *              one byte for each slot: what it has, 0 the bits of a primitive, 1 the word of a {@link StoredValue},
 *              2 such a word whose value is a {@link HeldStructure}
 *
 * schema       {@link StoredSchema}; 0 in an object that another structure holds
 *
 * more holders next such block | holders, 31 words
 *
 * holder       the process of a handle that has the object open; 0 where there is none
 * </pre>
 *
 * Each field has a word of its own, also where it is a boolean: a change stores whole words, and a field that shared
 * one with another would be stored with that.
 *
 * <p>
 * The version is raised by 2 with each change of one field that takes a block or frees one; a change of several fields
 * raises it by 1 before and after, so that it is odd in between. The last word of the header is a lock, as in all
 * headers.
 */
final class ObjectLayout {
    static final long GENERATION = RootLayout.GENERATION_IN_HEADER;
    static final long VERSION = RootLayout.OWN_IN_HEADER;
    static final long FIELDS = 32;
    static final long CAPACITY = 40;
    static final long SCHEMA = 48;
    static final long PRINT = 56;
    static final long MORE_HOLDERS = 64;
    static final long FIRST_HOLDER = 72;
    static final int HOLDERS = 17;
    static final long OWN_END = RootLayout.NEXT_IN_HEADER;
    /** As in all headers. */
    static final long LOCK = MapLayout.LOCK;

    static final int HOLDERS_IN_BLOCK = 31;
    static final long HOLDER_BLOCK_BYTES = (1 + HOLDERS_IN_BLOCK) * (long) Long.BYTES;

    /** The most fields that an object can have. */
    static final int MOST_SLOTS = 1000;
    /** How many fields can be added to an object with a name. */
    static final int SPARE_SLOTS = 8;

    static final int PRIMITIVE = 0;
    static final int VALUE = 1;
    static final int STRUCTURE = 2;

    private ObjectLayout() {
    }

    /** Where a block of fields has the word of a slot. */
    static long slotAt(long fields, int slot) {
        return fields + slot * (long) Long.BYTES;
    }

    /** The size of a block of fields. */
    static long fieldsBytes(long capacity) {
        return capacity * Long.BYTES + roundUp(capacity);
    }

    /** Where the word lies that says what a slot has, and seven others. */
    static long kindsAt(long fields, long capacity, int slot) {
        return fields + capacity * Long.BYTES + (slot & -Long.BYTES);
    }

    /** That word with what a slot has. */
    static long withKind(long kinds, int slot, int kind) {
        return kinds | (long) kind << (Byte.SIZE * (slot & Long.BYTES - 1));
    }

    /** What a slot has. */
    static int kind(HeapMemory memory, long fields, long capacity, int slot) {
        return (int) (memory.getPlain(kindsAt(fields, capacity, slot)) >>> (Byte.SIZE * (slot & Long.BYTES - 1)))
                & 0xff;
    }

    private static long roundUp(long bytes) {
        return (bytes + Long.BYTES - 1) & -Long.BYTES;
    }
}
