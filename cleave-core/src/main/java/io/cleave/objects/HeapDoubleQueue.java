package io.cleave.objects;

import io.cleave.owner.Patience;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.concurrent.TimeUnit;

/** The queue of {@link SharedDoubleQueue}. */
final class HeapDoubleQueue extends NumberQueue implements SharedDoubleQueue {
    HeapDoubleQueue(QueueRing ring) {
        super(ring, SlotKind.LONGS);
    }

    @Override
    public boolean offer(double value) {
        return offerBits(Double.doubleToRawLongBits(value));
    }

    @Override
    public boolean offer(double value, long timeout, TimeUnit unit) throws InterruptedException {
        return offerBits(Double.doubleToRawLongBits(value), patience(timeout, unit));
    }

    @Override
    public void put(double value) throws InterruptedException {
        boolean _ = offerBits(Double.doubleToRawLongBits(value), Patience.FOREVER);
    }

    @Override
    public int offerAll(double... values) {
        return offerAll(MemorySegment.ofArray(values), 0, values.length);
    }

    @Override
    public int offerAll(double[] values, int index, int length) {
        int _ = Objects.checkFromIndexSize(index, length, values.length);
        return offerAll(MemorySegment.ofArray(values), index, length);
    }

    @Override
    public void putAll(double... values) throws InterruptedException {
        putAll(MemorySegment.ofArray(values), values.length);
    }

    private static OptionalDouble result(Taking taking) {
        return taking.isTaken() ? OptionalDouble.of(Double.longBitsToDouble(taking.bits())) : OptionalDouble.empty();
    }

    @Override
    public OptionalDouble poll() {
        return result(tryTake());
    }

    @Override
    public OptionalDouble poll(long timeout, TimeUnit unit) throws InterruptedException {
        return result(tryTake(patience(timeout, unit)));
    }

    @Override
    public double pollOrElse(double other) {
        return Double.longBitsToDouble(takeOr(Double.doubleToRawLongBits(other)));
    }

    @Override
    public double take() throws InterruptedException {
        return Double.longBitsToDouble(takeBits());
    }

    @Override
    public OptionalDouble peek() {
        Reader reader = reader();
        return reader.next() ? OptionalDouble.of(Double.longBitsToDouble(reader.bits())) : OptionalDouble.empty();
    }

    @Override
    public int drainTo(double[] target) {
        return drainTo(MemorySegment.ofArray(target), 0, target.length);
    }

    @Override
    public int drainTo(double[] target, int index, int length) {
        int _ = Objects.checkFromIndexSize(index, length, target.length);
        return drainTo(MemorySegment.ofArray(target), index, length);
    }

    @Override
    public double[] toArray() {
        return allBits().mapToDouble(Double::longBitsToDouble).toArray();
    }

    @Override
    public String toString() {
        return Arrays.toString(toArray());
    }
}
