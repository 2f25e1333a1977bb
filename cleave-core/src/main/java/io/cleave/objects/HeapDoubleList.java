package io.cleave.objects;

import java.lang.foreign.MemorySegment;
import java.util.AbstractList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.RandomAccess;
import java.util.stream.DoubleStream;

/** The list of {@link SharedDoubleList}. */
final class HeapDoubleList extends NumberList implements SharedDoubleList {
    HeapDoubleList(SlotList slots) {
        super(slots);
    }

    @Override
    public double get(int index) {
        return Double.longBitsToDouble(slots().get(index));
    }

    @Override
    public double set(int index, double value) {
        return Double.longBitsToDouble(getAndSet(index, Double.doubleToRawLongBits(value)));
    }

    @Override
    public boolean compareAndSet(int index, double expected, double value) {
        return compareAndSetBits(index, Double.doubleToRawLongBits(expected), Double.doubleToRawLongBits(value));
    }

    @Override
    public double getAndAdd(int index, double delta) {
        return Double.longBitsToDouble(
                getAndUpdate(index, bits -> Double.doubleToRawLongBits(Double.longBitsToDouble(bits) + delta)));
    }

    @Override
    public void add(double value) {
        addBits(Double.doubleToRawLongBits(value));
    }

    @Override
    public void add(int index, double value) {
        addAll(index, new double[] {value});
    }

    @Override
    public void addAll(double... values) {
        insertAll(END, MemorySegment.ofArray(values));
    }

    @Override
    public void addAll(int index, double[] values) {
        if (index < 0) {
            throw SlotList.outOfBounds(index, size());
        }
        insertAll(index, MemorySegment.ofArray(values));
    }

    @Override
    public void setAll(int index, double[] values) {
        setAll(index, MemorySegment.ofArray(values));
    }

    @Override
    public double removeAt(int index) {
        return Double.longBitsToDouble(remove(index));
    }

    @Override
    public void copyTo(int index, double[] target, int targetIndex, int length) {
        int _ = Objects.checkFromIndexSize(targetIndex, length, target.length);
        slots().copyOut(index, MemorySegment.ofArray(target), (long) targetIndex * Double.BYTES, length);
    }

    @Override
    public double[] toArray() {
        return slots().copyAll(double[]::new, MemorySegment::ofArray);
    }

    @Override
    public void sort() {
        reorder(double[]::new, MemorySegment::ofArray, Arrays::sort);
    }

    @Override
    public int indexOf(double value) {
        double[] all = toArray();
        for (int i = 0; i < all.length; i++) {
            if (Double.doubleToRawLongBits(all[i]) == Double.doubleToRawLongBits(value)) {
                return i;
            }
        }
        return -1;
    }

    @Override
    public DoubleStream stream() {
        return Arrays.stream(toArray());
    }

    @Override
    public List<Double> asList() {
        return new View();
    }

    @Override
    public String toString() {
        return Arrays.toString(toArray());
    }

    /** The list as one of objects. */
    private final class View extends AbstractList<Double> implements RandomAccess {
        @Override
        public int size() {
            return HeapDoubleList.this.size();
        }

        @Override
        public Double get(int index) {
            return HeapDoubleList.this.get(index);
        }

        @Override
        public Double set(int index, Double value) {
            return HeapDoubleList.this.set(index, value);
        }

        @Override
        public void add(int index, Double value) {
            HeapDoubleList.this.add(index, value.doubleValue());
        }

        @Override
        public Double remove(int index) {
            return removeAt(index);
        }

        @Override
        protected void removeRange(int from, int to) {
            HeapDoubleList.this.removeRange(from, to);
        }
    }
}
