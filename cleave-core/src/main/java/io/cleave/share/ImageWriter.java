package io.cleave.share;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A value on its way out: encoded, with its parts still where the caller has them, and with its place in an image
 * decided. {@link ImageLayout} has the format.
 */
final class ImageWriter {
    /** Arrays below this stay among the codec's bytes, as an entry of their own would cost more than the copy. */
    private static final int LEAST_PART_BYTES = 4096;
    /** What a token can hold: a String of Base64 has four characters for three bytes. */
    static final long MOST_INLINE_BYTES = Integer.MAX_VALUE / 4 * 3L - 64;

    private final List<Part> parts;
    private final long[] partAt;
    private final long byteSize;
    private final String codec;
    private final byte[] meta;
    private final int metaAt;
    private final int dimensions;
    private final int frontBytes;
    /** Everything before the first part, up to its place; made where it is needed by itself. */
    private @Nullable MemorySegment front;

    /** Places a codec's bytes and the parts. */
    private ImageWriter(String codec, byte[] meta, List<Part> parts) {
        this.parts = parts;
        this.codec = codec;
        this.meta = meta;
        this.partAt = new long[parts.size()];
        int extents = 0;
        for (Part part : parts) {
            extents += part.shape().length;
        }
        this.dimensions = extents;
        long metaStart = ImageLayout.HEADER_BYTES + (long) ImageLayout.ENTRY_BYTES * parts.size() + 8L * extents;
        long at = metaStart + meta.length;
        long frontEnd = parts.isEmpty() ? at : ImageLayout.aligned(at);
        for (int i = 0; i < partAt.length; i++) {
            partAt[i] = ImageLayout.aligned(at);
            at = partAt[i] + parts.get(i).bytes().byteSize();
        }
        this.byteSize = at;
        if (frontEnd > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException("what is not an array of primitives, a segment, a buffer or a tensor "
                    + "takes " + frontEnd + " encoded bytes, and 2^31 is the limit; share it in several values");
        }
        this.metaAt = (int) metaStart;
        this.frontBytes = (int) frontEnd;
    }

    private MemorySegment front() {
        MemorySegment made = front;
        if (made == null) {
            made = MemorySegment.ofArray(new byte[frontBytes]);
            fillFront(made);
            front = made;
        }
        return made;
    }

    /** Encodes a value. */
    static ImageWriter of(@Nullable Object value, Codec codec) {
        Part root = value == null ? null : Part.of(value);
        if (root != null) {
            return new ImageWriter("", new byte[0], List.of(root));
        }
        Collector collector = new Collector();
        byte[] meta;
        try {
            meta = codec.encode(value, collector);
        } catch (IOException | RuntimeException e) {
            throw new IllegalArgumentException("the codec \"" + codec.name() + "\" cannot encode a "
                    + (value == null ? "null" : value.getClass().getName()) + ": " + e.getMessage(), e);
        }
        return new ImageWriter(Codecs.nameOf(codec), meta, collector.parts);
    }

    /** Takes parts from a codec. */
    private static final class Collector implements Codec.Sink {
        private final List<Part> parts = new ArrayList<>();
        private final IdentityHashMap<Object, Integer> numbers = new IdentityHashMap<>();

        @Override
        public int offer(Object object) {
            if (object.getClass().isArray() && Part.arrayByteSize(object) < LEAST_PART_BYTES) {
                return -1;
            }
            Integer known = numbers.get(object);
            if (known != null) {
                return known;
            }
            Part part = Part.of(object);
            if (part == null) {
                return -1;
            }
            numbers.put(object, parts.size());
            parts.add(part);
            return parts.size() - 1;
        }
    }

    private void fillFront(MemorySegment s) {
        ImageLayout.longPlain(s, ImageLayout.MAGIC_AT, ImageLayout.MAGIC);
        ImageLayout.intPlain(s, ImageLayout.VERSION_AT, ImageLayout.VERSION);
        ImageLayout.longPlain(s, ImageLayout.READS_AT, ImageLayout.UNLIMITED);
        ImageLayout.longPlain(s, ImageLayout.CONTENT_BYTES_AT, byteSize);
        ImageLayout.longPlain(s, ImageLayout.META_OFFSET_AT, metaAt);
        ImageLayout.intPlain(s, ImageLayout.META_BYTES_AT, meta.length);
        ImageLayout.intPlain(s, ImageLayout.PARTS_AT, parts.size());
        ImageLayout.intPlain(s, ImageLayout.DIMENSIONS_AT, dimensions);
        byte[] name = codec.getBytes(StandardCharsets.US_ASCII);
        MemorySegment.copy(name, 0, s, ValueLayout.JAVA_BYTE, ImageLayout.CODEC_AT, name.length);
        long shapeAt = ImageLayout.HEADER_BYTES + (long) ImageLayout.ENTRY_BYTES * parts.size();
        for (int i = 0; i < partAt.length; i++) {
            Part part = parts.get(i);
            MemorySegment entry = s.asSlice(ImageLayout.HEADER_BYTES + (long) ImageLayout.ENTRY_BYTES * i,
                    ImageLayout.ENTRY_BYTES);
            ImageLayout.bytePlain(entry, ImageLayout.ENTRY_KIND_AT, part.kind().number());
            ImageLayout.bytePlain(entry, ImageLayout.ENTRY_ELEMENT_AT, part.element().number());
            ImageLayout.bytePlain(entry, ImageLayout.ENTRY_ORDER_AT, part.order() == ByteOrder.BIG_ENDIAN ? 1 : 0);
            ImageLayout.bytePlain(entry, ImageLayout.ENTRY_RANK_AT, part.shape().length);
            ImageLayout.longPlain(entry, ImageLayout.ENTRY_OFFSET_AT, partAt[i]);
            ImageLayout.longPlain(entry, ImageLayout.ENTRY_BYTES_AT, part.bytes().byteSize());
            for (long extent : part.shape()) {
                ImageLayout.longPlain(s, shapeAt, extent);
                shapeAt += Long.BYTES;
            }
        }
        MemorySegment.copy(meta, 0, s, ValueLayout.JAVA_BYTE, metaAt, meta.length);
        stamp(s, 0, 0, ImageLayout.UNLIMITED);
    }

    /** The image's size. */
    long byteSize() {
        return byteSize;
    }

    /** Says whose image it is, which is the last that goes under the checksum. */
    void stamp(long idHigh, long idLow, long reads) {
        stamp(front(), idHigh, idLow, reads);
    }

    private static void stamp(MemorySegment s, long idHigh, long idLow, long reads) {
        ImageLayout.longPlain(s, ImageLayout.ID_HIGH_AT, idHigh);
        ImageLayout.longPlain(s, ImageLayout.ID_LOW_AT, idLow);
        ImageLayout.longPlain(s, ImageLayout.READS_AT, reads);
        long metaEnd = ImageLayout.longPlain(s, ImageLayout.META_OFFSET_AT)
                + ImageLayout.intPlain(s, ImageLayout.META_BYTES_AT);
        ImageLayout.intPlain(s, ImageLayout.CHECK_AT, ImageReader.check(s, metaEnd));
    }

    /** Takes memory for an image, piece by piece, in order. */
    @FunctionalInterface
    interface Target {
        void put(MemorySegment from, long at);
    }

    /** Gives the whole image to a target. Every byte but the padding between parts is given once. */
    void writeTo(int state, Target target) {
        MemorySegment s = front();
        ImageLayout.intPlain(s, ImageLayout.STATE_AT, state);
        target.put(s, 0);
        for (int i = 0; i < partAt.length; i++) {
            target.put(parts.get(i).bytes(), partAt[i]);
        }
    }

    /** The image as bytes, followed by a checksum of them all. */
    byte[] toBytes() {
        if (byteSize > MOST_INLINE_BYTES) {
            throw new IllegalArgumentException(
                    "a value of " + byteSize + " bytes is too large for a token, which holds "
                            + MOST_INLINE_BYTES + " at most; lower the threshold");
        }
        byte[] bytes = new byte[(int) byteSize + Integer.BYTES];
        MemorySegment image = MemorySegment.ofArray(bytes);
        fillFront(image);
        ImageLayout.intPlain(image, ImageLayout.STATE_AT, ImageLayout.LIVE);
        for (int i = 0; i < partAt.length; i++) {
            MemorySegment from = parts.get(i).bytes();
            MemorySegment.copy(from, 0, image, partAt[i], from.byteSize());
        }
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, (int) byteSize);
        image.set(ValueLayout.JAVA_INT_UNALIGNED, byteSize, (int) crc.getValue());
        return bytes;
    }
}
