package io.cleave.objects;

import java.lang.foreign.MemorySegment;
import java.util.AbstractList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.RandomAccess;
import java.util.stream.LongStream;

/** The list of {@link SharedLongList}. */
final class HeapLongList extends NumberList implements SharedLongList {
    HeapLongList(SlotList slots) {
        super(slots);
    }

    @Override
    public long get(int index) {
        return slots().get(index);
    }

    @Override
    public long set(int index, long value) {
        return getAndSet(index, value);
    }

    @Override
    public boolean compareAndSet(int index, long expected, long value) {
        return compareAndSetBits(index, expected, value);
    }

    @Override
    public long getAndAdd(int index, long delta) {
        return getAndUpdate(index, bits -> bits + delta);
    }

    @Override
    public void add(long value) {
        addBits(value);
    }

    @Override
    public void add(int index, long value) {
        addAll(index, new long[] {value});
    }

    @Override
    public void addAll(long... values) {
        insertAll(END, MemorySegment.ofArray(values));
    }

    @Override
    public void addAll(int index, long[] values) {
        if (index < 0) {
            throw SlotList.outOfBounds(index, size());
        }
        insertAll(index, MemorySegment.ofArray(values));
    }

    @Override
    public void setAll(int index, long[] values) {
        setAll(index, MemorySegment.ofArray(values));
    }

    @Override
    public long removeAt(int index) {
        return remove(index);
    }

    @Override
    public void copyTo(int index, long[] target, int targetIndex, int length) {
        int _ = Objects.checkFromIndexSize(targetIndex, length, target.length);
        slots().copyOut(index, MemorySegment.ofArray(target), (long) targetIndex * Long.BYTES, length);
    }

    @Override
    public long[] toArray() {
        return slots().copyAll(long[]::new, MemorySegment::ofArray);
    }

    @Override
    public void sort() {
        reorder(long[]::new, MemorySegment::ofArray, Arrays::sort);
    }

    @Override
    public int indexOf(long value) {
        long[] all = toArray();
        for (int i = 0; i < all.length; i++) {
            if (all[i] == value) {
                return i;
            }
        }
        return -1;
    }

    @Override
    public LongStream stream() {
        return Arrays.stream(toArray());
    }

    @Override
    public List<Long> asList() {
        return new View();
    }

    @Override
    public String toString() {
        return Arrays.toString(toArray());
    }

    /** The list as one of objects. */
    private final class View extends AbstractList<Long> implements RandomAccess {
        @Override
        public int size() {
            return HeapLongList.this.size();
        }

        @Override
        public Long get(int index) {
            return HeapLongList.this.get(index);
        }

        @Override
        public Long set(int index, Long value) {
            return HeapLongList.this.set(index, value);
        }

        @Override
        public void add(int index, Long value) {
            HeapLongList.this.add(index, value.longValue());
        }

        @Override
        public Long remove(int index) {
            return removeAt(index);
        }

        @Override
        protected void removeRange(int from, int to) {
            HeapLongList.this.removeRange(from, to);
        }
    }
}
