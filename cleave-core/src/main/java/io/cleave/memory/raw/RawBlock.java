package io.cleave.memory.raw;

import java.lang.foreign.MemorySegment;

/** A block that this process is attached to. Forked children have no part in it. */
public interface RawBlock extends AutoCloseable {
    /** How a block is mapped. */
    enum Mapping {
        /** Nobody can write through it, by whatever means. */
        READ_ONLY,
        /** What is written stays in this mapping. */
        PRIVATE
    }

    /**
     * Maps the user's bytes. The segment, and whatever refers to it, keeps this process attached while it is reachable.
     *
     * @param mapping how
     * @return the user's bytes, the first on a page boundary; to be called once at most
     * @throws io.cleave.IncompatibleBlockException where somebody has cut the block short
     */
    MemorySegment map(Mapping mapping);

    /**
     * The user's first bytes, for the words that processes share.
     *
     * @return {@link RawBlocks#HEAD_BYTES} that can be read and written, usable until {@link #close}
     * @throws io.cleave.IncompatibleBlockException where somebody has cut the block short
     */
    MemorySegment head();

    /**
     * The user's bytes.
     *
     * @return how many, all told
     */
    long byteSize();

    /**
     * Whether the block's file has kept its size. What somebody has cut off cannot be accessed any more.
     *
     * @return false where it has been cut short
     */
    boolean isWhole();

    /** From now on the block goes with the last who is attached, even where it was to stay. */
    void endWithHolders();

    /**
     * Whether the process that made the block still takes care of it.
     *
     * @return false where it has let go of it or has died
     */
    boolean isOwned();

    /** Removes the name, if it still leads to this block. */
    void unlink();

    /** Unmaps, and as the last one out removes the block. A segment of {@link #map} cannot be accessed afterwards. */
    @Override
    void close();

    /** Closes at less cost where nobody can have kept a part of the segment, which would be left dangling. */
    void closeUnshared();
}
