package io.cleave.objects;

import io.cleave.BlockNotFoundException;
import io.cleave.IncompatibleBlockException;
import io.cleave.StaleReferenceException;
import io.cleave.heap.Heap;
import io.cleave.heap.HeapMemory;
import io.cleave.heap.RawBlocks;
import io.cleave.owner.Gate;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The blocks of bytes in a heap, with and without names, for one handle on it. */
final class HeapBlocks {
    private final String heapName;
    private final Heap heap;
    private final Gate gate;
    private final Roots roots;
    private final RawBlocks blocks;

    HeapBlocks(String heapName, Heap heap, Gate gate, Roots roots) {
        this.heapName = heapName;
        this.heap = heap;
        this.gate = gate;
        this.roots = roots;
        this.blocks = new RawBlocks(heap);
    }

    private static void checkSize(long byteSize) {
        if (byteSize < 1) {
            throw new IllegalArgumentException("a block has at least 1 byte, not " + byteSize);
        }
    }

    private <R> R inside(Supplier<R> action) {
        gate.enter();
        try {
            return action.get();
        } finally {
            gate.exit();
        }
    }

    /** Finds the block with a name, or makes one of zeroes. */
    HeapBlock findOrMake(String name, long byteSize) {
        checkSize(byteSize);
        HeapBlock found = inside(() -> {
            HeapBlock block = null;
            while (block == null) {
                block = named(roots.findOrMake(name, RootType.RAW,
                        change -> RawStructure.make(heap, blocks, change, byteSize)));
            }
            return block;
        });
        if (found.byteSize() != byteSize) {
            throw new IncompatibleBlockException(
                    "\"" + name + "\" in heap \"" + heapName + "\" has " + found.byteSize() + " bytes, " + byteSize
                            + " were asked for; open it as it is, or choose another name");
        }
        return found;
    }

    /** Finds the block with a name. */
    HeapBlock find(String name) {
        return inside(() -> {
            HeapBlock block = null;
            while (block == null) {
                Root root = roots.find(name);
                if (root == null) {
                    throw new BlockNotFoundException("nothing in heap \"" + heapName + "\" is called \"" + name
                            + "\"; raw(name, byteSize) makes it");
                }
                roots.check(root, RootType.RAW);
                block = named(root);
            }
            return block;
        });
    }

    /** The block that a header has; null where it has just been dropped, and its name leads elsewhere. */
    private @Nullable HeapBlock named(Root root) {
        HeapMemory memory = heap.memory();
        long header = root.header();
        long block = memory.getAcquire(header + RawStructure.BLOCK_IN_HEADER);
        long generation = memory.getPlain(header + RawStructure.GENERATION_IN_HEADER);
        long byteSize = memory.getPlain(header + RawStructure.SIZE_IN_HEADER);
        VarHandle.loadLoadFence(); // what the header says, and then whether it still is that header
        if (memory.getAcquire(header) != root.generation() || RootLayout.isDropped(memory, header)) {
            return null;
        }
        return new HeapBlock(this, block, generation, byteSize, root.name());
    }

    /** Allocates a block without a name. */
    HeapBlock allocate(long byteSize) {
        checkSize(byteSize);
        return inside(() -> {
            roots.refuseReadOnly();
            long block = blocks.allocate(byteSize, ThreadLocalRandom.current().nextLong());
            return new HeapBlock(this, block, blocks.generation(block), byteSize, "");
        });
    }

    /** The block that a reference leads to. */
    HeapBlock at(HeapReference reference) {
        Objects.requireNonNull(reference);
        return inside(() -> {
            if (!blocks.isCurrent(reference.offset(), reference.generation())) {
                throw new StaleReferenceException("the block at " + reference.offset() + " of heap \"" + heapName
                        + "\" has been freed; nothing may use it any more");
            }
            long byteSize = heap.sizeOf(reference.offset()) - RawBlocks.HEAD_BYTES;
            return new HeapBlock(this, reference.offset(), reference.generation(), byteSize, "");
        });
    }

    /** The bytes of a block that must be in use. */
    MemorySegment segment(HeapBlock block) {
        return inside(() -> {
            check(block);
            return heap.memory().slice(block.offset() + RawBlocks.HEAD_BYTES, block.byteSize());
        });
    }

    /** What leads to a block that must be in use. */
    HeapReference reference(HeapBlock block) {
        return inside(() -> {
            check(block);
            return new HeapReference(block.offset(), block.generation());
        });
    }

    void free(HeapBlock block) {
        gate.enter();
        try {
            roots.refuseReadOnly();
            check(block);
            blocks.free(block.offset(), block.generation());
        } finally {
            gate.exit();
        }
    }

    HeapBlock reallocate(HeapBlock block, long newSize) {
        checkSize(newSize);
        return inside(() -> {
            roots.refuseReadOnly();
            check(block);
            long moved = blocks.reallocate(block.offset(), block.generation(), newSize,
                    ThreadLocalRandom.current().nextLong());
            return new HeapBlock(this, moved, blocks.generation(moved), newSize, "");
        });
    }

    private void check(HeapBlock block) {
        if (!blocks.isCurrent(block.offset(), block.generation())) {
            String name = block.name();
            throw new StaleReferenceException(
                    (name.isEmpty() ? "the block at " + block.offset() : "\"" + name + "\"") + " of heap \"" + heapName
                            + "\" has been " + (name.isEmpty() ? "freed" : "dropped")
                            + "; nothing may use it any more");
        }
    }
}
