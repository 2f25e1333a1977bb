package io.cleave.objects;

import io.cleave.owner.Patience;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;

/** The queue of {@link SharedIntQueue}. */
final class HeapIntQueue extends NumberQueue implements SharedIntQueue {
    HeapIntQueue(QueueRing ring) {
        super(ring, SlotKind.INTS);
    }

    @Override
    public boolean offer(int value) {
        return offerBits(value);
    }

    @Override
    public boolean offer(int value, long timeout, TimeUnit unit) throws InterruptedException {
        return offerBits(value, patience(timeout, unit));
    }

    @Override
    public void put(int value) throws InterruptedException {
        boolean _ = offerBits(value, Patience.FOREVER);
    }

    @Override
    public int offerAll(int... values) {
        return offerAll(MemorySegment.ofArray(values), 0, values.length);
    }

    @Override
    public int offerAll(int[] values, int index, int length) {
        int _ = Objects.checkFromIndexSize(index, length, values.length);
        return offerAll(MemorySegment.ofArray(values), index, length);
    }

    @Override
    public void putAll(int... values) throws InterruptedException {
        putAll(MemorySegment.ofArray(values), values.length);
    }

    private static OptionalInt result(Taking taking) {
        return taking.isTaken() ? OptionalInt.of((int) taking.bits()) : OptionalInt.empty();
    }

    @Override
    public OptionalInt poll() {
        return result(tryTake());
    }

    @Override
    public OptionalInt poll(long timeout, TimeUnit unit) throws InterruptedException {
        return result(tryTake(patience(timeout, unit)));
    }

    @Override
    public int pollOrElse(int other) {
        return (int) takeOr(other);
    }

    @Override
    public int take() throws InterruptedException {
        return (int) takeBits();
    }

    @Override
    public OptionalInt peek() {
        Reader reader = reader();
        return reader.next() ? OptionalInt.of((int) reader.bits()) : OptionalInt.empty();
    }

    @Override
    public int drainTo(int[] target) {
        return drainTo(MemorySegment.ofArray(target), 0, target.length);
    }

    @Override
    public int drainTo(int[] target, int index, int length) {
        int _ = Objects.checkFromIndexSize(index, length, target.length);
        return drainTo(MemorySegment.ofArray(target), index, length);
    }

    @Override
    public int[] toArray() {
        return allBits().mapToInt(bits -> (int) bits).toArray();
    }

    @Override
    public String toString() {
        return Arrays.toString(toArray());
    }
}
