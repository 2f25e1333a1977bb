package io.cleave.share;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * What can be said of a shared value by the first bytes of its block, without reading it. The bytes are taken at their
 * word.
 *
 * @param state what has become of the value
 * @param codec what encoded it; empty where it is an array, segment, buffer or tensor
 * @param byteSize what it takes, at most what its block has
 * @param parts how many arrays, segments, buffers and tensors lie beside the codec's bytes
 * @param readsLeft how often it can still be read, -1 for any number
 */
public record ValueInfo(State state, String codec, long byteSize, int parts, long readsLeft) {
    /** How many bytes are needed, from the first of the user's bytes of a block. */
    public static final int BYTES = ImageLayout.HEADER_BYTES;

    /** What becomes of a value. */
    public enum State {
        /** Its writer is at work, or has died at it. */
        WRITING,
        /** It can be read, if a process holds it or its lifetime keeps it. */
        LIVE,
        /** Nobody can read it any more; the memory waits for another value, or for those who still look at it. */
        FREED
    }

    /**
     * Reads the first bytes of a block of kind {@link io.cleave.memory.BlockKind#VALUE}.
     *
     * @param head at least {@link #BYTES} bytes
     * @return what they say; empty where they do not begin a value in the format of this version
     */
    public static Optional<ValueInfo> of(byte[] head) {
        if (head.length < BYTES) {
            return Optional.empty();
        }
        MemorySegment image = MemorySegment.ofArray(new long[BYTES / Long.BYTES]);
        MemorySegment.copy(head, 0, image, ValueLayout.JAVA_BYTE, 0, BYTES);
        int state = ImageLayout.intPlain(image, ImageLayout.STATE_AT);
        if (ImageLayout.longPlain(image, ImageLayout.MAGIC_AT) != ImageLayout.MAGIC
                || ImageLayout.intPlain(image, ImageLayout.VERSION_AT) != ImageLayout.VERSION
                || state < ImageLayout.WRITING || state > ImageLayout.FREED) {
            return Optional.empty();
        }
        return Optional.of(new ValueInfo(switch (state) {
            case ImageLayout.WRITING -> State.WRITING;
            case ImageLayout.LIVE -> State.LIVE;
            default -> State.FREED;
        }, ImageReader.codecName(image), ImageLayout.longPlain(image, ImageLayout.CONTENT_BYTES_AT),
                ImageLayout.intPlain(image, ImageLayout.PARTS_AT), ImageLayout.readsVolatile(image)));
    }
}
