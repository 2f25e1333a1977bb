package io.cleave.memory;

/** What a block holds. */
public enum BlockKind {
    /** A kind that this version of Cleave does not know; {@link BlockInfo#note()} gives its number. */
    UNKNOWN(0),
    /** Plain bytes, as {@link SharedMemory} makes them. */
    MEMORY(1);

    private final int number;

    BlockKind(int number) {
        this.number = number;
    }

    /** The number in the header. */
    int number() {
        return number;
    }

    /** The kind that a header's number stands for. */
    static BlockKind of(int number) {
        for (BlockKind kind : values()) {
            if (kind.number == number) {
                return kind;
            }
        }
        return UNKNOWN;
    }
}
