package io.cleave.sync;

import io.cleave.memory.BlockKind;
import io.cleave.memory.Lifetime;
import io.cleave.memory.MemoryOptions;
import io.cleave.memory.SharedMemory;
import io.cleave.owner.Gate;
import java.io.NotSerializableException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** The block behind an object with a name, if it has one, and the gate that its handle is. */
final class Named extends Gate {
    private final @Nullable SharedMemory block;

    private Named() {
        this.block = null;
    }

    private Named(SharedMemory block) {
        super(block::close, block.segment());
        this.block = block;
    }

    static Named none() {
        return new Named();
    }

    /** Makes an object on a block's memory. */
    interface Maker<T> {
        T make(MemorySegment segment, Named named);
    }

    /** As {@link #open(String, BlockKind, long, Lifetime, Maker)}, for a block that lives while somebody is attached. */
    static <T> T open(String name, BlockKind kind, long byteSize, Maker<T> maker) {
        return open(name, kind, byteSize, Lifetime.ATTACHED, maker);
    }

    /** Attaches to the block of a name, or makes it; it is closed again where the maker of the object fails. */
    static <T> T open(String name, BlockKind kind, long byteSize, Lifetime lifetime, Maker<T> maker) {
        return make(SharedMemory.openOrCreate(name, byteSize,
                MemoryOptions.defaults().withKind(kind).withLifetime(lifetime)), maker);
    }

    private static <T> T make(SharedMemory block, Maker<T> maker) {
        boolean done = false;
        try {
            T made = maker.make(block.segment(), new Named(block));
            done = true;
            return made;
        } finally {
            if (!done) {
                block.close();
            }
        }
    }

    /** Attaches to the block of a name, which must be there. */
    static <T> T openExisting(String name, BlockKind kind, Maker<T> maker) {
        return make(SharedMemory.open(name, MemoryOptions.defaults().withKind(kind)), maker);
    }

    /**
     * What stands for an object on its way to another process.
     *
     * @throws NotSerializableException where it has no name
     */
    ByName travelling(BlockKind kind, boolean isSignal) throws NotSerializableException {
        if (block == null) {
            throw new NotSerializableException("an object of kind " + kind
                    + " on memory of the caller's: another process "
                    + "cannot find it; make it by named(...), or let the task call at(...) on memory that it has opened");
        }
        return new ByName(kind, block.name(), isSignal);
    }

    /** Removes the block's name at once; where there is no block, nothing. */
    void unlink() {
        enter();
        try {
            if (block != null) {
                block.unlink();
            }
        } finally {
            exit();
        }
    }
}
