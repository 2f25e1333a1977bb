package io.cleave.sync;

import io.cleave.memory.BlockKind;
import io.cleave.memory.Lifetime;
import io.cleave.os.SigbusGuard;
import java.io.InvalidObjectException;
import java.io.NotSerializableException;
import java.io.ObjectInputStream;
import java.io.Serial;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.function.IntBinaryOperator;
import java.util.function.IntUnaryOperator;

/**
 * A number of 32 bits in shared memory that threads of any process change atomically: the methods of
 * {@link java.util.concurrent.atomic.AtomicInteger}, with the same access modes. It lies on memory that the caller has
 * shared ({@link #at}) or in a block of its own ({@link #named}). It has no owner, and a process that dies leaves the
 * value that it stored last.
 *
 * <h2>Threads and processes</h2> All methods may be called by any thread of any process at any time. After the memory is
 * closed they throw {@link IllegalStateException}.
 *
 * <h2>Memory consistency effects</h2> Those of {@link VarHandle} for the access mode that a method names, between
 * processes as between threads; methods that name none are volatile.
 *
 * <h2>Cost</h2> One instruction, and no system call.
 */
public final class SharedAtomicInt extends Number implements AutoCloseable {
    /** The size of a number: {@value} bytes, aligned to 4; zeroes are a fresh one. */
    public static final long BYTES = Integer.BYTES;

    private static final long serialVersionUID = 1L;
    private static final VarHandle VALUE = ValueLayout.JAVA_INT.varHandle();

    private final transient MemorySegment word;
    private final transient Named named;

    SharedAtomicInt(MemorySegment word, Named named) {
        this.word = word;
        this.named = named;
    }

    /**
     * The number on a caller's memory. Attaching changes nothing.
     *
     * @param block at least {@link #BYTES} of native memory, writable, aligned to 4
     * @return the number
     * @throws IllegalArgumentException where the memory is not like that
     */
    public static SharedAtomicInt at(MemorySegment block) {
        return new SharedAtomicInt(Segments.check(block, BYTES, BYTES, SharedAtomicInt.class), Named.none());
    }

    /**
     * The number of a name, made with value 0 where there is none. The last handle that is closed removes it.
     *
     * @param name 1 to 200 of the characters {@code A-Z a-z 0-9 . _ -}, not beginning with a dot
     * @return a handle on it
     * @throws io.cleave.IncompatibleBlockException where something else bears the name
     * @throws IllegalArgumentException where it cannot be a name
     * @throws io.cleave.CleaveException where the system refuses
     */
    public static SharedAtomicInt named(String name) {
        return named(name, Lifetime.ATTACHED);
    }

    /**
     * As {@link #named(String)}, with a lifetime.
     *
     * @param name as there
     * @param lifetime how long a number that is made here lives; one that exists keeps its own
     * @return a handle on it
     * @throws io.cleave.IncompatibleBlockException as there
     * @throws IllegalArgumentException as there
     * @throws io.cleave.CleaveException as there
     */
    public static SharedAtomicInt named(String name, Lifetime lifetime) {
        return Named.open(name, BlockKind.ATOMIC_INT, BYTES, lifetime, SharedAtomicInt::new);
    }

    private MemorySegment word() {
        SigbusGuard.requireIntact(word);
        return word;
    }

    /**
     * The value.
     *
     * @return the value
     */
    public int get() {
        return (int) VALUE.getVolatile(word(), 0L);
    }

    /**
     * The value, by a plain read.
     *
     * @return the value
     */
    public int getPlain() {
        return (int) VALUE.get(word(), 0L);
    }

    /**
     * The value, in opaque mode.
     *
     * @return the value
     */
    public int getOpaque() {
        return (int) VALUE.getOpaque(word(), 0L);
    }

    /**
     * The value, with acquire semantics.
     *
     * @return the value
     */
    public int getAcquire() {
        return (int) VALUE.getAcquire(word(), 0L);
    }

    /**
     * Sets the value.
     *
     * @param value the new value
     */
    public void set(int value) {
        VALUE.setVolatile(word(), 0L, value);
    }

    /**
     * Sets the value with release semantics.
     *
     * @param value the new value
     */
    public void lazySet(int value) {
        VALUE.setRelease(word(), 0L, value);
    }

    /**
     * Sets the value by a plain write.
     *
     * @param value the new value
     */
    public void setPlain(int value) {
        VALUE.set(word(), 0L, value);
    }

    /**
     * Sets the value in opaque mode.
     *
     * @param value the new value
     */
    public void setOpaque(int value) {
        VALUE.setOpaque(word(), 0L, value);
    }

    /**
     * Sets the value with release semantics.
     *
     * @param value the new value
     */
    public void setRelease(int value) {
        VALUE.setRelease(word(), 0L, value);
    }

    /**
     * Sets the value.
     *
     * @param value the new value
     * @return the value before
     */
    public int getAndSet(int value) {
        return (int) VALUE.getAndSet(word(), 0L, value);
    }

    /**
     * Sets the value where it is the expected one.
     *
     * @param expected the value that it must have
     * @param value the new value
     * @return whether it was set
     */
    public boolean compareAndSet(int expected, int value) {
        return VALUE.compareAndSet(word(), 0L, expected, value);
    }

    /**
     * Sets the value where it is the expected one.
     *
     * @param expected the value that it must have
     * @param value the new value
     * @return the value found, the expected one where it was set
     */
    public int compareAndExchange(int expected, int value) {
        return (int) VALUE.compareAndExchange(word(), 0L, expected, value);
    }

    /**
     * Sets the value where it is the expected one, with acquire semantics.
     *
     * @param expected the value that it must have
     * @param value the new value
     * @return the value found, the expected one where it was set
     */
    public int compareAndExchangeAcquire(int expected, int value) {
        return (int) VALUE.compareAndExchangeAcquire(word(), 0L, expected, value);
    }

    /**
     * Sets the value where it is the expected one, with release semantics.
     *
     * @param expected the value that it must have
     * @param value the new value
     * @return the value found, the expected one where it was set
     */
    public int compareAndExchangeRelease(int expected, int value) {
        return (int) VALUE.compareAndExchangeRelease(word(), 0L, expected, value);
    }

    /**
     * Sets the value where it is the expected one, in plain mode; it may fail for no reason.
     *
     * @param expected the value that it must have
     * @param value the new value
     * @return whether it was set
     */
    public boolean weakCompareAndSetPlain(int expected, int value) {
        return VALUE.weakCompareAndSetPlain(word(), 0L, expected, value);
    }

    /**
     * Sets the value where it is the expected one, in volatile mode; it may fail for no reason.
     *
     * @param expected the value that it must have
     * @param value the new value
     * @return whether it was set
     */
    public boolean weakCompareAndSetVolatile(int expected, int value) {
        return VALUE.weakCompareAndSet(word(), 0L, expected, value);
    }

    /**
     * Sets the value where it is the expected one, in acquire mode; it may fail for no reason.
     *
     * @param expected the value that it must have
     * @param value the new value
     * @return whether it was set
     */
    public boolean weakCompareAndSetAcquire(int expected, int value) {
        return VALUE.weakCompareAndSetAcquire(word(), 0L, expected, value);
    }

    /**
     * Sets the value where it is the expected one, in release mode; it may fail for no reason.
     *
     * @param expected the value that it must have
     * @param value the new value
     * @return whether it was set
     */
    public boolean weakCompareAndSetRelease(int expected, int value) {
        return VALUE.weakCompareAndSetRelease(word(), 0L, expected, value);
    }

    /**
     * Adds 1.
     *
     * @return the value before
     */
    public int getAndIncrement() {
        return getAndAdd(1);
    }

    /**
     * Subtracts 1.
     *
     * @return the value before
     */
    public int getAndDecrement() {
        return getAndAdd(-1);
    }

    /**
     * Adds 1.
     *
     * @return the value after
     */
    public int incrementAndGet() {
        return addAndGet(1);
    }

    /**
     * Subtracts 1.
     *
     * @return the value after
     */
    public int decrementAndGet() {
        return addAndGet(-1);
    }

    /**
     * Adds.
     *
     * @param delta what to add
     * @return the value before
     */
    public int getAndAdd(int delta) {
        return (int) VALUE.getAndAdd(word(), 0L, delta);
    }

    /**
     * Adds.
     *
     * @param delta what to add
     * @return the value after
     */
    public int addAndGet(int delta) {
        return getAndAdd(delta) + delta;
    }

    /**
     * Sets the value to what a function makes of it; the function may be called several times.
     *
     * @param update makes the new value of the old one, without side effects
     * @return the value before
     */
    public int getAndUpdate(IntUnaryOperator update) {
        while (true) {
            int before = get();
            int after = update.applyAsInt(before);
            if (compareAndSet(before, after)) {
                return before;
            }
        }
    }

    /**
     * Sets the value to what a function makes of it; the function may be called several times.
     *
     * @param update makes the new value of the old one, without side effects
     * @return the value after
     */
    public int updateAndGet(IntUnaryOperator update) {
        while (true) {
            int before = get();
            int after = update.applyAsInt(before);
            if (compareAndSet(before, after)) {
                return after;
            }
        }
    }

    /**
     * Sets the value to what a function makes of it and another; the function may be called several times.
     *
     * @param operand the other
     * @param combine makes the new value of the old one and the other, without side effects
     * @return the value before
     */
    public int getAndAccumulate(int operand, IntBinaryOperator combine) {
        return getAndUpdate(value -> combine.applyAsInt(value, operand));
    }

    /**
     * Sets the value to what a function makes of it and another; the function may be called several times.
     *
     * @param operand the other
     * @param combine makes the new value of the old one and the other, without side effects
     * @return the value after
     */
    public int accumulateAndGet(int operand, IntBinaryOperator combine) {
        return updateAndGet(value -> combine.applyAsInt(value, operand));
    }

    @Override
    public int intValue() {
        return get();
    }

    @Override
    public long longValue() {
        return get();
    }

    @Override
    public float floatValue() {
        return (float) get();
    }

    @Override
    public double doubleValue() {
        return get();
    }

    /**
     * Removes the name at once: it is the way to end a {@link Lifetime#PERSISTENT} number. Those who have a handle keep it.
     * Where the name has been removed already, and for one {@link #at} a caller's memory, nothing happens.
     *
     * @throws IllegalStateException where this handle is closed, or was inherited through a fork
     * @throws io.cleave.CleaveException where the system refuses it
     */
    public void unlink() {
        named.unlink();
    }

    /**
     * Gives up this handle on a named number; the last one out removes it. The second and later calls, and calls on a
     * number {@link #at} a caller's memory, do nothing.
     */
    @Override
    public void close() {
        named.close(List.of());
    }

    /**
     * Says the value.
     *
     * @return its decimal digits; of a closed handle, that it is closed
     */
    @Override
    public String toString() {
        return named.isClosed() ? "SharedAtomicInt[closed]" : Integer.toString(get());
    }

    /** Another process opens the object by its name. */
    @Serial
    private Object writeReplace() throws NotSerializableException {
        return named.travelling(BlockKind.ATOMIC_INT, false);
    }

    @Serial
    private void readObject(ObjectInputStream in) throws InvalidObjectException {
        throw new InvalidObjectException("it travels by its name only");
    }
}
