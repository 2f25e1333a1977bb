package io.cleave.memory.raw;

import io.cleave.memory.BlockKind;
import io.cleave.memory.MemoryOptions;
import io.cleave.memory.SharedMemory;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Makes and finds blocks whose content is written once and then looked at, and blocks that grow, in the directory of all
 * blocks.
 */
public interface RawBlocks {
    /** How many of the user's bytes are mapped by {@link RawBlock#head()}, and shown to who wants to look at the rest. */
    int HEAD_BYTES = 4096;

    /**
     * The directory's blocks.
     *
     * @return the one way to them
     */
    static RawBlocks standard() {
        return Access.standard();
    }

    /**
     * Makes a block that has no name, no content and no memory yet.
     *
     * @param byteSize the user's bytes, at least {@link #HEAD_BYTES}
     * @param kind what it will hold
     * @return the block, which nobody else can find
     * @throws io.cleave.AllocationException where there is not that much memory
     */
    OwnedBlock create(long byteSize, BlockKind kind);

    /**
     * Attaches to a block for a look at its content, which nobody rewrites until the block is closed.
     *
     * @param name its name
     * @param kind what it must hold
     * @param isWanted sees a copy of the user's first {@link #HEAD_BYTES}, while nobody can rewrite them
     * @return the block, not mapped yet; or null where there is none, or it is not wanted
     * @throws io.cleave.IncompatibleBlockException where it is another user's, of another kind or format, cut short or
     *         damaged
     */
    @Nullable RawBlock view(String name, BlockKind kind, Predicate<MemorySegment> isWanted);

    /**
     * Makes a block that grows.
     *
     * @param name as {@link SharedMemory#create(String, long, MemoryOptions)} takes it
     * @param byteSize what it may grow to
     * @param options kind, lifetime and access
     * @param fill reserves and writes what everybody is to find in it, before it has a name; may be called several times,
     *        each time for another block
     * @return the block
     * @throws io.cleave.AlreadyExistsException where there is one of that name
     * @throws io.cleave.AllocationException where there is not that much memory
     */
    GrowingBlock createGrowing(String name, long byteSize, MemoryOptions options, Consumer<GrowingBlock> fill);

    /**
     * Attaches to a block that grows.
     *
     * @param name its name
     * @param options its kind, and how
     * @return the block
     * @throws io.cleave.BlockNotFoundException where there is none
     * @throws io.cleave.IncompatibleBlockException where it is another user's, of another kind or format, cut short or
     *         damaged
     */
    GrowingBlock openGrowing(String name, MemoryOptions options);

    /**
     * Attaches to a block that grows, or makes it where there is none; of many callers at once one makes it.
     *
     * @param name its name
     * @param byteSize what it may grow to
     * @param options kind, lifetime and access
     * @param fill as {@link #createGrowing} takes it
     * @return the block
     * @throws io.cleave.IncompatibleBlockException where it exists with another size, or for the reasons of
     *         {@link #openGrowing}
     * @throws io.cleave.AllocationException where there is not that much memory
     */
    GrowingBlock openOrCreateGrowing(String name, long byteSize, MemoryOptions options, Consumer<GrowingBlock> fill);

    /**
     * Looks at a block that grows without attaching to it. What others store is seen; what is stored through it nobody
     * else sees.
     *
     * @param name its name
     * @param kind what it must hold
     * @return the block, whose memory does not grow
     * @throws io.cleave.BlockNotFoundException where there is none
     * @throws io.cleave.IncompatibleBlockException where it is another user's, of another kind or format, cut short or
     *         damaged
     */
    GrowingBlock peek(String name, BlockKind kind);

    /** Where the package below leaves its implementation, whose classes it does not show to anybody. */
    final class Access {
        private static volatile @Nullable RawBlocks implementation;

        private Access() {
        }

        /**
         * Called once, by the implementation.
         *
         * @param blocks the implementation
         */
        public static void provide(RawBlocks blocks) {
            implementation = blocks;
        }

        private static RawBlocks standard() {
            RawBlocks blocks = implementation;
            if (blocks != null) {
                return blocks;
            }
            try {
                MethodHandles.lookup().ensureInitialized(SharedMemory.class); // it provides
            } catch (IllegalAccessException e) {
                throw new AssertionError("a public class cannot be reached", e);
            }
            return Objects.requireNonNull(implementation);
        }
    }
}
