package io.cleave.objects;

import io.cleave.StaleReferenceException;
import java.lang.foreign.MemorySegment;

/**
 * Bytes in a {@link SharedHeap} that are the user's alone.
 *
 * <p>
 * Whoever frees a block, or drops its name, ends it for all. From then on every method here throws a
 * {@link StaleReferenceException}; but a segment that was taken before stays accessible as long as the heap is open, and
 * shows whatever comes to lie there. So agree on who frees, or ask for the segment anew.
 *
 * <h2>Memory consistency effects</h2> Accesses to the segment are not ordered by this class: order them by VarHandles of
 * {@link java.lang.foreign.ValueLayout}. What a thread stores before it hands out a {@link #reference} by a structure of
 * the heap happens before what others do after they have got it there.
 */
public final class HeapBlock {
    private final HeapBlocks blocks;
    private final long offset;
    private final long generation;
    private final long byteSize;
    private final String name;

    /** @param name the name that leads to it, empty where none does */
    HeapBlock(HeapBlocks blocks, long offset, long generation, long byteSize, String name) {
        this.blocks = blocks;
        this.offset = offset;
        this.generation = generation;
        this.byteSize = byteSize;
        this.name = name;
    }

    long offset() {
        return offset;
    }

    long generation() {
        return generation;
    }

    /** The name that leads to it; empty where none does. */
    String name() {
        return name;
    }

    /**
     * The bytes. The segment is aligned to 16 bytes, and accessible until the heap is closed.
     *
     * @return {@link #byteSize} bytes; read-only where the heap is
     * @throws StaleReferenceException where the block has been freed
     * @throws IllegalStateException where the heap is closed
     */
    public MemorySegment segment() {
        return blocks.segment(this);
    }

    /**
     * How many bytes it has.
     *
     * @return as many as were asked for; where it was found by its reference, perhaps some more
     */
    public long byteSize() {
        return byteSize;
    }

    /**
     * What leads to this block from elsewhere.
     *
     * @return a reference, for {@link SharedHeap#block}
     * @throws StaleReferenceException where the block has been freed
     * @throws UnsupportedOperationException where the block has a name, which leads to it
     */
    public HeapReference reference() {
        requireNameless("refer to it by");
        return blocks.reference(this);
    }

    /**
     * Gives the memory back to the heap.
     *
     * @throws StaleReferenceException where it has been freed already
     * @throws UnsupportedOperationException where it has a name, which {@link SharedHeap#drop} takes away
     */
    public void free() {
        requireNameless("free it by dropping");
        blocks.free(this);
    }

    /**
     * Gives the memory another size, as {@code realloc} does: what was there stays, as far as it goes, and what is new is
     * whatever was there. Where it has to move, which costs a copy, this block is freed, and references to it lead nowhere.
     *
     * @param newSize how many bytes, at least 1
     * @return the block of that size, which alone is to be used from now on
     * @throws io.cleave.HeapFullException where there is no room; this block is as it was
     * @throws StaleReferenceException where it has been freed already
     * @throws UnsupportedOperationException where it has a name
     */
    public HeapBlock reallocate(long newSize) {
        requireNameless("drop, and make again,");
        return blocks.reallocate(this, newSize);
    }

    private void requireNameless(String instead) {
        if (!name.isEmpty()) {
            throw new UnsupportedOperationException("this block has a name: " + instead + " \"" + name + "\"");
        }
    }

    /**
     * Says which block it is.
     *
     * @return its name or offset, and its size
     */
    @Override
    public String toString() {
        return "HeapBlock[" + (name.isEmpty() ? Long.toString(offset) : name) + ", " + byteSize + " bytes]";
    }
}
