package io.cleave.memory.raw;

import java.lang.foreign.MemorySegment;

/**
 * A named block with address space for all that it may ever hold, of which only a part has memory. The whole is mapped
 * once, so that nothing is ever mapped again when it grows. What was not reserved must not be touched: an access to it
 * would take memory that nobody has asked for, and end the process where there is none.
 */
public interface GrowingBlock extends AutoCloseable {
    /**
     * The block's name.
     *
     * @return as it was made or opened
     */
    String name();

    /**
     * The user's bytes, those without memory, too.
     *
     * @return the bytes, the first on a page boundary; read-only where the block was opened so
     */
    MemorySegment segment();

    /**
     * Gives memory to a part of the block; what has some already keeps it, with its content. New memory holds zeroes.
     *
     * @param at where the part begins
     * @param bytes its length
     * @throws io.cleave.AllocationException where there is not that much; what the block had before it still has
     * @throws IllegalStateException where the block is closed
     */
    void reserve(long at, long bytes);

    /**
     * Asks for huge pages in a part that has memory already, with its content; for all who have the block open. Where there are
     * none it has no effect.
     *
     * @param at where the part begins
     * @param bytes its length
     */
    default void unite(long at, long bytes) {
        // small ones do
    }

    /**
     * How much memory the block has, its header included.
     *
     * @return bytes
     */
    long reservedBytes();

    /** Removes the name, if it still leads to this block. */
    void unlink();

    /**
     * Unmaps, and as the last one out removes the block, unless it is to stay.
     *
     * @throws IllegalStateException where the memory is in use by a system call; nothing was closed then
     */
    @Override
    void close();
}
