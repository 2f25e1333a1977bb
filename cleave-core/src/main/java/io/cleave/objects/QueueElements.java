package io.cleave.objects;

import io.cleave.heap.HeapMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** How the elements of a queue become bytes and elements again: arrays of bytes as they are, all else as values do. */
final class QueueElements<E> {
    private final ValueEncoding<E> encoding;
    private final boolean isBytes;
    /** Buffers that nobody uses now, for elements that are put together. */
    private final AtomicReference<@Nullable List<ValueBuffer>> spare = new AtomicReference<>();

    QueueElements(ValueEncoding<E> encoding) {
        this.encoding = encoding;
        this.isBytes = encoding.type() == byte[].class;
    }

    private static <T> T notNull(T element) {
        return Objects.requireNonNull(element, "the element is null");
    }

    /** Whether elements are no work to encode, so that no buffer is needed. */
    boolean isBytes() {
        return isBytes;
    }

    /** The bytes of an element, of a class for which {@link #isBytes}. */
    QueueContent bytes(E element) {
        return new QueueContent.OfBytes((byte[]) notNull(encoding.type().cast(element)));
    }

    /**
     * The bytes of an element.
     *
     * @param buffer has them
     * @throws ClassCastException where it is of another class
     * @throws IllegalArgumentException where it cannot be encoded, or is too long
     */
    QueueContent encode(E element, ValueBuffer buffer) {
        encoding.encode(notNull(element), buffer);
        ValueEncoding.checkLength(buffer.length());
        return buffer;
    }

    /** Buffers for some elements, to be given back. */
    List<ValueBuffer> lendBuffers() {
        List<ValueBuffer> buffers = spare.getAndSet(null);
        return buffers == null ? new ArrayList<>() : buffers;
    }

    void giveBack(List<ValueBuffer> buffers) {
        buffers.forEach(ValueBuffer::close);
        spare.set(buffers);
    }

    /** The bytes of the next elements, up to so many. */
    List<QueueContent> encode(Iterator<? extends E> elements, int most, List<ValueBuffer> buffers) {
        List<QueueContent> contents = new ArrayList<>(most);
        while (contents.size() < most && elements.hasNext()) {
            E element = elements.next();
            if (isBytes) {
                contents.add(bytes(element));
            } else {
                if (contents.size() == buffers.size()) {
                    buffers.add(new ValueBuffer());
                }
                contents.add(encode(element, buffers.get(contents.size())));
            }
        }
        return contents;
    }

    /** Whether reading runs no code but that of the JDK and of Cleave. */
    boolean isPlain() {
        return isBytes || encoding.isPlain();
    }

    /**
     * The element of a slot that nobody changes meanwhile.
     *
     * @throws io.cleave.IncompatibleBlockException where it cannot be read
     */
    E read(HeapMemory memory, long slot) {
        long at = at(memory, slot);
        long length = length(memory, slot);
        E element = !isReadable(memory, at, length) ? null
                : isBytes ? bytes(memory, at, length) : encoding.decode(memory.segment(), at, length);
        return present(element, slot);
    }

    /**
     * What is in a slot that may be none any more, for {@link #sure} where it proves to be one after.
     *
     * @param look throws where it is none
     */
    @Nullable Object readUnsure(HeapMemory memory, long slot, Runnable look) {
        long at = at(memory, slot);
        long length = length(memory, slot);
        look.run();
        return isReadable(memory, at, length) ? readUnsure(memory.segment(), at, length) : null;
    }

    /** The element that a slot had. */
    E sure(@Nullable Object content, long slot) {
        return present(sure(content), slot);
    }

    private static long at(HeapMemory memory, long slot) {
        return QueueLayout.isInBlock(memory.getPlain(slot)) ? memory.getPlain(slot + QueueLayout.BLOCK_IN_SLOT)
                : slot + QueueLayout.CONTENT;
    }

    private static long length(HeapMemory memory, long slot) {
        long stamp = memory.getPlain(slot);
        return QueueLayout.isInBlock(stamp) ? memory.getPlain(slot + QueueLayout.LENGTH_IN_SLOT)
                : QueueLayout.length(stamp);
    }

    private static boolean isReadable(HeapMemory memory, long at, long length) {
        return length >= 0 && length <= ValueEncoding.MOST_BYTES && memory.isCommitted(at, length);
    }

    private static <T> T present(@Nullable T element, long slot) {
        if (element == null) {
            throw QueueRing.damaged("there is no element in the slot at " + slot);
        }
        return element;
    }

    @SuppressWarnings("unchecked") // the class is that of arrays of bytes
    private E bytes(HeapMemory memory, long at, long length) {
        byte[] bytes = new byte[(int) length];
        memory.copyOut(at, bytes, 0, bytes.length);
        return (E) bytes;
    }

    private static byte[] copy(MemorySegment memory, long at, long length) {
        byte[] bytes = new byte[(int) length];
        MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, at, bytes, 0, bytes.length);
        return bytes;
    }

    /** As {@link ValueEncoding#readUnsure}. */
    @Nullable Object readUnsure(MemorySegment memory, long at, long length) {
        return isBytes ? copy(memory, at, length) : encoding.readUnsure(memory, at, length);
    }

    /** As {@link ValueEncoding#sure}. */
    @SuppressWarnings("unchecked") // the class is that of arrays of bytes
    @Nullable E sure(@Nullable Object content) {
        return isBytes ? (E) content : encoding.sure(content);
    }
}
