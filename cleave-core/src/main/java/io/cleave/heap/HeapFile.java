package io.cleave.heap;

import io.cleave.IncompatibleBlockException;
import io.cleave.memory.BlockKind;
import io.cleave.memory.MemoryOptions;
import io.cleave.memory.raw.GrowingBlock;
import io.cleave.memory.raw.RawBlocks;
import io.cleave.owner.Participants;
import java.lang.foreign.MemorySegment;
import java.security.SecureRandom;

/**
 * The file that a heap lies in, as one process has it open: a named block of the heap's maximum, mapped once, of which
 * only the beginning has memory.
 *
 * <h2>Overview</h2>
 *
 * The file has the heap's maximum as its size from the start, and holes where nothing was reserved yet. So what a
 * process has mapped never changes, and an offset means the same to all whatever the heap has grown to meanwhile. What
 * lies at and behind the word {@code committed} of the heap's header is in nobody's way, and nobody touches it: a store
 * there would take memory that nobody has reserved, and where there is none end the process by SIGBUS.
 *
 * <p>
 * A heap is made as any block is: in a file without a name, which gets its name when all of the heap's own structures
 * are there. So a death while it is made leaves nothing, and there is no half-made heap to meet.
 *
 * <p>
 * <b>Growth.</b> Who holds the heap's central lock reserves, and then raises {@code committed}. A death in between
 * leaves memory that the file has and the heap does not know; the next to grow reserves it again, which costs nothing,
 * and finds zeroes there.
 *
 * <p>
 * <b>Copies.</b> A file that was copied may have holes where the original had zeroes. Who opens one with less memory
 * than {@code committed} reserves what is missing, before anything is touched.
 */
public final class HeapFile implements HeapSpace, AutoCloseable {
    private final GrowingBlock block;
    private final long byteSize;

    private HeapFile(GrowingBlock block) {
        this.block = block;
        this.byteSize = block.segment().byteSize();
    }

    /**
     * Makes a heap.
     *
     * @param name of its block
     * @param maximum what it may grow to, in bytes
     * @param initial what it has memory for from the start, in bytes
     * @param options lifetime and access
     * @return its file
     * @throws io.cleave.AlreadyExistsException where there is a block of that name
     * @throws io.cleave.AllocationException where there is not that much memory; nothing is left then
     */
    public static HeapFile create(String name, long maximum, long initial, MemoryOptions options) {
        checkSizes(maximum, initial);
        return new HeapFile(RawBlocks.standard().createGrowing(name, maximum, options.withKind(BlockKind.HEAP),
                block -> format(block, initial)));
    }

    /**
     * Opens a heap.
     *
     * @param name of its block
     * @param options access
     * @return its file
     * @throws io.cleave.BlockNotFoundException where there is none
     * @throws io.cleave.IncompatibleBlockException where the block is no heap, of another version, or damaged
     * @throws io.cleave.AllocationException where it is a copy with holes, and there is no memory to fill them
     */
    public static HeapFile open(String name, MemoryOptions options) {
        return opened(RawBlocks.standard().openGrowing(name, options.withKind(BlockKind.HEAP)));
    }

    /**
     * Opens a heap, or makes it where there is none; of many callers at once one makes it.
     *
     * @param name of its block
     * @param maximum what it may grow to, in bytes
     * @param initial what it has memory for from the start, in bytes; of no meaning where it exists
     * @param options lifetime and access
     * @return its file
     * @throws io.cleave.IncompatibleBlockException where it exists with another maximum, or for the reasons of
     *         {@link #open}
     * @throws io.cleave.AllocationException where there is not that much memory; nothing is left then
     */
    public static HeapFile openOrCreate(String name, long maximum, long initial, MemoryOptions options) {
        checkSizes(maximum, initial);
        return opened(RawBlocks.standard().openOrCreateGrowing(name, maximum, options.withKind(BlockKind.HEAP),
                block -> format(block, initial)));
    }

    /**
     * Looks at a heap without attaching to it. What is stored through it nobody else sees; it is for who looks at a heap
     * that nobody uses, or reads only.
     *
     * @param name of its block
     * @return its file
     * @throws io.cleave.BlockNotFoundException where there is none
     * @throws io.cleave.IncompatibleBlockException where the block is no heap, of another version, or damaged
     */
    public static HeapFile peek(String name) {
        return opened(RawBlocks.standard().peek(name, BlockKind.HEAP));
    }

    private static void checkSizes(long maximum, long initial) {
        if (maximum < HeapFormat.LEAST_BYTES) {
            throw new IllegalArgumentException("a heap of " + maximum + " bytes; it needs at least "
                    + HeapFormat.LEAST_BYTES);
        }
        if (initial < 0 || initial > maximum) {
            throw new IllegalArgumentException("a heap that has " + initial + " bytes at first and may grow to "
                    + maximum + "; the first must be from 0 to the second");
        }
    }

    private static void format(GrowingBlock block, long initial) {
        block.reserve(0, initial);
        block.unite(0, initial);
        Heap.format(new HeapFile(block), new SecureRandom().nextLong());
        Participants.join(block.segment(), HeapLayout.STAMP_AT, Heap.class); // who only reads could not
    }

    private static HeapFile opened(GrowingBlock block) {
        boolean done = false;
        try {
            MemorySegment memory = block.segment();
            if (memory.byteSize() < HeapFormat.LEAST_BYTES) {
                throw new IncompatibleBlockException("block \"" + block.name() + "\" has " + memory.byteSize()
                        + " bytes, a heap has at least " + HeapFormat.LEAST_BYTES + "; choose another name");
            }
            block.reserve(0, HeapLayout.FIRST_CONTEXT_AT);
            HeapFormat.check(memory);
            fillHoles(block);
            done = true;
            return new HeapFile(block);
        } finally {
            if (!done) {
                block.close();
            }
        }
    }

    /** Makes sure that all has memory of which the header says so. */
    private static void fillHoles(GrowingBlock block) {
        MemorySegment memory = block.segment();
        long tableAt = HeapLayout.longPlain(memory, HeapLayout.TABLE_AT);
        long dataAt = HeapLayout.longPlain(memory, HeapLayout.DATA_AT);
        long committed = HeapLayout.longPlain(memory, HeapLayout.COMMITTED_AT);
        long data = committed - dataAt;
        long table = (data + HeapLayout.PAGE_BYTES - 1) / HeapLayout.PAGE_BYTES * HeapLayout.ENTRY_BYTES;
        if (block.reservedBytes() < tableAt + table + data) {
            block.reserve(0, tableAt + table);
            block.reserve(dataAt, data);
        }
    }

    /**
     * Its block's name.
     *
     * @return the name
     */
    public String name() {
        return block.name();
    }

    @Override
    public MemorySegment memory() {
        return block.segment();
    }

    @Override
    public void reserve(long at, long bytes) {
        block.reserve(at, bytes);
    }

    @Override
    public void unite(long at, long bytes) {
        block.unite(at, bytes);
    }

    /**
     * What the heap may grow to.
     *
     * @return bytes
     */
    public long byteSize() {
        return byteSize;
    }

    /**
     * How much of the device it takes.
     *
     * @return bytes, the block's header included
     */
    public long reservedBytes() {
        return block.reservedBytes();
    }

    /** Removes the name, if it still leads to this heap. */
    public void unlink() {
        block.unlink();
    }

    /**
     * Unmaps, and as the last one out removes the heap, unless it is to stay.
     *
     * @throws IllegalStateException where the memory is in use by a system call; nothing was closed then
     */
    @Override
    public void close() {
        block.close();
    }
}
