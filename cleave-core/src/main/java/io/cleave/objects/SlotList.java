package io.cleave.objects;

import io.cleave.IncompatibleBlockException;
import io.cleave.StaleReferenceException;
import io.cleave.heap.Change;
import io.cleave.heap.Heap;
import io.cleave.heap.HeapMemory;
import io.cleave.owner.Gate;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * A list of slots in a heap, of 4 or 8 bytes each, for many processes of which any may die at any moment. What a slot means
 * is for those to know who use it: a number, or the word of a {@link StoredValue}.
 *
 * <h2>Overview</h2>
 *
 * The slots lie in the leaves of a tree ({@link ListTree}) whose nodes never change. The header has two states, of which
 * the lowest bit of the version says which is valid: a tree, the number of elements, and where the last leaf is. Whoever
 * changes something holds the list's lock, and does one of these:
 * <ul>
 * <li><b>An element in its place</b>: one store into the slot. Where a block comes or goes with it, a {@link Change} that
 * raises the slot's stripe before, and frees the block after.
 * <li><b>One more at the end,</b> where the last leaf has room: the slot, which nobody reads yet, and then the number of
 * elements in the valid state.
 * <li><b>Everything else</b>: one change with a new tree, which shares with the old one what is the same, in the state that
 * is not valid; then the version; and what the old tree had alone is freed.
 * </ul>
 * What takes more blocks than one change can have goes in steps, of which each is a list: or is made beside the list, as
 * the spare tree, and put in its place by one change. What is left of a spare tree by one who has died, or threw something,
 * is freed step by step by the next who acquires the lock.
 *
 * <p>
 * <b>Readers</b> take no lock and store nothing. They have a {@link ListView} of a version v, which they read themselves or
 * which another thread has left: they follow its tree, read the slot, and then they look whether the version is v. If not
 * they begin anew with a view of what is there now. That what they have read is what was there:
 * <ol>
 * <li>A view is of v: the state of v is stored before the version becomes v, and stored anew only after it has become
 * v + 1, so it is what was read between two looks that show v. Only the number of elements grows with v, after the elements
 * are there. The generation was the list's after the first look, so v was a version of this list; it does not come back, in
 * no header, as each list begins with a random one of 64 bits.
 * <li>Nodes and leaves of v are freed by the change that makes v + 1, after it has stored that. So the last look that
 * shows v says that all that was read on the way was of v. What is followed before that look may be rubbish, and is
 * followed only where memory is.
 * <li>So the slot was that of the element when it was read, which is the moment at which the reading takes effect. Who has
 * read from v + 1 does not read from v any more, as the last look would show him.
 * <li>A block is of use while the slot has its word. Who frees one, or puts one there, raises the stripe first. So the slot
 * and then the stripe being what they were says that the block was in use, for the reason that {@link MapTable} has for
 * its slots and their versions.
 * </ol>
 *
 * <p>
 * Order of locks: list, context, the heap's. The lock lies at the place of a header where a lock is in each of them: who
 * comes after the list was dropped disturbs nobody for longer than a look takes.
 */
final class SlotList {
    /** How often to read all of the list before the lock is taken for it. */
    private static final int LOOKS = 100;

    private final Heap heap;
    private final Gate gate;
    private final HeapMemory memory;
    private final long header;
    private final long generation;
    private final SlotKind kind;
    private final int widthShift;
    private final SlotChanges changes;
    private final ListViews views;

    /**
     * The list with a header, which may have been dropped meanwhile: see {@link #isInUse}.
     *
     * @param gate to be passed by all who write
     */
    SlotList(Heap heap, Gate gate, long header, long generation, SlotKind kind) {
        this.heap = heap;
        this.gate = gate;
        this.memory = heap.memory();
        this.header = header;
        this.generation = generation;
        this.kind = kind;
        this.widthShift = kind.widthShift();
        this.views = new ListViews(memory, header, generation, kind);
        this.changes = new SlotChanges(this);
    }

    /**
     * Makes an empty list, as a part of a change that lets somebody find it.
     *
     * @param schema of its elements; null where they are numbers
     * @return its header
     */
    static long create(Heap heap, Change change, @Nullable ValueSchema schema) {
        HeapMemory memory = heap.memory();
        long header = createHeld(heap, change, schema != null && schema.isStructure());
        if (schema != null) {
            memory.setPlain(header + ListLayout.SCHEMA, StoredSchema.store(memory, change, schema, null));
            memory.setPlain(header + ListLayout.PRINT, schema.fingerprint());
        }
        return header;
    }

    /**
     * Makes an empty list of which another structure's schema says what it has.
     *
     * @param isHolding whether its elements are structures
     */
    static long createHeld(Heap heap, Change change, boolean isHolding) {
        HeapMemory memory = heap.memory();
        long header = change.allocateHeader();
        memory.clear(header + ListLayout.VERSION, ListLayout.OWN_END - ListLayout.VERSION);
        memory.setPlain(header + ListLayout.VERSION, ThreadLocalRandom.current().nextLong());
        memory.setPlain(header + ListLayout.HOLDS, isHolding ? 1 : 0);
        return header;
    }

    /** Whether another handle is for the same list. */
    boolean isSame(SlotList other) {
        return header == other.header && generation == other.generation
                && heap.isSame(other.heap);
    }

    /**
     * Refuses a class other than the one that the list was made with.
     *
     * @throws IncompatibleBlockException with what is different
     */
    void checkSchema(String name, ValueSchema schema) {
        if (memory.getPlain(header + ListLayout.PRINT) == schema.fingerprint()) {
            return;
        }
        StoredSchema stored = StoredSchema.read(memory, memory.getPlain(header + ListLayout.SCHEMA));
        requireUse();
        if (stored == null) {
            throw damaged("its schema is none");
        }
        StoredSchema.refuse(name, "elements", schema, stored.first());
    }

    Heap heap() {
        return heap;
    }

    HeapMemory memory() {
        return memory;
    }

    long header() {
        return header;
    }

    long generation() {
        return generation;
    }

    SlotKind kind() {
        return kind;
    }

    /** Whether the header is still the list's. */
    boolean isInUse() {
        return views.isInUse();
    }

    /** Whether the list was dropped, or even is free; reading may go on until it is. */
    boolean hasEnded() {
        boolean isEnding = RootLayout.isDropped(memory, header);
        VarHandle.loadLoadFence(); // what the header says, and then whether it still is that header
        return isEnding || !isInUse();
    }

    private void requireUse() {
        VarHandle.loadLoadFence(); // what was read before is of use only if the header still is the list's
        if (!isInUse()) {
            throw ListViews.stale();
        }
    }

    static IncompatibleBlockException damaged(String what) {
        return new IncompatibleBlockException("a list in the heap is damaged: " + what + "; verify the heap");
    }

    static IndexOutOfBoundsException outOfBounds(long index, long count) {
        return new IndexOutOfBoundsException("there is no element " + index + " in a list of " + count);
    }

    /** As {@link ListViews#isCurrent}. */
    boolean isCurrent(ListView seen) {
        return views.isCurrent(seen);
    }

    /** As {@link ListViews#current}. */
    ListView current() {
        return views.current();
    }

    /** As {@link ListViews#view}. */
    ListView view(@Nullable ListView last, long index) {
        return views.view(last, index);
    }

    /** As {@link ListViews#slotAt}. */
    long slotAt(ListView seen, long index) {
        return views.slotAt(seen, index);
    }

    /** As {@link ListViews#check}. */
    void check(ListView seen) {
        views.check(seen);
    }

    /** The number of elements. */
    long count() {
        return current().count();
    }

    /**
     * Where an element has its slot, for who has the lock.
     *
     * @throws IndexOutOfBoundsException where there is no such element
     */
    long slotAt(long index) {
        ListView now = current();
        if (index < 0 || index >= now.count()) {
            throw outOfBounds(index, now.count());
        }
        return slotAt(now, index);
    }

    /**
     * The state of the list's content, but for lists of numbers. Two that are the same, of which the second is read under the
     * lock, say that nobody has changed anything since the first was.
     */
    LiveStructure.Stamp stamp() {
        ListView now = current();
        long changes = memory.getAcquire(header + ListLayout.SETS);
        for (int i = 0; i < ListLayout.STRIPES; i++) {
            changes += memory.getAcquire(header + ListLayout.FIRST_STRIPE + (long) i * Long.BYTES);
        }
        return new LiveStructure.Stamp(now.version(), now.count(), changes);
    }

    /** An element is about to be set by a store into its slot alone. Under the lock. */
    void countSet() {
        long setsAt = header + ListLayout.SETS;
        memory.setRelease(setsAt, memory.getPlain(setsAt) + 1);
    }

    /** Where the stripe of a slot lies. */
    long stripeAt(long slotAt) {
        return ListLayout.stripeAt(header, slotAt);
    }

    /**
     * The slot of an element, of 32 or 64 bits.
     *
     * @throws IndexOutOfBoundsException where there is no such element
     */
    long get(long index) {
        ListView seen = null;
        while (true) {
            seen = view(seen, index);
            long slotAt = slotAt(seen, index);
            if (slotAt != ListViews.CHANGED) {
                long bits = read(slotAt);
                if (isCurrent(seen)) {
                    return bits;
                }
            }
        }
    }

    /** What is in a slot. */
    long read(long slotAt) {
        return widthShift == 2 ? memory.getIntAcquire(slotAt) : memory.getAcquire(slotAt); // SYNC: list-slot
    }

    /** Reads from a view; null where it proves not to be current. */
    interface Reading<R> {
        @Nullable R from(ListView seen);
    }

    /** Reads until nobody has changed the list meanwhile. */
    <R> R consistently(Reading<R> reading) {
        for (int look = 0;; look++) {
            R result = reading.from(current());
            if (result == null && look >= LOOKS && !memory.segment().isReadOnly()) {
                boolean _ = lock(Long.MAX_VALUE, true);
                try {
                    result = reading.from(current());
                } finally {
                    unlock();
                }
            }
            if (result != null) {
                return result;
            }
        }
    }

    /**
     * Copies elements as they were at one moment, but for those that are set meanwhile.
     *
     * @param index the first
     * @param target where they go, from an offset on
     * @param length how many
     * @throws IndexOutOfBoundsException where there are not as many
     */
    void copyOut(long index, MemorySegment target, long offset, long length) {
        boolean _ = consistently(seen -> copyOut(seen, index, target, offset, length) ? true : null);
    }

    /**
     * Copies all elements.
     *
     * @param maker makes what has room for so many
     * @param memoryOf what it has as memory
     */
    <A> A copyAll(IntFunction<A> maker, Function<A, MemorySegment> memoryOf) {
        return consistently(seen -> {
            A all = maker.apply((int) seen.count());
            return copyOut(seen, 0, memoryOf.apply(all), 0, seen.count()) ? all : null;
        });
    }

    private boolean copyOut(ListView seen, long index, MemorySegment target, long offset, long length) {
        if (index < 0 || length < 0 || index > seen.count() - length) {
            throw new IndexOutOfBoundsException(
                    "there are no " + length + " elements from " + index + " on in a list of " + seen.count());
        }
        ListPath path = new ListPath(memory, header, kind);
        for (long done = 0; done < length;) {
            if (!path.find(seen.version(), seen.tree(), seen.count(), index + done)) {
                return false;
            }
            long part = Math.min(length - done, path.leafEnd() - index - done);
            memory.copyOut(path.leaf() + ((index + done - path.leafStart()) << widthShift), target,
                    offset + (done << widthShift), part << widthShift);
            if (!isCurrent(seen)) {
                return false;
            }
            done += part;
        }
        return true;
    }

    /**
     * Acquires the lock, and finishes what one has left who had it.
     *
     * @return what changes the list, until {@link #unlock}
     * @throws StaleReferenceException where the list was dropped
     * @throws IllegalStateException where the thread runs code of a user of the list for an operation
     */
    SlotChanges lock() {
        boolean _ = lock(Long.MAX_VALUE, false);
        return changes;
    }

    /** The same, which gives up after some time; whether it is held. */
    boolean tryLock(long nanos) {
        return lock(nanos, false);
    }

    /**
     * @param onlyReads whether nothing is changed under it, which code that the list calls may do as well
     */
    private boolean lock(long nanos, boolean onlyReads) {
        gate.enter();
        boolean isHeld = false;
        try {
            long lockAt = header + ListLayout.LOCK;
            if (!onlyReads && UserCode.ofThread().isRunningFor(heap, header, generation)) {
                requireUse();
                throw new IllegalStateException("Recursive update: code that a list calls, such as a comparator or a "
                        + "predicate, must not change that list; make other changes after");
            }
            if (nanos == Long.MAX_VALUE) {
                heap.locks().lock(lockAt);
            } else if (!heap.locks().tryLock(lockAt, nanos)) {
                gate.exit();
                return false;
            }
            isHeld = true;
            ListView _ = current(); // or it was dropped
            if (RootLayout.isDropped(memory, header)) {
                throw ListViews.stale(); // it is about to be freed
            }
            changes.finish();
            return true;
        } catch (Throwable t) {
            if (isHeld) {
                unlock();
            } else {
                gate.exit();
            }
            throw t;
        }
    }

    void unlock() {
        heap.locks().unlock(header + ListLayout.LOCK);
        gate.exit();
    }
}
