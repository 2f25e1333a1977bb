package io.cleave.objects;

/** What the slots of a list hold. */
enum SlotKind {
    /** Words of {@link StoredValue}. */
    VALUES(3),
    /** Numbers of 32 bits. */
    INTS(2),
    /** Numbers of 64 bits. */
    LONGS(3);

    private final int widthShift;

    SlotKind(int widthShift) {
        this.widthShift = widthShift;
    }

    /** The logarithm of a slot's bytes. */
    int widthShift() {
        return widthShift;
    }

    /** The logarithm of the number of slots that a leaf has. */
    int leafShift() {
        return ListLayout.LEAF_SHIFT - widthShift;
    }
}
