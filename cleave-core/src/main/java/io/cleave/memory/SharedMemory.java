package io.cleave.memory;

import io.cleave.AllocationException;
import io.cleave.AlreadyExistsException;
import io.cleave.BlockNotFoundException;
import io.cleave.CleaveException;
import io.cleave.IncompatibleBlockException;
import io.cleave.memory.raw.GrowingBlock;
import io.cleave.memory.raw.OwnedBlock;
import io.cleave.memory.raw.RawBlock;
import io.cleave.memory.raw.RawBlocks;
import io.cleave.os.SigbusGuard;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A region of memory that processes share, mapped into this one.
 *
 * <p>
 * A <b>named</b> block is a file in {@code /dev/shm}, or in the directory that the environment variable
 * {@code CLEAVE_DIR} names, with mode 600: only processes of the same user can use it, unless
 * {@link MemoryOptions#withGroupAccess} admits others. Each object of this class is one
 * handle; a process may have several on one block, each counts by itself. The last handle that is closed, in whatever
 * process, removes the block, unless its lifetime is {@link Lifetime#PERSISTENT}. A process that ends normally closes
 * its handles; of one that is killed the kernel gives them up, and a block that nobody is attached to any more is an
 * orphan: {@link #open} does not find it, {@link #create} replaces it. Killing a process at any moment leaves either
 * nothing, or a whole block, or an orphan. Every process that makes blocks removes orphans of its user as it goes, a few
 * each time; {@link Cleanup} removes all at once.
 *
 * <p>
 * An <b>anonymous</b> block has no name. Forked children inherit it, and it ends with the last process that has it.
 *
 * <p>
 * A forked child inherits the mapping, and may use the segment, but the handle stays its parent's: in the child
 * {@link #close} neither removes the block nor ends the parent's attachment. A child that opens a block by its name has
 * a handle of its own. Either way memory stays mapped until the child ends.
 *
 * <p>
 * All of a block's memory is reserved when it is made, so a store never fails for want of memory. New blocks hold
 * zeroes. Nobody may truncate the file: the first access to each page that is missing then is an {@link InternalError}, with
 * few exceptions (where compare-and-set is interpreted, and in native code), and later ones read zeroes. After it
 * {@link #segment} and whatever else of Cleave's uses this handle throw {@link IncompatibleBlockException}, as opening such
 * a file does. That
 * is so on x86-64 with HotSpot and glibc; elsewhere such an access may be the end of the process. The size of anonymous
 * blocks is sealed.
 *
 * <p>
 * Where memory, file descriptors or mappings run out, memory that Cleave keeps in reserve is given up, orphans are removed,
 * and garbage is collected, as handles that nobody refers to may be what takes them; only what is still missing then is an
 * error, which names the device, control group or limit.
 *
 * <h2>Threads and processes</h2> All methods may be called by any thread at any time, and in any number of processes at
 * once: of many that create one name exactly one succeeds, and nobody sees a block half made. Accesses to the segment
 * are not ordered by this class: order them by VarHandles of {@link java.lang.foreign.ValueLayout} (acquire and release
 * modes work between processes as between threads) or by what builds on them.
 *
 * <h2>Memory consistency effects</h2> What a process does before it creates a block happens before what another does
 * after it has opened it. Nothing else is implied: in particular not by closing.
 *
 * <h2>Cost</h2> Creating takes about 0.1 ms and the zeroing of the memory (0.3 s a GiB), opening about 30 us at any
 * size, closing about 0.1 ms, most of it a handshake with every thread of this JVM. Accesses cost what accesses to any
 * native segment cost; the first one to each page by each mapping is a page fault. A handle takes one file descriptor.
 * Looking for orphans takes a fiftieth of the time of who does nothing but create.
 */
public final class SharedMemory implements AutoCloseable {
    static {
        RawBlocks.Access.provide(new RawBlocks() {
            @Override
            public OwnedBlock create(long byteSize, BlockKind kind) {
                return BlockDirectory.standard().blank(byteSize, kind);
            }

            @Override
            public @Nullable RawBlock view(String name, BlockKind kind, Predicate<MemorySegment> isWanted) {
                return BlockDirectory.standard().view(name, kind, isWanted);
            }

            @Override
            public GrowingBlock createGrowing(String name, long byteSize, MemoryOptions options,
                    Consumer<GrowingBlock> fill) {
                return BlockDirectory.standard().createSparse(name, byteSize, options, fill);
            }

            @Override
            public GrowingBlock peek(String name, BlockKind kind) {
                return BlockDirectory.standard().peek(name, kind);
            }

            @Override
            public GrowingBlock openGrowing(String name, MemoryOptions options) {
                return BlockDirectory.standard().openSparse(name, options);
            }

            @Override
            public GrowingBlock openOrCreateGrowing(String name, long byteSize, MemoryOptions options,
                    Consumer<GrowingBlock> fill) {
                return BlockDirectory.standard().openOrCreateSparse(name, byteSize, options, fill);
            }
        });
    }

    private final String name;
    private final Attachment attachment;
    private final MemorySegment segment;

    /** A handle on what has just been attached to. */
    SharedMemory(String name, Attachment attachment) {
        this.name = name;
        this.attachment = attachment;
        this.segment = attachment.userSegment();
    }

    /**
     * Makes a block that lives while somebody is attached.
     *
     * @param name 1 to 200 of the characters {@code A-Z a-z 0-9 . _ -}, not beginning with a dot
     * @param byteSize its size, at least 1; taken as it is, not rounded
     * @return a handle on it
     * @throws AlreadyExistsException where a block of this name exists, unless it is an orphan, which is replaced
     * @throws AllocationException where there is not that much memory; nothing is left then
     * @throws IncompatibleBlockException where something bears the name that is no block of this user's
     * @throws IllegalArgumentException where name or size is outside the range above
     * @throws CleaveException where the system refuses something else, such as writing to the directory, or another file
     *         descriptor
     */
    public static SharedMemory create(String name, long byteSize) {
        return create(name, byteSize, MemoryOptions.defaults());
    }

    /**
     * Makes a block with a lifetime, as {@link #create(String, long, MemoryOptions)} does.
     *
     * @param name 1 to 200 of the characters {@code A-Z a-z 0-9 . _ -}, not beginning with a dot
     * @param byteSize its size, at least 1; taken as it is, not rounded
     * @param lifetime how long it stays when nobody is attached
     * @return a handle on it
     */
    public static SharedMemory create(String name, long byteSize, Lifetime lifetime) {
        return create(name, byteSize, MemoryOptions.defaults().withLifetime(lifetime));
    }

    /**
     * Makes a block.
     *
     * @param name 1 to 200 of the characters {@code A-Z a-z 0-9 . _ -}, not beginning with a dot
     * @param byteSize its size, at least 1; taken as it is, not rounded
     * @param options how
     * @return a handle on it
     * @throws AlreadyExistsException where a block of this name exists, unless it is an orphan, which is replaced
     * @throws AllocationException where there is not that much memory; nothing is left then
     * @throws IncompatibleBlockException where something bears the name that is no block of this user's
     * @throws IllegalArgumentException where name or size is outside the range above, or the options are for reading only
     * @throws CleaveException where the system refuses something else, such as writing to the directory, or another file
     *         descriptor
     */
    public static SharedMemory create(String name, long byteSize, MemoryOptions options) {
        return new SharedMemory(name, BlockDirectory.standard().create(name, byteSize, options));
    }

    /**
     * Attaches to a block that exists, for reading and writing.
     *
     * @param name the block's name
     * @return a handle on it, of the size that its creator gave it
     * @throws BlockNotFoundException where there is none, or only an orphan, which is removed
     * @throws IncompatibleBlockException where it is another user's, of another kind or format, cut short or damaged
     * @throws IllegalArgumentException where it cannot be a name
     * @throws CleaveException where the system refuses something else, such as another mapping or file descriptor
     */
    public static SharedMemory open(String name) {
        return open(name, MemoryOptions.defaults());
    }

    /**
     * Attaches to a block that exists, for reading: {@link #open(String, MemoryOptions)} with
     * {@link MemoryOptions#withReadOnly}.
     *
     * @param name the block's name
     * @return a handle on it, whose segment is read-only
     */
    public static SharedMemory openReadOnly(String name) {
        return open(name, MemoryOptions.defaults().withReadOnly(true));
    }

    /**
     * Attaches to a block that exists.
     *
     * @param name the block's name
     * @param options how; the lifetime is the one that its creator gave it
     * @return a handle on it, of the size that its creator gave it
     * @throws BlockNotFoundException where there is none, or only an orphan, which is removed
     * @throws IncompatibleBlockException where it is a user's whose blocks the options do not admit, of another kind or
     *         format, cut short or damaged
     * @throws IllegalArgumentException where it cannot be a name
     * @throws CleaveException where the system refuses something else, such as another mapping or file descriptor
     */
    public static SharedMemory open(String name, MemoryOptions options) {
        return new SharedMemory(name, BlockDirectory.standard().open(name, options));
    }

    /**
     * Attaches to a block, or makes it where there is none; of many callers at once one makes it. A block that is made
     * lives while somebody is attached; one that exists keeps its lifetime.
     *
     * @param name 1 to 200 of the characters {@code A-Z a-z 0-9 . _ -}, not beginning with a dot
     * @param byteSize its size, at least 1
     * @return a handle on it
     * @throws IncompatibleBlockException where it exists with another size; where it is another user's, of another kind
     *         or format, cut short or damaged
     * @throws AllocationException where there is not that much memory; nothing is left then
     * @throws IllegalArgumentException where name or size is outside the range above
     * @throws CleaveException where the system refuses something else, such as writing to the directory, or another file
     *         descriptor
     */
    public static SharedMemory openOrCreate(String name, long byteSize) {
        return openOrCreate(name, byteSize, MemoryOptions.defaults());
    }

    /**
     * Attaches to a block of a kind, or makes it where there is none, as
     * {@link #openOrCreate(String, long, MemoryOptions)} does. {@link #open(String)} finds {@link BlockKind#MEMORY} only.
     *
     * @param name 1 to 200 of the characters {@code A-Z a-z 0-9 . _ -}, not beginning with a dot
     * @param byteSize its size, at least 1
     * @param kind what the block holds
     * @return a handle on it
     */
    public static SharedMemory openOrCreate(String name, long byteSize, BlockKind kind) {
        return openOrCreate(name, byteSize, MemoryOptions.defaults().withKind(kind));
    }

    /**
     * Attaches to a block, or makes it where there is none; of many callers at once one makes it.
     *
     * @param name 1 to 200 of the characters {@code A-Z a-z 0-9 . _ -}, not beginning with a dot
     * @param byteSize its size, at least 1
     * @param options how; a block that exists keeps its lifetime and its mode
     * @return a handle on it
     * @throws IncompatibleBlockException where it exists with another size or kind; where it is a user's whose blocks the
     *         options do not admit, of another format, cut short or damaged
     * @throws AllocationException where there is not that much memory; nothing is left then
     * @throws IllegalArgumentException where name or size is outside the range above, or the options are for reading only
     * @throws CleaveException where the system refuses something else, such as writing to the directory, or another file
     *         descriptor
     */
    public static SharedMemory openOrCreate(String name, long byteSize, MemoryOptions options) {
        return new SharedMemory(name, BlockDirectory.standard().openOrCreate(name, byteSize, options));
    }

    /**
     * Makes a block without a name, which lives as long as a process has it mapped. Its size is sealed: nobody can
     * truncate it.
     *
     * @param byteSize its size, at least 1; taken as it is, not rounded
     * @return a handle on it, whose name is empty
     * @throws AllocationException where there is not that much memory
     * @throws IllegalArgumentException where the size is less than 1
     * @throws CleaveException where the system refuses something else, such as another mapping or file descriptor
     */
    public static SharedMemory anonymous(long byteSize) {
        return anonymous(byteSize, MemoryOptions.defaults());
    }

    /**
     * Makes a block without a name, as {@link #anonymous(long)} does.
     *
     * @param byteSize its size, at least 1; taken as it is, not rounded
     * @param options how; of them only {@link MemoryOptions#withHugePages} matters here
     * @return a handle on it, whose name is empty
     * @throws AllocationException where there is not that much memory
     * @throws IllegalArgumentException where the size is less than 1, or the options are for reading only
     * @throws CleaveException where the system refuses something else, such as another mapping or file descriptor
     */
    public static SharedMemory anonymous(long byteSize, MemoryOptions options) {
        return new SharedMemory("", BlockDirectory.anonymous(byteSize, options));
    }

    /**
     * The memory. It begins on a page boundary. It and its slices are accessible to all threads until {@link #close};
     * after that, accessing them throws {@link IllegalStateException}.
     *
     * @return a segment of {@link #byteSize()} bytes, always the same; read-only where the handle is
     * @throws IncompatibleBlockException where somebody has truncated the block, and an access to what was missing has
     *         failed
     */
    public MemorySegment segment() {
        SigbusGuard.requireIntact(segment);
        return segment;
    }

    /**
     * The block's name.
     *
     * @return the name, empty for an anonymous block
     */
    public String name() {
        return name;
    }

    /**
     * The block's size, as its creator asked for it.
     *
     * @return bytes, at least 1
     */
    public long byteSize() {
        return attachment.header().byteSize();
    }

    /**
     * How much of the memory lies in huge pages now, for who has asked for them by {@link MemoryOptions#withHugePages}.
     * Memory that this handle has not accessed yet is not counted. It reads a table of all mappings, which takes
     * milliseconds.
     *
     * @return bytes, the block's header page included; 0 where there are none, or the handle is closed
     */
    public long hugePageBytes() {
        return attachment.hugePageBytes();
    }

    /**
     * Unmaps the memory and gives up this handle; the last one out removes the block, unless it is persistent. The
     * second and later calls do nothing. A handle that is never closed is given up when neither it nor any slice of its
     * segment is reachable any more, or when the JVM ends normally.
     *
     * @throws IllegalStateException where a native call or I/O on the segment is under way in another thread; nothing
     *         has been closed then, and this method may be called again
     * @throws CleaveException where the block could not be removed; the handle is closed nevertheless
     */
    @Override
    public void close() {
        attachment.close();
    }

    /**
     * Removes the block's name at once. Those who are attached, this handle included, keep the memory until they close;
     * the name is free for another block. It is the way to end a {@link Lifetime#PERSISTENT} block. Where the name has
     * been removed already, or for an anonymous block, it does nothing.
     *
     * @throws IllegalStateException where this handle is closed, or was inherited through a fork
     * @throws CleaveException where the system refuses it
     */
    public void unlink() {
        attachment.unlink();
    }

    /**
     * The blocks in the directory, by name: those of this user and the files of others that bear a block's name. It
     * attaches to none and changes nothing.
     *
     * @return what is there; a block that comes or goes meanwhile may be missing
     */
    public static List<BlockInfo> list() {
        return BlockDirectory.standard().list();
    }

    /**
     * Says which block it is.
     *
     * @return name and size
     */
    @Override
    public String toString() {
        return "SharedMemory[" + (name.isEmpty() ? "anonymous" : name) + ", " + byteSize() + " bytes]";
    }
}
