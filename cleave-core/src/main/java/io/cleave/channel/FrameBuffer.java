package io.cleave.channel;

import java.util.Arrays;

/** Frames that are prepared in the heap, to be published in a ring all at once. For one thread at a time. */
public final class FrameBuffer implements FrameSink {
    private byte[] bytes;
    private int size;

    /**
     * An empty buffer, which grows.
     *
     * @param capacity bytes to begin with
     */
    public FrameBuffer(int capacity) {
        bytes = new byte[capacity];
    }

    @Override
    public void write(int kind, byte[] payload, int offset, int length) {
        int at = begin(kind, length);
        System.arraycopy(payload, offset, bytes, at, length);
    }

    @Override
    public void write(int kind, int length, long payload) {
        int at = begin(kind, length);
        if (length == Long.BYTES) {
            RingValues.putLong(bytes, at, payload);
        }
    }

    private int begin(int kind, int length) {
        int at = size;
        int padded = RingLayout.padded(length);
        if (at + padded > bytes.length) {
            bytes = Arrays.copyOf(bytes, Ring.grown(bytes.length, at + padded));
        }
        RingValues.ARRAY_INT.set(bytes, at, length);
        RingValues.ARRAY_INT.set(bytes, at + 4, kind);
        size = at + padded;
        return at + RingLayout.FRAME_HEADER;
    }

    /**
     * Puts the frames of another buffer behind those of this one, but for its first ones.
     *
     * @param other the other
     * @param skipped how many of its frames are left out; it has so many
     */
    public void append(FrameBuffer other, int skipped) {
        int from = 0;
        for (int i = 0; i < skipped; i++) {
            from += RingLayout.padded((int) RingValues.ARRAY_INT.get(other.bytes, from));
        }
        int length = other.size - from;
        if (size + length > bytes.length) {
            bytes = Arrays.copyOf(bytes, Ring.grown(bytes.length, size + length));
        }
        System.arraycopy(other.bytes, from, bytes, size, length);
        size += length;
    }

    /**
     * Puts all frames of another buffer behind those of this one.
     *
     * @param other the other
     */
    public void append(FrameBuffer other) {
        append(other, 0);
    }

    /**
     * Writes all frames elsewhere, one by one.
     *
     * @param to where to, which may wait for room
     */
    public void writeTo(FrameSink to) {
        for (int at = 0; at < size;) {
            int length = (int) RingValues.ARRAY_INT.get(bytes, at);
            int kind = (int) RingValues.ARRAY_INT.get(bytes, at + 4);
            to.write(kind, bytes, at + RingLayout.FRAME_HEADER, length);
            at += RingLayout.padded(length);
        }
    }

    /**
     * What the frames take in a ring.
     *
     * @return bytes
     */
    public int size() {
        return size;
    }

    /**
     * Drops all but the first frames.
     *
     * @param kept how many stay; it has so many
     */
    public void truncate(int kept) {
        int at = 0;
        for (int i = 0; i < kept; i++) {
            at += RingLayout.padded((int) RingValues.ARRAY_INT.get(bytes, at));
        }
        size = at;
    }

    /** Makes it empty. */
    public void clear() {
        size = 0;
    }

    /**
     * The frames as they are.
     *
     * @return a copy
     */
    public byte[] toByteArray() {
        return Arrays.copyOf(bytes, size);
    }

    byte[] bytes() {
        return bytes;
    }
}
