package io.cleave.objects;

import org.jspecify.annotations.Nullable;

/** The sorts of structures that a name can lead to. Their numbers are part of the format. */
enum RootKind {
    /** Bytes that are the user's alone. */
    RAW(1, "raw", new RawStructure()),
    /** Keys with values. */
    MAP(2, "map", new MapStructure()),
    /** Elements, each once. */
    SET(3, "set", new MapStructure()),
    /** Elements in an order of their own. */
    LIST(8, "list", new ListStructure(SlotKind.VALUES)),
    /** Numbers of 32 bits in an order of their own. */
    INTS(9, "list of ints", new ListStructure(SlotKind.INTS)),
    /** Numbers of 64 bits likewise. */
    LONGS(10, "list of longs", new ListStructure(SlotKind.LONGS)),
    /** Floating-point numbers of 64 bits likewise. */
    DOUBLES(11, "list of doubles", new ListStructure(SlotKind.LONGS)),
    /** Elements, of which the first in is the first out. */
    QUEUE(16, "queue", new QueueStructure()),
    /** Elements, of which the last in is the first out. */
    STACK(17, "stack", new QueueStructure()),
    /** Numbers of 32 bits, of which the first in is the first out. */
    INT_QUEUE(18, "queue of ints", new QueueStructure()),
    /** Numbers of 64 bits likewise. */
    LONG_QUEUE(19, "queue of longs", new QueueStructure()),
    /** Floating-point numbers of 64 bits likewise. */
    DOUBLE_QUEUE(20, "queue of doubles", new QueueStructure()),
    /** Fields with names. */
    OBJECT(24, "object", new ObjectStructure());

    private final int number;
    private final String word;
    @SuppressWarnings("ImmutableEnumChecker") // structures have no state
    private final Structure structure;

    RootKind(int number, String word, Structure structure) {
        this.number = number;
        this.word = word;
        this.structure = structure;
    }

    int number() {
        return number;
    }

    /** For messages and tables. */
    String word() {
        return word;
    }

    Structure structure() {
        return structure;
    }

    /** Whether it is a queue whose slots hold numbers, and not elements of any length. */
    boolean isQueueOfNumbers() {
        return this == INT_QUEUE || this == LONG_QUEUE || this == DOUBLE_QUEUE;
    }

    /** The kind of a number; null for one that another version of Cleave has given. */
    static @Nullable RootKind of(int number) {
        for (RootKind kind : values()) {
            if (kind.number == number) {
                return kind;
            }
        }
        return null;
    }
}
