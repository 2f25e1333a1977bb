package io.cleave.heap;

import io.cleave.IncompatibleBlockException;
import io.cleave.os.CrashPoint;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The words and bytes of a heap, by their offsets. Words are 64 bits at multiples of 8.
 *
 * <p>
 * Nothing here knows whether an offset lies in memory that is there: whoever follows an offset that may be rubbish asks
 * {@link #isCommitted} first. Offsets that were allocated, and not freed, are good. One that leads out of the heap is an
 * {@link IncompatibleBlockException}, as it can only come from damage. Stores that others can see at once,
 * which are those with a mode, are steps at which a test can let the process die.
 *
 * <p>
 * There are two of them for a heap. Accesses by the usual one throw {@link IllegalStateException} once the heap is closed. Who
 * has passed the heap's gate, and has not left it, knows that the memory stays, and may use {@link #inside}, whose accesses to
 * words take a third of the time: they compare the offset with the heap's end and with a word's alignment, and nothing else.
 */
public final class HeapMemory {
    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
    private static final VarHandle LONG_OF_BYTES = MethodHandles.byteArrayViewVarHandle(long[].class,
            ByteOrder.nativeOrder());
    private static final ValueLayout.OfLong UNALIGNED = ValueLayout.JAVA_LONG_UNALIGNED;
    /** All addresses, of which none is ever closed. */
    private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    /** For no word. */
    private static final long NONE = Long.MIN_VALUE / 2;

    private final MemorySegment memory;
    private final long base;
    /** The offset of the last word that may be accessed by its address. */
    private final long lastInside;
    private final long firstBlock;
    /** What was committed when it was last looked at. It only grows, so an old value errs on the safe side. */
    private long knownCommitted;

    /**
     * The memory of a heap.
     *
     * @param memory all of its range
     * @param firstBlock where the part begins in which blocks lie
     */
    HeapMemory(MemorySegment memory, long firstBlock) {
        this(memory, firstBlock, NONE);
    }

    private HeapMemory(MemorySegment memory, long firstBlock, long lastInside) {
        this.memory = memory;
        this.base = memory.address();
        this.lastInside = lastInside;
        this.firstBlock = firstBlock;
    }

    /** The same memory for who is inside the heap's gate whenever it uses it. */
    HeapMemory inside() {
        boolean canStore = !memory.isReadOnly(); // else a store has to be refused
        return new HeapMemory(memory, firstBlock, canStore ? memory.byteSize() - Long.BYTES : NONE);
    }

    /**
     * The same memory until an arena is closed. Closing that waits for who is in the middle of an access, and later
     * ones throw {@link IllegalStateException}.
     *
     * @param arena to be closed before the heap is
     * @return the memory, which keeps nobody from unmapping it
     */
    public HeapMemory within(Arena arena) {
        return new HeapMemory(memory.reinterpret(arena, null), firstBlock);
    }

    /** Whether bytes are accessed by their address. */
    private boolean areInside(long at, int count) {
        return at >= 0 && count >= 0 && at <= lastInside + Long.BYTES - count;
    }

    /** Whether a word is accessed by its address. */
    private boolean isInside(long at) {
        return at <= lastInside && (at & (Long.BYTES - 1 | Long.MIN_VALUE)) == 0;
    }

    /**
     * Whether a range lies in memory that is there: the check for readers that follow what may be rubbish.
     *
     * @param at where it begins, any number
     * @param bytes its length, any number
     * @return whether all of it can be read without harm
     */
    public boolean isCommitted(long at, long bytes) {
        long end = at + bytes;
        return at >= firstBlock && end >= at && (end <= knownCommitted || isCommittedNow(end));
    }

    private boolean isCommittedNow(long end) {
        knownCommitted = HeapLayout.committedAcquire(this);
        return end <= knownCommitted;
    }

    /**
     * A word, with acquire semantics.
     *
     * @param at its offset
     * @return the word
     */
    public long getAcquire(long at) {
        if (isInside(at)) {
            return (long) LONG.getAcquire(ALL, base + at);
        }
        try {
            return (long) LONG.getAcquire(memory, at);
        } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
            throw outside(at, e);
        }
    }

    /**
     * A word that nobody writes meanwhile, or that is validated after.
     *
     * @param at its offset
     * @return the word
     */
    public long getPlain(long at) {
        if (isInside(at)) {
            return (long) LONG.get(ALL, base + at);
        }
        try {
            return (long) LONG.get(memory, at);
        } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
            throw outside(at, e);
        }
    }

    /**
     * A word as it is now, without an order among other accesses.
     *
     * @param at its offset
     * @return the word
     */
    public long getOpaque(long at) {
        if (isInside(at)) {
            return (long) LONG.getOpaque(ALL, base + at);
        }
        try {
            return (long) LONG.getOpaque(memory, at);
        } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
            throw outside(at, e);
        }
    }

    /**
     * 32 bits that nobody writes meanwhile, or that are validated after.
     *
     * @param at their offset, a multiple of 4
     * @return the bits
     */
    public int getIntPlain(long at) {
        try {
            return (int) INT.get(memory, at);
        } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
            throw outside(at, e);
        }
    }

    /**
     * 32 bits, with acquire semantics.
     *
     * @param at their offset, a multiple of 4
     * @return the bits
     */
    public int getIntAcquire(long at) {
        try {
            return (int) INT.getAcquire(memory, at);
        } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
            throw outside(at, e);
        }
    }

    /**
     * A byte that nobody writes meanwhile, or that is validated after.
     *
     * @param at its offset
     * @return the byte
     */
    public byte getBytePlain(long at) {
        try {
            return memory.get(ValueLayout.JAVA_BYTE, at);
        } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
            throw outside(at, e);
        }
    }

    /**
     * Stores a word in what nobody else can reach.
     *
     * @param at its offset
     * @param word the word
     */
    public void setPlain(long at, long word) {
        if (isInside(at)) {
            LONG.set(ALL, base + at, word);
            return;
        }
        try {
            LONG.set(memory, at, word);
        } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
            throw outside(at, e);
        }
    }

    /**
     * Stores 32 bits in what nobody else can reach.
     *
     * @param at their offset, a multiple of 4
     * @param bits the bits
     */
    public void setIntPlain(long at, int bits) {
        try {
            INT.set(memory, at, bits);
        } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
            throw outside(at, e);
        }
    }

    /**
     * Stores a byte in what nobody else can reach.
     *
     * @param at its offset
     * @param value the byte
     */
    public void setBytePlain(long at, byte value) {
        try {
            memory.set(ValueLayout.JAVA_BYTE, at, value);
        } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
            throw outside(at, e);
        }
    }

    /**
     * Stores 32 bits, without an order among other accesses.
     *
     * @param at their offset, a multiple of 4
     * @param bits the bits
     */
    public void setIntOpaque(long at, int bits) {
        try {
            INT.setOpaque(memory, at, bits);
        } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
            throw outside(at, e);
        }
        stored();
    }

    /**
     * Stores 32 bits, with release semantics.
     *
     * @param at their offset, a multiple of 4
     * @param bits the bits
     */
    public void setIntRelease(long at, int bits) {
        try {
            INT.setRelease(memory, at, bits);
        } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
            throw outside(at, e);
        }
        stored();
    }

    /**
     * Stores a word, with release semantics.
     *
     * @param at its offset
     * @param word the word
     */
    public void setRelease(long at, long word) {
        if (isInside(at)) {
            LONG.setRelease(ALL, base + at, word);
            stored();
            return;
        }
        try {
            LONG.setRelease(memory, at, word);
        } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
            throw outside(at, e);
        }
        stored();
    }

    /**
     * Stores a word, without an order among other accesses.
     *
     * @param at its offset
     * @param word the word
     */
    public void setOpaque(long at, long word) {
        if (isInside(at)) {
            LONG.setOpaque(ALL, base + at, word);
            stored();
            return;
        }
        try {
            LONG.setOpaque(memory, at, word);
        } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
            throw outside(at, e);
        }
        stored();
    }

    /**
     * Stores a word where another is, with the semantics of a volatile access.
     *
     * @param at its offset
     * @param expected what must be there
     * @param word the word
     * @return whether it was there
     */
    public boolean cas(long at, long expected, long word) {
        boolean isDone;
        try {
            isDone = isInside(at) ? LONG.compareAndSet(ALL, base + at, expected, word)
                    : LONG.compareAndSet(memory, at, expected, word);
        } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
            throw outside(at, e);
        }
        if (isDone && CrashPoint.IS_COUNTING) {
            CrashPoint.reached();
        }
        return isDone;
    }

    /**
     * Adds to a word, with the semantics of a volatile access.
     *
     * @param at its offset
     * @param by how much
     * @return the word before
     */
    public long getAndAdd(long at, long by) {
        long before = (long) LONG.getAndAdd(memory, at, by);
        stored();
        return before;
    }

    /** To be called after bytes were copied to where others may look: a step at which a test can let the process die. */
    public static void stored() {
        if (CrashPoint.IS_COUNTING) {
            CrashPoint.reached();
        }
    }

    /**
     * Copies bytes into what nobody else can reach.
     *
     * @param from the bytes
     * @param index the first of them
     * @param at where to
     * @param count how many
     */
    public void copyIn(byte[] from, int index, long at, int count) {
        try {
            if (areInside(at, count)) {
                FewBytes.copy(from, index, ALL, base + at, count);
            } else {
                FewBytes.copy(from, index, memory, at, count);
            }
        } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
            throw outside(at, e);
        }
    }

    /**
     * Copies bytes into what nobody else can reach.
     *
     * @param from the bytes
     * @param index the first of them
     * @param at where to
     * @param count how many
     */
    public void copyIn(MemorySegment from, long index, long at, long count) {
        try {
            MemorySegment.copy(from, index, memory, at, count);
        } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
            throw outside(at, e);
        }
    }

    /**
     * Copies bytes out of the heap. What others write meanwhile may come in part: validate after.
     *
     * @param at where from
     * @param to where to
     * @param index where the first goes
     * @param count how many
     */
    public void copyOut(long at, byte[] to, int index, int count) {
        try {
            if (areInside(at, count)) {
                FewBytes.copy(ALL, base + at, to, index, count);
            } else {
                FewBytes.copy(memory, at, to, index, count);
            }
        } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
            throw outside(at, e);
        }
    }

    /**
     * Copies bytes out of the heap. What others write meanwhile may come in part: validate after.
     *
     * @param at where from
     * @param to where to
     * @param index where the first goes
     * @param count how many
     */
    public void copyOut(long at, MemorySegment to, long index, long count) {
        try {
            MemorySegment.copy(memory, at, to, index, count);
        } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
            throw outside(at, e);
        }
    }

    /**
     * Copies bytes within the heap, into what nobody else can reach.
     *
     * @param from where from
     * @param to where to
     * @param count how many
     */
    public void copy(long from, long to, long count) {
        try {
            MemorySegment.copy(memory, from, memory, to, count);
        } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
            throw outside(from, e);
        }
    }

    /**
     * Fills what nobody else can reach with zeroes.
     *
     * @param at where it begins
     * @param bytes its length
     */
    public void clear(long at, long bytes) {
        try {
            memory.asSlice(at, bytes).fill((byte) 0);
        } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
            throw outside(at, e);
        }
    }

    /**
     * Whether bytes of the heap are the same as others.
     *
     * @param at where those of the heap begin
     * @param bytes the others
     * @param index the first of them
     * @param count how many
     * @return whether all are the same
     */
    public boolean matches(long at, byte[] bytes, int index, int count) {
        int i = 0;
        for (; i <= count - Long.BYTES; i += Long.BYTES) {
            if (memory.get(UNALIGNED, at + i) != (long) LONG_OF_BYTES.get(bytes, index + i)) {
                return false;
            }
        }
        for (; i < count; i++) {
            if (memory.get(ValueLayout.JAVA_BYTE, at + i) != bytes[index + i]) {
                return false;
            }
        }
        return true;
    }

    /**
     * A part of the heap as a segment, which ends with the heap's own.
     *
     * @param at where it begins
     * @param bytes its length
     * @return the part
     */
    public MemorySegment slice(long at, long bytes) {
        try {
            return memory.asSlice(at, bytes);
        } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
            throw outside(at, e);
        }
    }

    /**
     * All of it. It ends with the heap.
     *
     * @return the heap's memory, of which only what is committed may be touched
     */
    public MemorySegment segment() {
        return memory;
    }

    /**
     * Whether a word may be stored somewhere.
     *
     * @param at its offset, any number
     * @return whether it is that of a word of this heap
     */
    boolean isWord(long at) {
        return (at & Long.BYTES - 1) == 0 && at >= 0 && at <= memory.byteSize() - Long.BYTES;
    }

    /** The error where an offset leads out of the heap, or is no word's: nobody but damage can have made it. */
    private static IncompatibleBlockException outside(long at, RuntimeException cause) {
        IncompatibleBlockException damaged = Central.damaged("something leads to " + at);
        damaged.initCause(cause);
        return damaged;
    }
}
