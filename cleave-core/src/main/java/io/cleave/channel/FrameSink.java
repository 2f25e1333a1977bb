package io.cleave.channel;

/** Takes frames. */
public interface FrameSink {
    /**
     * Takes a frame of any size.
     *
     * @param kind what the frame is, 0 to 65,535
     * @param bytes holds the payload
     * @param offset its first byte
     * @param length how many bytes
     */
    void write(int kind, byte[] bytes, int offset, int length);

    /**
     * Takes a frame of 8 bytes or none.
     *
     * @param kind what the frame is, 0 to 65,535
     * @param length 8 or 0
     * @param payload the 8 bytes
     */
    void write(int kind, int length, long payload);
}
