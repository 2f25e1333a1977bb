package io.cleave;

import org.jspecify.annotations.Nullable;

/**
 * A shared heap has no room for what was asked for, and may not grow; or the device that it lies on is full. All is as
 * it was before.
 */
public final class HeapFullException extends CleaveException {
    private static final long serialVersionUID = 1L;

    /** Figures, in bytes: what was asked for, what is free in all, and in one piece, and what the heap may grow to. */
    private final long askedBytes;
    private final long freeBytes;
    private final long largestHoleBytes;
    private final long maximumBytes;
    private final boolean isFragmented;

    /**
     * Makes an error with its figures, all in bytes.
     *
     * @param message what went wrong, with the figures, and what to do about it
     * @param askedBytes what was asked for
     * @param freeBytes what is free in all
     * @param largestHoleBytes what is free in one piece
     * @param maximumBytes what the heap may grow to
     * @param isFragmented whether enough is free, but in pieces
     * @param cause what the system said, where it was the device, or null
     */
    public HeapFullException(String message, long askedBytes, long freeBytes, long largestHoleBytes, long maximumBytes,
            boolean isFragmented, @Nullable Throwable cause) {
        super(message, cause);
        this.askedBytes = askedBytes;
        this.freeBytes = freeBytes;
        this.largestHoleBytes = largestHoleBytes;
        this.maximumBytes = maximumBytes;
        this.isFragmented = isFragmented;
    }

    /**
     * What was asked for.
     *
     * @return in bytes
     */
    public long askedBytes() {
        return askedBytes;
    }

    /**
     * What is free in all, in blocks of any size.
     *
     * @return in bytes
     */
    public long freeBytes() {
        return freeBytes;
    }

    /**
     * What is free in one piece.
     *
     * @return in bytes
     */
    public long largestHoleBytes() {
        return largestHoleBytes;
    }

    /**
     * What the heap may grow to.
     *
     * @return in bytes
     */
    public long maximumBytes() {
        return maximumBytes;
    }

    /**
     * Whether enough is free for what was asked for, but in pieces that are too small or of another size.
     *
     * @return false where the heap is full
     */
    public boolean isFragmented() {
        return isFragmented;
    }
}
