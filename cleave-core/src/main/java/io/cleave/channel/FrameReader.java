package io.cleave.channel;

import java.io.EOFException;
import java.io.IOException;

/**
 * Reads frames of an array, as {@link FrameBuffer#toByteArray} gave it, one after the other. For one thread at a time.
 */
public final class FrameReader {
    private final byte[] bytes;
    private int next;
    private int kind;
    private int offset;
    private int length;

    /**
     * Stands in front of the first frame.
     *
     * @param bytes hold the frames; they must not change
     */
    public FrameReader(byte[] bytes) {
        this.bytes = bytes;
    }

    /**
     * Goes to the next frame.
     *
     * @return false where there is none
     * @throws IOException where the bytes end within a frame
     */
    public boolean next() throws IOException {
        if (next == bytes.length) {
            return false;
        }
        if (bytes.length - next < RingLayout.FRAME_HEADER) {
            throw cut();
        }
        length = (int) RingValues.ARRAY_INT.get(bytes, next);
        kind = (int) RingValues.ARRAY_INT.get(bytes, next + 4);
        offset = next + RingLayout.FRAME_HEADER;
        if (length < 0 || length > bytes.length - offset || RingLayout.padded(length) > bytes.length - next) {
            throw cut();
        }
        next += RingLayout.padded(length);
        return true;
    }

    private EOFException cut() {
        return new EOFException(bytes.length + " bytes of frames end within the one that begins at byte " + next);
    }

    /**
     * What the frame is.
     *
     * @return its kind
     */
    public int kind() {
        return kind;
    }

    /**
     * What the frames lie in.
     *
     * @return the array itself
     */
    public byte[] bytes() {
        return bytes;
    }

    /**
     * Where the frame's payload begins.
     *
     * @return the first byte's place
     */
    public int offset() {
        return offset;
    }

    /**
     * How long the payload is.
     *
     * @return bytes
     */
    public int length() {
        return length;
    }
}
