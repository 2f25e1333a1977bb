package io.cleave.share;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A value on its way in. Nothing that an image says is believed before it has been checked: afterwards all its parts lie
 * within it, one behind the other, so that what is allocated for them never exceeds the image. {@link ImageLayout} has
 * the format.
 */
final class ImageReader {
    private static final int CHECK_STEP = 1 << 20;

    private final MemorySegment image;
    private final UnaryOperator<MemorySegment> view;
    private final String codec;
    private final long metaAt;
    private final int metaBytes;
    private final Part[] parts;
    /** What was given out already, by the part's number. */
    private final @Nullable Object[] taken;
    private boolean hasViews;
    /** Whether the codec is done; guarded by this, as are the parts that it takes. */
    private boolean isDecoded;

    /**
     * Checks an image.
     *
     * @param image the image, maybe with more behind it
     * @param view makes of a piece of the image what the caller may keep
     * @param isChecked whether a checksum of the whole has been found right before
     * @throws DamagedImageException where it is none
     */
    ImageReader(MemorySegment image, UnaryOperator<MemorySegment> view, boolean isChecked)
            throws DamagedImageException {
        this.image = image;
        this.view = view;
        long content = contentBytes(image);
        int count = ImageLayout.intPlain(image, ImageLayout.PARTS_AT);
        int dimensions = ImageLayout.intPlain(image, ImageLayout.DIMENSIONS_AT);
        this.metaAt = ImageLayout.longPlain(image, ImageLayout.META_OFFSET_AT);
        this.metaBytes = ImageLayout.intPlain(image, ImageLayout.META_BYTES_AT);
        long tableEnd = ImageLayout.HEADER_BYTES + (long) ImageLayout.ENTRY_BYTES * count + 8L * dimensions;
        if (count < 0 || dimensions < 0 || metaBytes < 0 || metaAt != tableEnd || metaAt + metaBytes > content) {
            throw new DamagedImageException("its table of " + count + " parts and " + dimensions + " extents, and "
                    + metaBytes + " bytes at " + metaAt + ", are not within its " + content + " bytes");
        }
        if (!isChecked && check(image, metaAt + metaBytes) != ImageLayout.intPlain(image, ImageLayout.CHECK_AT)) {
            throw new DamagedImageException("its checksum is wrong");
        }
        this.codec = codecName(image);
        this.parts = new Part[count];
        this.taken = new Object[count];
        readTable(content);
    }

    private static long contentBytes(MemorySegment image) throws DamagedImageException {
        if (image.byteSize() < ImageLayout.HEADER_BYTES) {
            throw new DamagedImageException("it has " + image.byteSize() + " bytes, less than a header");
        }
        if (ImageLayout.longPlain(image, ImageLayout.MAGIC_AT) != ImageLayout.MAGIC) {
            throw new DamagedImageException("it does not begin with the magic number of a value");
        }
        int version = ImageLayout.intPlain(image, ImageLayout.VERSION_AT);
        if (version != ImageLayout.VERSION) {
            throw new DamagedImageException("its format has version " + version + ", this Cleave reads version "
                    + ImageLayout.VERSION);
        }
        long content = ImageLayout.longPlain(image, ImageLayout.CONTENT_BYTES_AT);
        if (content < ImageLayout.HEADER_BYTES || content > image.byteSize()) {
            throw new DamagedImageException("it claims " + content + " bytes, there are " + image.byteSize());
        }
        return content;
    }

    /** The name in the header, whatever it is. */
    static String codecName(MemorySegment image) {
        byte[] bytes = image.asSlice(ImageLayout.CODEC_AT, ImageLayout.CODEC_BYTES).toArray(ValueLayout.JAVA_BYTE);
        int length = 0;
        while (length < bytes.length && bytes[length] != 0) {
            length++;
        }
        return new String(bytes, 0, length, StandardCharsets.US_ASCII);
    }

    /** The checksum of all that stands before {@code end}, but for the words that change. */
    static int check(MemorySegment image, long end) {
        CRC32C crc = new CRC32C();
        add(crc, image, 0, ImageLayout.STATE_AT);
        add(crc, image, ImageLayout.ID_HIGH_AT, ImageLayout.READS_AT);
        add(crc, image, ImageLayout.CONTENT_BYTES_AT, ImageLayout.CHECK_AT);
        add(crc, image, ImageLayout.DIMENSIONS_AT, end);
        return (int) crc.getValue();
    }

    private static void add(CRC32C crc, MemorySegment image, long from, long to) {
        if (image.heapBase().orElse(null) instanceof byte[] array) {
            crc.update(array, (int) (image.address() + from), (int) (to - from));
            return;
        }
        byte[] piece = new byte[(int) Math.min(CHECK_STEP, to - from)];
        for (long at = from; at < to; at += piece.length) {
            int length = (int) Math.min(piece.length, to - at);
            MemorySegment.copy(image, ValueLayout.JAVA_BYTE, at, piece, 0, length);
            crc.update(piece, 0, length);
        }
    }

    private void readTable(long content) throws DamagedImageException {
        long free = metaAt + metaBytes;
        long shapeAt = ImageLayout.HEADER_BYTES + (long) ImageLayout.ENTRY_BYTES * parts.length;
        for (int i = 0; i < parts.length; i++) {
            MemorySegment entry = image.asSlice(ImageLayout.HEADER_BYTES + (long) ImageLayout.ENTRY_BYTES * i,
                    ImageLayout.ENTRY_BYTES);
            Part.Kind kind = Part.Kind.of(ImageLayout.bytePlain(entry, ImageLayout.ENTRY_KIND_AT));
            ElementType element = ElementType.of(ImageLayout.bytePlain(entry, ImageLayout.ENTRY_ELEMENT_AT));
            int order = ImageLayout.bytePlain(entry, ImageLayout.ENTRY_ORDER_AT);
            int rank = ImageLayout.bytePlain(entry, ImageLayout.ENTRY_RANK_AT);
            long at = ImageLayout.longPlain(entry, ImageLayout.ENTRY_OFFSET_AT);
            long bytes = ImageLayout.longPlain(entry, ImageLayout.ENTRY_BYTES_AT);
            boolean known = kind != null && element != null && (order | 1) == 1
                    && rank >= 0 && rank <= (metaAt - shapeAt) / Long.BYTES;
            if (!known || kind == null || element == null) {
                throw damaged(i, "is of no known kind");
            }
            if (at != ImageLayout.aligned(free) || bytes < 0 || bytes > content - at
                    || bytes % element.byteSize() != 0) {
                throw damaged(i, "claims " + bytes + " bytes at " + at + " of " + content);
            }
            long[] shape = image.asSlice(shapeAt, 8L * rank).toArray(ValueLayout.JAVA_LONG_UNALIGNED);
            shapeAt += 8L * rank;
            Part part = new Part(kind, element,
                    order == 1 ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN, shape, image.asSlice(at, bytes));
            checkShape(part, i);
            parts[i] = part;
            free = at + bytes;
        }
    }

    private static void checkShape(Part part, int number) throws DamagedImageException {
        boolean isTensor = part.kind() == Part.Kind.TENSOR;
        if (isTensor ? Tensor.elements(part.shape()) != part.length() : part.shape().length > 0) {
            throw damaged(number, "has the shape " + Arrays.toString(part.shape()) + " and " + part.length()
                    + " elements");
        }
        if (part.kind() == Part.Kind.ARRAY && part.length() > Integer.MAX_VALUE - 8) {
            throw damaged(number, "is an array of " + part.length() + " elements");
        }
    }

    private static DamagedImageException damaged(int part, String what) {
        return new DamagedImageException("its part " + part + " " + what);
    }

    /** Whether something was given out that lies in the image itself. */
    boolean hasViews() {
        return hasViews;
    }

    /**
     * Gives the value.
     *
     * @param type what the caller wants
     * @throws DamagedImageException where the codec cannot decode it
     * @throws IllegalArgumentException where it cannot be had as that type
     */
    <T> @Nullable T read(Class<T> type) throws DamagedImageException {
        if (codec.isEmpty()) {
            if (parts.length != 1) {
                throw new DamagedImageException("it has neither a codec nor a single part");
            }
            return type.cast(PartView.of(parts[0], type, this::escape));
        }
        Object value = decode();
        if (value != null && !type.isInstance(value)) {
            throw new IllegalArgumentException("the value is a " + value.getClass().getName() + ", not a "
                    + type.getName() + "; ask for its own type, or for Object");
        }
        return type.cast(value);
    }

    private MemorySegment escape(MemorySegment piece) {
        hasViews = true;
        return view.apply(piece);
    }

    private @Nullable Object decode() throws DamagedImageException {
        Codec found = Codecs.find(codec);
        if (found == null) {
            throw new DamagedImageException("it was encoded by the codec \"" + codec
                    + "\", which this JVM does not know; Codec.register() makes it known");
        }
        try {
            if (!image.isReadOnly() && image.heapBase().orElse(null) instanceof byte[] array) {
                return found.decode(array, (int) (image.address() + metaAt), metaBytes, this::take);
            }
            byte[] meta = image.asSlice(metaAt, metaBytes).toArray(ValueLayout.JAVA_BYTE);
            return found.decode(meta, 0, meta.length, this::take);
        } catch (IOException | RuntimeException | StackOverflowError | LinkageError e) {
            throw new DamagedImageException("the codec \"" + codec + "\" cannot decode it: " + e, e);
        } finally {
            end();
        }
    }

    /** From here on nothing is given out: who has called may give up the memory. */
    private synchronized void end() {
        isDecoded = true;
    }

    private synchronized Object take(int number) throws IOException {
        if (isDecoded) {
            throw new IOException(
                    "part " + number + " was asked for too late: a codec gets parts only while it decodes");
        }
        if (number < 0 || number >= parts.length) {
            throw new IOException("there are " + parts.length + " parts, and none has the number " + number);
        }
        Object known = taken[number];
        if (known == null) {
            known = PartView.of(parts[number], Object.class, this::escape);
            taken[number] = known;
        }
        return known;
    }
}
