package io.cleave.objects;

import io.cleave.memory.Lifetime;
import io.cleave.memory.MemoryOptions;

/**
 * How a {@link SharedHeap} is made and opened. Options are immutable: each method returns others.
 *
 * <pre>{@code
 * SharedHeap.create("cache", 4L << 30, HeapOptions.defaults().withLifetime(Lifetime.PERSISTENT));
 * }</pre>
 */
public final class HeapOptions {
    private static final HeapOptions DEFAULTS = new HeapOptions(MemoryOptions.defaults(), 0);

    private final MemoryOptions memory;
    private final long initialBytes;

    private HeapOptions(MemoryOptions memory, long initialBytes) {
        this.memory = memory;
        this.initialBytes = initialBytes;
    }

    /**
     * A lifetime of {@link Lifetime#ATTACHED}, nothing reserved before it is needed, writable, private to the user.
     *
     * @return the options of {@link SharedHeap#create(String, long)} and {@link SharedHeap#open(String)}
     */
    public static HeapOptions defaults() {
        return DEFAULTS;
    }

    /**
     * How long a heap stays when nobody is attached. It matters to who makes the heap.
     *
     * @param stays {@link Lifetime#ATTACHED} or {@link Lifetime#PERSISTENT}
     * @return options with this lifetime
     */
    public HeapOptions withLifetime(Lifetime stays) {
        return new HeapOptions(memory.withLifetime(stays), initialBytes);
    }

    /**
     * How much of the device the heap takes from the start, so that growing that far cannot fail. It matters to who makes
     * the heap.
     *
     * @param bytes from 0, which is the default, to the heap's maximum
     * @return options with this size
     * @throws IllegalArgumentException where it is negative
     */
    public HeapOptions withInitialBytes(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("a heap cannot have " + bytes + " bytes at first; 0 is the least");
        }
        return new HeapOptions(memory, bytes);
    }

    /**
     * Whether nothing can be changed through the handle: the memory is mapped so that nobody in this process can write to
     * it, by whatever means. It is for {@link SharedHeap#open(String, HeapOptions)}.
     *
     * @param only false by default
     * @return options for reading, or for reading and writing
     */
    public HeapOptions withReadOnly(boolean only) {
        return new HeapOptions(memory.withReadOnly(only), initialBytes);
    }

    /**
     * Whether members of the group of the heap's file may use it, as {@link MemoryOptions#withGroupAccess} has it.
     *
     * @param allowed false by default
     * @return options with or without access for the group
     */
    public HeapOptions withGroupAccess(boolean allowed) {
        return new HeapOptions(memory.withGroupAccess(allowed), initialBytes);
    }

    /**
     * See {@link #withLifetime}.
     *
     * @return the lifetime
     */
    public Lifetime lifetime() {
        return memory.lifetime();
    }

    /**
     * See {@link #withInitialBytes}.
     *
     * @return bytes
     */
    public long initialBytes() {
        return initialBytes;
    }

    /**
     * See {@link #withReadOnly}.
     *
     * @return whether the heap can only be read
     */
    public boolean readOnly() {
        return memory.readOnly();
    }

    /**
     * See {@link #withGroupAccess}.
     *
     * @return whether the group may use the heap
     */
    public boolean groupAccess() {
        return memory.groupAccess();
    }

    /** The same for the block below. */
    MemoryOptions memory() {
        return memory;
    }

    /**
     * All options.
     *
     * @return such as {@code HeapOptions[lifetime=ATTACHED, initialBytes=0, ...]}
     */
    @Override
    public String toString() {
        return "HeapOptions[lifetime=" + lifetime() + ", initialBytes=" + initialBytes + ", readOnly=" + readOnly()
                + ", groupAccess=" + groupAccess() + "]";
    }
}
