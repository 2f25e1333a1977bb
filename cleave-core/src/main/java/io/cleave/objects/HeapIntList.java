package io.cleave.objects;

import java.lang.foreign.MemorySegment;
import java.util.AbstractList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.RandomAccess;
import java.util.stream.IntStream;

/** The list of {@link SharedIntList}. */
final class HeapIntList extends NumberList implements SharedIntList {
    HeapIntList(SlotList slots) {
        super(slots);
    }

    @Override
    public int get(int index) {
        return (int) slots().get(index);
    }

    @Override
    public int set(int index, int value) {
        return (int) getAndSet(index, value);
    }

    @Override
    public boolean compareAndSet(int index, int expected, int value) {
        return compareAndSetBits(index, expected, value);
    }

    @Override
    public int getAndAdd(int index, int delta) {
        return (int) getAndUpdate(index, bits -> (int) bits + delta);
    }

    @Override
    public void add(int value) {
        addBits(value);
    }

    @Override
    public void add(int index, int value) {
        addAll(index, new int[] {value});
    }

    @Override
    public void addAll(int... values) {
        insertAll(END, MemorySegment.ofArray(values));
    }

    @Override
    public void addAll(int index, int[] values) {
        if (index < 0) {
            throw SlotList.outOfBounds(index, size());
        }
        insertAll(index, MemorySegment.ofArray(values));
    }

    @Override
    public void setAll(int index, int[] values) {
        setAll(index, MemorySegment.ofArray(values));
    }

    @Override
    public int removeAt(int index) {
        return (int) remove(index);
    }

    @Override
    public void copyTo(int index, int[] target, int targetIndex, int length) {
        int _ = Objects.checkFromIndexSize(targetIndex, length, target.length);
        slots().copyOut(index, MemorySegment.ofArray(target), (long) targetIndex * Integer.BYTES, length);
    }

    @Override
    public int[] toArray() {
        return slots().copyAll(int[]::new, MemorySegment::ofArray);
    }

    @Override
    public void sort() {
        reorder(int[]::new, MemorySegment::ofArray, Arrays::sort);
    }

    @Override
    public int indexOf(int value) {
        int[] all = toArray();
        for (int i = 0; i < all.length; i++) {
            if (all[i] == value) {
                return i;
            }
        }
        return -1;
    }

    @Override
    public IntStream stream() {
        return Arrays.stream(toArray());
    }

    @Override
    public List<Integer> asList() {
        return new View();
    }

    @Override
    public String toString() {
        return Arrays.toString(toArray());
    }

    /** The list as one of objects. */
    private final class View extends AbstractList<Integer> implements RandomAccess {
        @Override
        public int size() {
            return HeapIntList.this.size();
        }

        @Override
        public Integer get(int index) {
            return HeapIntList.this.get(index);
        }

        @Override
        public Integer set(int index, Integer value) {
            return HeapIntList.this.set(index, value);
        }

        @Override
        public void add(int index, Integer value) {
            HeapIntList.this.add(index, value.intValue());
        }

        @Override
        public Integer remove(int index) {
            return removeAt(index);
        }

        @Override
        protected void removeRange(int from, int to) {
            HeapIntList.this.removeRange(from, to);
        }
    }
}
