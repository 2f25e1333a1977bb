package io.cleave.objects;

import io.cleave.AllocationException;
import io.cleave.AlreadyExistsException;
import io.cleave.BlockNotFoundException;
import io.cleave.CleaveException;
import io.cleave.HeapFullException;
import io.cleave.IncompatibleBlockException;
import io.cleave.StaleReferenceException;
import io.cleave.heap.Heap;
import io.cleave.heap.HeapFile;
import io.cleave.os.Unistd;
import io.cleave.owner.Gate;
import io.cleave.owner.SharedCell;
import java.lang.invoke.MethodHandles;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A heap of live objects that processes share, in a named block of memory.
 *
 * <pre>{@code
 * try (SharedHeap heap = SharedHeap.openOrCreate("words", 1L << 30)) {
 *     HeapBlock header = heap.raw("header", 4096);
 *     ...
 * }
 * }</pre>
 *
 * <p>
 * Any number of processes of one user, each with its own handle, open the heap by its name, in any order; where its
 * name and its memory come from, who may open it and how long it lives is as {@link io.cleave.memory.SharedMemory} has it:
 * the last who closes it removes it, unless it is {@link io.cleave.memory.Lifetime#PERSISTENT}. With {@code CLEAVE_DIR} in
 * a file system on a disk, such a heap also outlives a restart of all its processes. Nothing is promised for a power cut,
 * as nothing is ever written back on purpose.
 *
 * <p>
 * The heap grows by itself, up to a maximum that is given when it is made. Memory that it has grown by comes back when it
 * is removed; what is freed serves the heap again. Where the device or the machine has no memory for it to grow, or its
 * maximum is reached, an operation that needs more is a {@link HeapFullException}, and has not happened.
 *
 * <p>
 * <b>Death.</b> A process may be killed at any instruction: each operation has happened or has not. What it held is taken
 * over by who next needs it, within about 0.1 s. A process that is stopped is alive, and waited for.
 *
 * <p>
 * A forked child inherits the mapping, and may use the handle as its parent does, but for {@link #close}, which then ends
 * nothing: the handle stays its parent's.
 *
 * <h2>Threads</h2> All methods may be called by any thread at any time. Closing a heap while calls are inside waits for
 * them; whoever comes after gets an {@link IllegalStateException}.
 */
public final class SharedHeap implements AutoCloseable {
    /** As many threads can enter at once without getting into each other's way. */
    private static final int SEATS = Integer
            .highestOneBit(Math.clamp(4L * Runtime.getRuntime().availableProcessors(), 16, 256));

    private final HeapFile file;
    private final Heap heap;
    private final Gate gate;
    private final Roots roots;
    private final NamedCollections collections;
    private final NamedQueues queues;
    private final HeapBlocks blocks;
    private final ObjectHolders holders;
    private final HeapOptions options;
    /** By its offset, where threads of this process may sleep through this handle. */
    private final Map<Long, SharedCell> cells = new ConcurrentHashMap<>();

    private SharedHeap(HeapFile file, HeapOptions options) {
        this.file = file;
        this.options = options;
        this.heap = Heap.attach(file);
        this.gate = new Gate(this::release, file.memory(), SEATS);
        LooseStructures loose = new LooseStructures(heap, gate);
        this.holders = loose.holders();
        this.roots = new Roots(file.name(), loose, options.readOnly());
        this.blocks = new HeapBlocks(file.name(), heap, gate, roots);
        this.collections = new NamedCollections(heap, gate, roots, loose);
        this.queues = new NamedQueues(file.name(), heap, gate, roots, this::cellAt);
        heap.onFull(roots::makeRoom);
    }

    /** Gives the memory up, with nobody inside. */
    private void release() {
        queues.close();
        holders.close();
        if (!Unistd.isForkedChild()) { // whose threads may be inside, as the memory stays
            heap.detach();
        }
        file.close();
    }

    private static SharedHeap attached(HeapFile file, HeapOptions options) {
        boolean done = false;
        try {
            SharedHeap heap = new SharedHeap(file, options);
            done = true;
            return heap;
        } finally {
            if (!done) {
                file.close();
            }
        }
    }

    /**
     * Makes a heap that lives while somebody is attached.
     *
     * @param name 1 to 200 of the characters {@code A-Z a-z 0-9 . _ -}, not beginning with a dot
     * @param byteSize what it may grow to, at least 1 MiB; it takes what it needs
     * @return a handle on it
     * @throws AlreadyExistsException where a block of this name exists, unless it is an orphan, which is replaced
     * @throws AllocationException where there is not even memory for the beginning; nothing is left then
     * @throws IncompatibleBlockException where something bears the name that is no block of this user's
     * @throws IllegalArgumentException where name or size is outside the range above
     * @throws CleaveException where the system refuses something else, such as another file descriptor
     */
    public static SharedHeap create(String name, long byteSize) {
        return create(name, byteSize, HeapOptions.defaults());
    }

    /**
     * Makes a heap, as {@link #create(String, long)} does.
     *
     * @param name 1 to 200 of the characters {@code A-Z a-z 0-9 . _ -}, not beginning with a dot
     * @param byteSize what it may grow to, at least 1 MiB
     * @param options how
     * @return a handle on it
     * @throws IllegalArgumentException where name or size is outside the range above, the options are for reading only, or
     *         their initial size is more than the size
     */
    public static SharedHeap create(String name, long byteSize, HeapOptions options) {
        return attached(HeapFile.create(name, byteSize, options.initialBytes(), options.memory()), options);
    }

    /**
     * Attaches to a heap that exists, for reading and writing.
     *
     * @param name the heap's name
     * @return a handle on it
     * @throws BlockNotFoundException where there is none, or only an orphan, which is removed
     * @throws IncompatibleBlockException where the block is another user's, no heap, a heap of another version, cut short
     *         or damaged, or its owners are known by another table of participants
     * @throws IllegalArgumentException where it cannot be a name
     * @throws CleaveException where the system refuses something else, such as another mapping or file descriptor
     */
    public static SharedHeap open(String name) {
        return open(name, HeapOptions.defaults());
    }

    /**
     * Attaches to a heap that exists, as {@link #open(String)} does.
     *
     * @param name the heap's name
     * @param options how; the lifetime is the one that its creator gave it
     * @return a handle on it
     */
    public static SharedHeap open(String name, HeapOptions options) {
        return attached(HeapFile.open(name, options.memory()), options);
    }

    /**
     * Attaches to a heap, or makes it where there is none; of many callers at once one makes it. A heap that is made lives
     * while somebody is attached; one that exists keeps its lifetime.
     *
     * @param name 1 to 200 of the characters {@code A-Z a-z 0-9 . _ -}, not beginning with a dot
     * @param byteSize what it may grow to, at least 1 MiB
     * @return a handle on it
     * @throws IncompatibleBlockException where it exists with another size, or for the reasons of {@link #open(String)}
     * @throws AllocationException where there is not even memory for the beginning; nothing is left then
     * @throws IllegalArgumentException where name or size is outside the range above
     * @throws CleaveException where the system refuses something else, such as another file descriptor
     */
    public static SharedHeap openOrCreate(String name, long byteSize) {
        return openOrCreate(name, byteSize, HeapOptions.defaults());
    }

    /**
     * Attaches to a heap, or makes it where there is none, as {@link #openOrCreate(String, long)} does.
     *
     * @param name 1 to 200 of the characters {@code A-Z a-z 0-9 . _ -}, not beginning with a dot
     * @param byteSize what it may grow to, at least 1 MiB
     * @param options how; a heap that exists keeps its lifetime and its mode
     * @return a handle on it
     * @throws IllegalArgumentException where name or size is outside the range above, the options are for reading only, or
     *         their initial size is more than the size
     */
    public static SharedHeap openOrCreate(String name, long byteSize, HeapOptions options) {
        return attached(HeapFile.openOrCreate(name, byteSize, options.initialBytes(), options.memory()), options);
    }

    /**
     * The heap's name.
     *
     * @return the name
     */
    public String name() {
        return file.name();
    }

    /**
     * What the heap may grow to.
     *
     * @return bytes, as its creator asked for them
     */
    public long byteSize() {
        return file.byteSize();
    }

    /**
     * The names that lead to something in the heap.
     *
     * @return all names, in their order
     */
    public List<String> names() {
        gate.enter();
        try {
            return roots.list().stream().map(Root::name).toList();
        } finally {
            gate.exit();
        }
    }

    /**
     * Removes a name, with all that it leads to. Who still has a handle on that gets a {@link StaleReferenceException}
     * from then on. It frees all that was dropped and not freed yet, also by others, and takes as long as that; but what
     * somebody is in the middle of changing for more than a second, or the caller himself is, is left to the next call.
     *
     * @param name a name in the heap
     * @return false where it led to nothing
     * @throws UnsupportedOperationException where the heap was opened for reading only
     */
    public boolean drop(String name) {
        gate.enter();
        try {
            return roots.drop(name);
        } finally {
            gate.exit();
        }
    }

    /**
     * Bytes with a name, for whatever a program wants to lay out by itself; they are made, and are zeroes, where there are
     * none.
     *
     * @param name 1 to 1000 bytes in UTF-8
     * @param byteSize how many, at least 1
     * @return the block
     * @throws IncompatibleBlockException where the name leads to something else, or to bytes of another size
     * @throws HeapFullException where there is no room for them
     */
    public HeapBlock raw(String name, long byteSize) {
        return blocks.findOrMake(name, byteSize);
    }

    /**
     * A map with a name; it is made, and is empty, where there is none.
     *
     * @param <K> the class of its keys
     * @param <V> the class of its values
     * @param name 1 to 1000 bytes in UTF-8
     * @param key the class of its keys, whose equality their bytes tell
     * @param value the class of its values
     * @return the map
     * @throws IncompatibleBlockException where the name leads to something else, or to a map of other classes
     * @throws IllegalArgumentException where the classes cannot be those of keys and values
     * @throws HeapFullException where there is no room for it
     */
    public <K, V> SharedMap<K, V> map(String name, Class<K> key, Class<V> value) {
        return collections.map(name, key, value);
    }

    /**
     * A map with a name whose values are structures; it is made, and is empty, where there is none.
     *
     * @param <K> the class of its keys
     * @param <V> what its values are, such as {@code List<Long>}
     * @param name 1 to 1000 bytes in UTF-8
     * @param key the class of its keys, whose equality their bytes tell
     * @param value the type of its values, with all levels; {@link StructureType} says how they live
     * @return the map
     * @throws IncompatibleBlockException where the name leads to something else, or to a map with other classes at any level
     * @throws IllegalArgumentException where the class cannot be that of keys, or all classes together have names of more
     *         than 4096 bytes
     * @throws HeapFullException where there is no room for it
     */
    public <K, V> SharedMap<K, V> map(String name, Class<K> key, StructureType<V> value) {
        return collections.map(name, key, value);
    }

    /**
     * A live object with a name; it is made, with fields that are 0, false or null, where there is none.
     *
     * @param <T> the interface that says which fields it has
     * @param name 1 to 1000 bytes in UTF-8
     * @param type the interface, in a package that is open to this module; {@link Live} says what it may have
     * @return the object, for which the interface's methods do what they are called after
     * @throws IncompatibleBlockException where the name leads to something else, or to an object with a field of another type
     * @throws IllegalArgumentException where the interface cannot be that of live objects, with the method that is wrong
     * @throws HeapFullException where there is no room for it
     */
    public <T> T object(String name, Class<T> type) {
        return collections.object(name, type, null);
    }

    /**
     * The same for an interface in a package that is not open.
     *
     * @param <T> the interface that says which fields it has
     * @param name 1 to 1000 bytes in UTF-8
     * @param type the interface
     * @param lookup {@code MethodHandles.lookup()} of a class in the interface's module
     * @return the object
     */
    public <T> T object(String name, Class<T> type, MethodHandles.Lookup lookup) {
        return collections.object(name, type, lookup);
    }

    /**
     * A live object with a name that has what a record or bean has, as {@link Live#copyInto} does it. Where it is made, others may
     * find it before it has that. For an interface in a package that is not open, get the object by {@link #object(String, Class, MethodHandles.Lookup)}, and copy into that.
     *
     * @param <T> the interface that says which fields it has
     * @param name 1 to 1000 bytes in UTF-8
     * @param type the interface
     * @param source a record, a bean or another live object
     * @return the object
     */
    public <T> T copyIn(String name, Class<T> type, Object source) {
        T object = object(name, type);
        Live.copyInto(source, object);
        return object;
    }

    /**
     * A set with a name; it is made, and is empty, where there is none.
     *
     * @param <E> the class of its elements
     * @param name 1 to 1000 bytes in UTF-8
     * @param element the class of its elements, whose equality their bytes tell
     * @return the set
     * @throws IncompatibleBlockException where the name leads to something else, or to a set of another class
     * @throws IllegalArgumentException where the class cannot be that of keys
     * @throws HeapFullException where there is no room for it
     */
    public <E> SharedSet<E> set(String name, Class<E> element) {
        return collections.set(name, element);
    }

    /**
     * A list with a name; it is made, and is empty, where there is none.
     *
     * @param <E> the class of its elements
     * @param name 1 to 1000 bytes in UTF-8
     * @param element the class of its elements, which may be null beside that
     * @return the list
     * @throws IncompatibleBlockException where the name leads to something else, or to a list of another class
     * @throws IllegalArgumentException where no value can be of the class
     * @throws HeapFullException where there is no room for it
     */
    public <E> SharedList<E> list(String name, Class<E> element) {
        return collections.list(name, element);
    }

    /**
     * A list with a name whose elements are structures; it is made, and is empty, where there is none.
     *
     * @param <E> what its elements are, such as {@code List<Long>}
     * @param name 1 to 1000 bytes in UTF-8
     * @param element the type of its elements, which may be null beside that; {@link StructureType} says how they live
     * @return the list
     * @throws IncompatibleBlockException where the name leads to something else, or to a list with other classes at any
     *         level
     * @throws IllegalArgumentException where all classes together have names of more than 4096 bytes
     * @throws HeapFullException where there is no room for it
     */
    public <E> SharedList<E> list(String name, StructureType<E> element) {
        return collections.list(name, element);
    }

    /**
     * A list of numbers with a name; it is made, and is empty, where there is none.
     *
     * @param name 1 to 1000 bytes in UTF-8
     * @return the list
     * @throws IncompatibleBlockException where the name leads to something else
     * @throws HeapFullException where there is no room for it
     */
    public SharedIntList intList(String name) {
        return collections.intList(name);
    }

    /**
     * A list of numbers with a name; it is made, and is empty, where there is none.
     *
     * @param name 1 to 1000 bytes in UTF-8
     * @return the list
     * @throws IncompatibleBlockException where the name leads to something else
     * @throws HeapFullException where there is no room for it
     */
    public SharedLongList longList(String name) {
        return collections.longList(name);
    }

    /**
     * A list of numbers with a name; it is made, and is empty, where there is none.
     *
     * @param name 1 to 1000 bytes in UTF-8
     * @return the list
     * @throws IncompatibleBlockException where the name leads to something else
     * @throws HeapFullException where there is no room for it
     */
    public SharedDoubleList doubleList(String name) {
        return collections.doubleList(name);
    }

    /**
     * A queue with a name, first in, first out; it is made, and is empty, where there is none. It has room from the
     * beginning for as many short elements as its capacity says, and takes 128 bytes for each of them (64 for numbers), with the
     * capacity rounded up to a power of 2.
     *
     * @param <E> the class of its elements
     * @param name 1 to 1000 bytes in UTF-8
     * @param element the class of its elements
     * @param capacity how many elements it can have at a time, 1 to 2<sup>28</sup>
     * @return the queue
     * @throws IncompatibleBlockException where the name leads to something else, or to a queue of another class or
     *         capacity
     * @throws IllegalArgumentException where the class cannot be that of values, or for the capacity
     * @throws HeapFullException where there is no room for it
     */
    public <E> SharedQueue<E> queue(String name, Class<E> element, int capacity) {
        return queue(name, RootKind.QUEUE, element, capacity, 0);
    }

    /**
     * A stack with a name, last in, first out; it is made, and is empty, where there is none. In all else it is as a
     * {@link #queue}, but for putting and taking, which share one lock.
     *
     * @param <E> the class of its elements
     * @param name 1 to 1000 bytes in UTF-8
     * @param element the class of its elements
     * @param capacity how many elements it can have at a time, 1 to 2<sup>28</sup>
     * @return the stack
     * @throws IncompatibleBlockException where the name leads to something else, or to a stack of another class or
     *         capacity
     * @throws IllegalArgumentException where the class cannot be that of values, or for the capacity
     * @throws HeapFullException where there is no room for it
     */
    public <E> SharedQueue<E> stack(String name, Class<E> element, int capacity) {
        return queue(name, RootKind.STACK, element, capacity, 0);
    }

    /** A queue or stack whose first element has a position that tests choose. */
    <E> HeapQueue<E> queue(String name, RootKind kind, Class<E> element, int capacity, long start) {
        return queues.ofValues(name, kind, element, capacity, start);
    }

    /**
     * A queue of numbers with a name, first in, first out; it is made, and is empty, where there is none. It takes 16 bytes for
     * each number that its capacity, rounded up to a power of 2, has room for.
     *
     * @param name 1 to 1000 bytes in UTF-8
     * @param capacity how many numbers it can have at a time, 1 to 2<sup>28</sup>
     * @return the queue
     * @throws IncompatibleBlockException where the name leads to something else, or to a queue of another capacity
     * @throws IllegalArgumentException for the capacity
     * @throws HeapFullException where there is no room for it
     */
    public SharedIntQueue intQueue(String name, int capacity) {
        return new HeapIntQueue(queues.ofNumbers(name, RootKind.INT_QUEUE, capacity, 0));
    }

    /**
     * A queue of numbers with a name, as {@link #intQueue} has it.
     *
     * @param name 1 to 1000 bytes in UTF-8
     * @param capacity how many numbers it can have at a time, 1 to 2<sup>28</sup>
     * @return the queue
     */
    public SharedLongQueue longQueue(String name, int capacity) {
        return longQueue(name, capacity, 0);
    }

    /** A queue whose first number has a position that tests choose. */
    SharedLongQueue longQueue(String name, int capacity, long start) {
        return new HeapLongQueue(queues.ofNumbers(name, RootKind.LONG_QUEUE, capacity, start));
    }

    /**
     * A queue of numbers with a name, as {@link #intQueue} has it.
     *
     * @param name 1 to 1000 bytes in UTF-8
     * @param capacity how many numbers it can have at a time, 1 to 2<sup>28</sup>
     * @return the queue
     */
    public SharedDoubleQueue doubleQueue(String name, int capacity) {
        return new HeapDoubleQueue(queues.ofNumbers(name, RootKind.DOUBLE_QUEUE, capacity, 0));
    }

    /**
     * Bytes with a name, which must be there.
     *
     * @param name their name
     * @return the block
     * @throws BlockNotFoundException where the name leads to nothing
     * @throws IncompatibleBlockException where it leads to something else
     */
    public HeapBlock raw(String name) {
        return blocks.find(name);
    }

    /**
     * Takes memory of the heap for bytes without a name, as {@code malloc} does. They stay until somebody frees them, in
     * whatever process: keep the {@link HeapBlock#reference} where others find it.
     *
     * @param byteSize how many, at least 1; their content is whatever was there
     * @return the block
     * @throws HeapFullException where there is no room for them
     */
    public HeapBlock allocate(long byteSize) {
        return blocks.allocate(byteSize);
    }

    /**
     * Takes memory of the heap for zeroes without a name, as {@code calloc} does.
     *
     * @param byteSize how many, at least 1
     * @return the block, as {@link #allocate} has it
     * @throws HeapFullException where there is no room for them
     */
    public HeapBlock allocateZeroed(long byteSize) {
        HeapBlock block = allocate(byteSize);
        block.segment().fill((byte) 0);
        return block;
    }

    /**
     * The block that a reference leads to.
     *
     * @param reference of a block of this heap
     * @return the block
     * @throws StaleReferenceException where it has been freed
     */
    public HeapBlock block(HeapReference reference) {
        return blocks.at(reference);
    }

    /**
     * What the heap takes and has free.
     *
     * @return figures, gathered while others go on
     */
    public HeapStatistics statistics() {
        gate.enter();
        try {
            return HeapStatistics.of(heap.usage(), file);
        } finally {
            gate.exit();
        }
    }

    /**
     * Walks everything in the heap, and accounts for every byte. Whoever wants to change something waits meanwhile, in all
     * processes; what dead ones had begun is finished or forgotten before.
     *
     * @return what was found
     * @throws UnsupportedOperationException where the heap was opened for reading only
     */
    public HeapVerification verify() {
        gate.enter();
        try {
            roots.refuseReadOnly();
            return HeapVerification.of(heap.verify(roots::walk));
        } finally {
            gate.exit();
        }
    }

    /**
     * Removes the heap's name at once. Those who are attached, this handle included, keep the heap until they close; the
     * name is free for another. It is the way to end a {@link io.cleave.memory.Lifetime#PERSISTENT} heap.
     *
     * @throws IllegalStateException where this handle is closed, or was inherited through a fork
     * @throws CleaveException where the system refuses it
     */
    public void unlink() {
        gate.enter();
        try {
            file.unlink();
        } finally {
            gate.exit();
        }
    }

    /**
     * Sends away who waits through this handle, gives back what was received through it and not acknowledged, unmaps the memory and gives up the handle; the last one out removes the
     * heap, unless it is persistent. The second and later calls do nothing. A handle that is never closed is given up when
     * it is not reachable any more, or when the JVM ends normally.
     *
     * @throws IllegalStateException where calls are still inside after 5 s; nothing has been closed then, but what was
     *         received may have gone back
     */
    @Override
    public void close() {
        gate.close(List.copyOf(cells.values()));
    }

    /**
     * Says which heap it is.
     *
     * @return its name and size
     */
    @Override
    public String toString() {
        return gate.describe("SharedHeap", () -> name() + ", up to " + byteSize() + " bytes"
                + (options.readOnly() ? ", read-only" : ""));
    }

    /** The heap below, for who is inside the {@link #gate}. */
    Heap heap() {
        return heap;
    }

    /** A word of the heap that threads may sleep on; {@link #close} wakes them. */
    SharedCell cellAt(long at) {
        return cells.computeIfAbsent(at, offset -> new SharedCell(heap.memory().segment(), offset));
    }

    /** What a name leads to, for who is inside the {@link #gate}; null where it leads to nothing. */
    @Nullable Root find(String name) {
        return roots.find(name);
    }
}
