package io.cleave.fission;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.lang.reflect.Array;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Memory beside a child's ring, by which the large arrays of its results travel: each is copied once by the child, and once
 * by the parent, into an array of the parent's own. A codec does not see them.
 *
 * <pre>
 *   0   taken    long, up to where the parent has taken what was there; written by the parent alone
 *   64  arrays   each in one piece, at multiples of 64
 * </pre>
 *
 * Positions only grow; the place of one is its remainder by the capacity. The child chooses them, and tells the parent by a
 * frame of the ring, which comes after the copy: what a child was copying when it died is never seen. Where the parent has
 * taken all, the child goes on at the beginning, so that the same pages are used again. The child never waits for room: what
 * has none goes through the ring.
 */
final class SideBuffer {
    /** Smaller arrays go through the ring. */
    static final int LEAST_BYTES = 64 << 10;
    static final int CAPACITY = 16 << 20;

    private static final long DATA = 64;
    private static final long ALIGNMENT = 64;
    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

    /** The kinds of arrays, by their places in this list. */
    private static final List<Kind> KINDS = List.of(new Kind(byte.class, byte[].class, ValueLayout.JAVA_BYTE),
            new Kind(int.class, int[].class, ValueLayout.JAVA_INT),
            new Kind(long.class, long[].class, ValueLayout.JAVA_LONG),
            new Kind(float.class, float[].class, ValueLayout.JAVA_FLOAT),
            new Kind(double.class, double[].class, ValueLayout.JAVA_DOUBLE),
            new Kind(short.class, short[].class, ValueLayout.JAVA_SHORT),
            new Kind(char.class, char[].class, ValueLayout.JAVA_CHAR));

    private final MemorySegment memory;

    private record Kind(Class<?> element, Class<?> array, ValueLayout layout) {}

    /**
     * An array that is there.
     *
     * @param kind its place among the kinds
     * @param elements how many it has
     * @param position where it begins
     */
    record Entry(int kind, int elements, long position) {
        long byteSize() {
            return elements * KINDS.get(kind).layout.byteSize();
        }
    }

    /**
     * The buffer at a place; zeroes are a fresh one.
     *
     * @param memory of {@link #byteSize}, aligned to 64
     */
    SideBuffer(MemorySegment memory) {
        this.memory = memory;
    }

    static long byteSize() {
        return DATA + CAPACITY;
    }

    /** Makes it empty; neither side may be using it. */
    void reset() {
        LONG.setRelease(memory, 0L, 0L);
    }

    private static long place(long position) {
        return DATA + position % CAPACITY;
    }

    Producer producer() {
        return new Producer();
    }

    /**
     * Takes an array, and gives its place back.
     *
     * @param entry where it is
     * @return an array of the caller's own
     */
    Object take(Entry entry) {
        Kind kind = KINDS.get(entry.kind);
        Object array = Array.newInstance(kind.element, entry.elements);
        MemorySegment.copy(memory, kind.layout, place(entry.position), array, 0, entry.elements);
        LONG.setRelease(memory, 0L, entry.position + entry.byteSize()); // SYNC: side-taken
        return array;
    }

    /** The child's side, for one thread. */
    final class Producer {
        /** Where the next array may begin. */
        private long head;
        /** What {@link #put} has used since the last {@link #mark}. */
        private long marked;

        private Producer() {
        }

        /** From here on {@link #undo} goes back. */
        void mark() {
            marked = head;
        }

        /** Gives back what has been used since the last {@link #mark}, of which the parent has not been told. */
        void undo() {
            head = marked;
        }

        /**
         * Copies an array.
         *
         * @param part any object
         * @return where it is; null where it is no large array, or there is no room
         */
        @Nullable Entry put(Object part) {
            int number = kindOf(part.getClass());
            if (number < 0) {
                return null;
            }
            Kind kind = KINDS.get(number);
            int elements = Array.getLength(part);
            long bytes = elements * kind.layout.byteSize();
            long position = bytes < LEAST_BYTES ? -1 : reserve(bytes);
            if (position < 0) {
                return null;
            }
            MemorySegment.copy(part, 0, memory, kind.layout, place(position), elements);
            return new Entry(number, elements, position);
        }

        private long reserve(long bytes) {
            long taken = (long) LONG.getAcquire(memory, 0L); // SYNC: side-taken
            long from = (head + ALIGNMENT - 1) & -ALIGNMENT;
            boolean isEmpty = taken == head;
            if (isEmpty || from % CAPACITY + bytes > CAPACITY) {
                from = (from + CAPACITY - 1) / CAPACITY * CAPACITY;
            }
            if (bytes > CAPACITY || from + bytes - (isEmpty ? from : taken) > CAPACITY) {
                return -1;
            }
            head = from + bytes;
            return from;
        }
    }

    private static int kindOf(Class<?> type) {
        for (int i = 0; i < KINDS.size(); i++) {
            if (KINDS.get(i).array == type) {
                return i;
            }
        }
        return -1;
    }
}
