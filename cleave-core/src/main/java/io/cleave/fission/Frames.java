package io.cleave.fission;

/** The kinds of frames that a child sends. */
final class Frames {
    /** The child begins or resumes a chunk: its number. */
    static final int CHUNK = 1;
    /** The chunk is done. */
    static final int END = 2;
    /** The child leaves for want of chunks. */
    static final int LEAVE_IDLE = 3;
    /** The child leaves because its memory is nearly used up. */
    static final int LEAVE_MEMORY = 4;
    /** The child leaves because it was asked to. */
    static final int LEAVE_ASKED = 5;
    /** The child leaves because the codec has never been used in this JVM, and loading it is for its parent. */
    static final int LEAVE_CODEC = 7;
    /** The user's code threw, or its result could not be encoded. */
    static final int FAILURE = 6;
    /** The child begins a slice of its chunk: where that ends, counted from the chunk's first item. */
    static final int SLICE = 8;

    /** There is no result for the item begun last, and the child goes on: why. */
    static final int ITEM_FAILED = 9;

    /** A large array of the result that comes next: where it lies in the side buffer. */
    static final int PART = 10;

    private Frames() {
    }
}
