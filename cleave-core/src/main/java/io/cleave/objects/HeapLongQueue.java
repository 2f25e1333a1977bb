package io.cleave.objects;

import io.cleave.owner.Patience;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/** The queue of {@link SharedLongQueue}. */
final class HeapLongQueue extends NumberQueue implements SharedLongQueue {
    HeapLongQueue(QueueRing ring) {
        super(ring, SlotKind.LONGS);
    }

    @Override
    public boolean offer(long value) {
        return offerBits(value);
    }

    @Override
    public boolean offer(long value, long timeout, TimeUnit unit) throws InterruptedException {
        return offerBits(value, patience(timeout, unit));
    }

    @Override
    public void put(long value) throws InterruptedException {
        boolean _ = offerBits(value, Patience.FOREVER);
    }

    @Override
    public int offerAll(long... values) {
        return offerAll(MemorySegment.ofArray(values), 0, values.length);
    }

    @Override
    public int offerAll(long[] values, int index, int length) {
        int _ = Objects.checkFromIndexSize(index, length, values.length);
        return offerAll(MemorySegment.ofArray(values), index, length);
    }

    @Override
    public void putAll(long... values) throws InterruptedException {
        putAll(MemorySegment.ofArray(values), values.length);
    }

    private static OptionalLong result(Taking taking) {
        return taking.isTaken() ? OptionalLong.of(taking.bits()) : OptionalLong.empty();
    }

    @Override
    public OptionalLong poll() {
        return result(tryTake());
    }

    @Override
    public OptionalLong poll(long timeout, TimeUnit unit) throws InterruptedException {
        return result(tryTake(patience(timeout, unit)));
    }

    @Override
    public long pollOrElse(long other) {
        return takeOr(other);
    }

    @Override
    public long take() throws InterruptedException {
        return takeBits();
    }

    @Override
    public OptionalLong peek() {
        Reader reader = reader();
        return reader.next() ? OptionalLong.of(reader.bits()) : OptionalLong.empty();
    }

    @Override
    public int drainTo(long[] target) {
        return drainTo(MemorySegment.ofArray(target), 0, target.length);
    }

    @Override
    public int drainTo(long[] target, int index, int length) {
        int _ = Objects.checkFromIndexSize(index, length, target.length);
        return drainTo(MemorySegment.ofArray(target), index, length);
    }

    @Override
    public long[] toArray() {
        return allBits().toArray();
    }

    @Override
    public String toString() {
        return Arrays.toString(toArray());
    }
}
