package io.cleave.memory.raw;

import io.cleave.memory.Lifetime;
import java.lang.foreign.MemorySegment;

/**
 * A block of the process that made it, which may give it new content and a new name as soon as nobody looks at the old
 * one. One thread at a time works on it.
 */
public interface OwnedBlock extends RawBlock {
    /**
     * Writes into a block that has never had a name, which thereby gets its memory. Every byte has to be written.
     *
     * @param from what to write, in native memory or in the heap
     * @param at where in the user's bytes
     * @throws io.cleave.AllocationException where there is no memory for it
     */
    void write(MemorySegment from, long at);

    /**
     * Gives a block that has been written its name.
     *
     * @param name a name that nobody has
     * @param lifetime how long it stays when nobody is attached
     */
    void publish(String name, Lifetime lifetime);

    /**
     * Keeps everybody from looking at the content, if nobody does.
     *
     * @return false where somebody does
     */
    boolean excludeViews();

    /**
     * All of the user's bytes, for writing, with the page tables filled. Only to be used while views are excluded.
     *
     * @return the bytes
     * @throws io.cleave.AllocationException where there is no memory for it
     * @throws io.cleave.IncompatibleBlockException where somebody has cut the block short
     */
    MemorySegment body();

    /**
     * Gives the block another name and lifetime.
     *
     * @param name a name that nobody has
     * @param lifetime how long it stays when nobody is attached
     * @return false where its name had been taken away, so that it is of no more use
     */
    boolean rename(String name, Lifetime lifetime);

    /** Ends what {@link #excludeViews} began. */
    void admitViews();
}
