package io.cleave.objects;

import io.cleave.IncompatibleBlockException;
import io.cleave.StaleReferenceException;
import io.cleave.heap.BiasedLock;
import io.cleave.heap.Change;
import io.cleave.heap.Heap;
import io.cleave.heap.HeapMemory;
import io.cleave.owner.Gate;
import io.cleave.owner.Patience;
import io.cleave.owner.SharedCell;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * A bounded ring of slots in a heap, for many processes of which any may die at any moment: a queue, or a stack.
 *
 * <h2>Overview</h2>
 *
 * After the queue with two locks of M. Michael and M. Scott ("Simple, Fast, and Practical Non-Blocking and Blocking
 * Concurrent Queue Algorithms", 1996): who puts holds the lock of the tail, who takes that of the head, and neither waits for
 * the other. Elements lie at the positions from head to tail, the bytes of short ones in the slot itself.
 *
 * <p>
 * <b>Putting</b> is: {@code begun} one higher, the element's id and bytes into the slot at tail, the slot's stamp, tail one
 * higher. The stamp is what makes the element one of the queue's: who takes looks for the stamp of the position's lap, and
 * not at the tail, so that an element comes in the same line of the cache as the news of it. Nobody ever clears a slot. Who
 * died before the stamp has put nothing; one who died between stamp and tail leaves {@code begun} above the tail, by which
 * the next who puts finds out, and moves the tail.
 *
 * <p>
 * <b>Taking</b> is: to decode what is in the slot at head, and then one store, of the head. Who died before it has taken
 * nothing, and what cannot be decoded stays where it is. Only after it the slot can be written again: one who is stopped
 * while it reads holds the lock, and its slot stays as it is. Elements whose decoding takes long, or runs code of their
 * class, are received into the {@link QueueTable} instead, decoded without the lock, and acknowledged.
 *
 * <p>
 * <b>Longer elements</b> lie in a block of their own. It comes and goes in one {@link Change} with the stamp or the head.
 *
 * <p>
 * <b>Numbers</b> lie in slots that have nothing but the stamp and them ({@link NumberQueue}): they are not received, not taken
 * out of the middle, and have no blocks, so that they need no ids.
 *
 * <p>
 * <b>A stack</b> puts and takes at the tail, under the lock of the tail, whose store makes an element one of the stack's, or
 * none any more. Its head moves only where an element is taken out of the middle.
 *
 * <p>
 * These two are in {@link QueuePutter} and {@link QueueTaker}, taking out of the middle in {@link QueueGap}, reading without a lock in {@link QueueReader}, waiting in
 * {@link QueueSide}. Order of locks: head, tail, context, the heap's; each call holds one of the first two.
 *
 * <p>
 * <b>Too late.</b> The locks lie in blocks that are used for locks at their place whatever they belong to. Who has acquired
 * one looks whether the queue is still there before it touches anything else: from then on it is there as long as the lock
 * is held, as both are needed to free it ({@link QueueStructure}).
 */
final class QueueRing {
    /**
     * How long one that does not want to wait for elements waits for a lock, which is held for moments: so long that only
     * one who is stopped holds it longer, as to leave without it may be to deny an element that is there.
     */
    private static final long LOCK_NANOS = 1_000_000_000;

    private final Heap heap;
    private final Gate gate;
    private final HeapMemory memory;
    private final MemorySegment all;
    private final long header;
    private final long generation;
    private final long kind;
    private final boolean isStack;
    private final boolean hasNumbers;
    private final long headBlock;
    private final long tailBlock;
    private final int capacity;
    private final int slotMask;
    private final int lapShift;
    private final int slotBytes;
    private final int chunkShift;
    private final int chunkMask;
    private final long[] chunks;
    private final BiasedLock takeLock;
    private final BiasedLock putLock;
    private final QueueSide takers;
    private final QueueSide putters;
    private final QueueTable table;

    /**
     * The ring of a header.
     *
     * @param gate to be passed by operations of more than one step
     * @param cells the words that threads may sleep on, by their offsets
     * @throws StaleReferenceException where it is none any more
     * @throws IncompatibleBlockException where it is damaged
     */
    QueueRing(Heap heap, Gate gate, long header, long generation, RootKind kind,
            LongFunction<SharedCell> cells) {
        this.heap = heap;
        this.gate = gate;
        this.memory = heap.memory();
        this.all = memory.segment();
        this.header = header;
        this.generation = generation;
        this.kind = kind.number();
        this.isStack = kind == RootKind.STACK;
        this.hasNumbers = kind.isQueueOfNumbers();
        this.headBlock = memory.getPlain(header + QueueLayout.HEAD_BLOCK);
        this.tailBlock = memory.getPlain(header + QueueLayout.TAIL_BLOCK);
        long wanted = memory.getPlain(header + QueueLayout.CAPACITY);
        long slots = memory.getPlain(header + QueueLayout.SLOTS);
        this.slotBytes = (int) memory.getPlain(header + QueueLayout.SLOT_BYTES);
        this.chunks = new long[QueueLayout.MOST_CHUNKS];
        for (int i = 0; i < chunks.length; i++) {
            chunks[i] = memory.getPlain(header + QueueLayout.CHUNKS + (long) i * Long.BYTES);
        }
        VarHandle.loadLoadFence(); // what the header says, and then whether it still is that header
        if (memory.getAcquire(header) != generation || (headBlock == 0 && RootLayout.isDropped(memory, header))) {
            throw stale();
        }
        this.capacity = Math.clamp(wanted, 0, QueueLayout.MOST_CAPACITY);
        if (capacity != wanted || capacity == 0 || slots != QueueLayout.slots(capacity) || !hasBlocks((int) slots)) {
            throw damaged("its capacity is " + wanted + ", and it has " + slots + " slots of " + slotBytes + " bytes");
        }
        this.slotMask = (int) slots - 1;
        this.lapShift = Long.numberOfTrailingZeros(slots);
        int chunkSlots = QueueLayout.chunkSlots((int) slots);
        this.chunkShift = Integer.numberOfTrailingZeros(chunkSlots);
        this.chunkMask = chunkSlots - 1;
        this.putLock = heap.biasedLock(tailBlock + QueueLayout.LOCK);
        this.takeLock = isStack ? putLock : heap.biasedLock(headBlock + QueueLayout.LOCK);
        this.takers = new QueueSide(this, tailBlock, putLock, this::seemsToHave, cells);
        this.putters = new QueueSide(this, headBlock, takeLock, this::seemsToHaveRoom, cells);
        this.table = new QueueTable(this);
    }

    private boolean hasBlocks(int slots) {
        boolean isFitting = hasNumbers ? slotBytes == QueueLayout.NUMBER_SLOT_BYTES
                : slotBytes == QueueLayout.SMALL_SLOT_BYTES || slotBytes == QueueLayout.USUAL_SLOT_BYTES;
        if (!isFitting) {
            return false;
        }
        long bytes = QueueLayout.chunkBytes(slots, slotBytes);
        boolean isThere = memory.isCommitted(headBlock, Heap.HEADER_BYTES)
                && memory.isCommitted(tailBlock, Heap.HEADER_BYTES);
        for (int i = 0; i < slots / QueueLayout.chunkSlots(slots); i++) {
            isThere &= memory.isCommitted(chunks[i], bytes);
        }
        return isThere;
    }

    /**
     * Makes an empty queue, as a part of a change that lets somebody find it.
     *
     * @param element the schema of the elements; null where they are numbers
     * @param start the position of the first element; 0, but for tests
     * @return its header
     */
    static long create(Heap heap, Change change, @Nullable ValueSchema element, int capacity, int slotBytes,
            long start) {
        HeapMemory memory = heap.memory();
        int slots = QueueLayout.slots(capacity);
        long header = change.allocateHeader();
        long head = change.allocateHeader();
        long tail = change.allocateHeader();
        for (long block : new long[] {head, tail}) {
            memory.clear(block + QueueLayout.FIRST_IN_BLOCK, QueueLayout.LOCK - QueueLayout.FIRST_IN_BLOCK);
        }
        memory.setPlain(head + QueueLayout.HEAD, start);
        memory.setPlain(tail + QueueLayout.SEQUENCE, start);
        memory.setPlain(tail + QueueLayout.KNOWN_HEAD, start);
        memory.setPlain(tail + QueueLayout.BEGUN, start);
        memory.setPlain(tail + QueueLayout.TAIL, start);
        memory.clear(header + QueueLayout.HEAD_BLOCK, QueueLayout.OWN_END - QueueLayout.HEAD_BLOCK);
        memory.setPlain(header + QueueLayout.HEAD_BLOCK, head);
        memory.setPlain(header + QueueLayout.TAIL_BLOCK, tail);
        memory.setPlain(header + QueueLayout.CAPACITY, capacity);
        memory.setPlain(header + QueueLayout.SLOTS, slots);
        memory.setPlain(header + QueueLayout.SLOT_BYTES, slotBytes);
        if (element != null) {
            memory.setPlain(header + QueueLayout.SCHEMA, StoredSchema.store(memory, change, element, null));
            memory.setPlain(header + QueueLayout.PRINT, element.fingerprint());
        }
        for (int i = 0; i < slots / QueueLayout.chunkSlots(slots); i++) {
            memory.setPlain(header + QueueLayout.CHUNKS + (long) i * Long.BYTES,
                    change.allocateZeroed(QueueLayout.chunkBytes(slots, slotBytes)));
        }
        return header;
    }

    Heap heap() {
        return heap;
    }

    Gate gate() {
        return gate;
    }

    boolean isStack() {
        return isStack;
    }

    /** Whether slots hold numbers, and not elements of any length. */
    boolean hasNumbers() {
        return hasNumbers;
    }

    int capacity() {
        return capacity;
    }

    /** Where those wait who want to take. */
    QueueSide takers() {
        return takers;
    }

    /** Where those wait who want to put. */
    QueueSide putters() {
        return putters;
    }

    /** What was received and is not acknowledged. */
    QueueTable table() {
        return table;
    }

    long headAcquire() {
        return memory.getAcquire(headBlock + QueueLayout.HEAD);
    }

    long tailAcquire() {
        return memory.getAcquire(tailBlock + QueueLayout.TAIL); // SYNC: queue-tail
    }

    long gapBeginAcquire() {
        return memory.getAcquire(headBlock + QueueLayout.GAP_BEGIN);
    }

    long gapEndAcquire() {
        return memory.getAcquire(headBlock + QueueLayout.GAP_END);
    }

    long headBlock() {
        return headBlock;
    }

    long tailBlock() {
        return tailBlock;
    }

    /** The part of the stamp, beside the flags, that says which of the positions that share a slot it is. */
    long lap(long position) {
        return position >>> lapShift;
    }

    long slotAt(long position) {
        int slot = (int) position & slotMask;
        return chunks[slot >>> chunkShift] + (long) (slot & chunkMask) * slotBytes;
    }

    int slotBytes() {
        return slotBytes;
    }

    /** How many bytes an element can have in a slot. */
    long longestInSlot() {
        return slotBytes - (hasNumbers ? QueueLayout.NUMBER_IN_SLOT : QueueLayout.CONTENT);
    }

    /** The lock of those who take. */
    BiasedLock takeLock() {
        return takeLock;
    }

    /** The lock of those who put; in a stack the same. */
    BiasedLock putLock() {
        return putLock;
    }

    /** Whether this is still the queue that it was. Who holds one of its locks then can rely on it until it releases that. */
    boolean isInUse() {
        return isInUse(memory);
    }

    private boolean isInUse(HeapMemory memory) {
        return memory.getAcquire(header + RootLayout.GENERATION_IN_HEADER) == generation
                && memory.getAcquire(header + RootLayout.KIND_IN_HEADER) == kind;
    }

    /** Whether another handle is for the same queue, be it one on the heap or on its queue. */
    boolean isSame(QueueRing other) {
        return header == other.header && generation == other.generation && heap.isSame(other.heap);
    }

    void requireUse() {
        if (!isInUse()) {
            throw stale();
        }
    }

    private StaleReferenceException stale() {
        return new StaleReferenceException("the " + (isStack ? "stack" : "queue")
                + " was dropped; nothing may use it any more");
    }

    static IncompatibleBlockException damaged(String what) {
        return new IncompatibleBlockException("a queue in the heap is damaged: " + what + "; verify the heap");
    }

    /**
     * Refuses a class other than the one that the queue was made with.
     *
     * @throws IncompatibleBlockException with what is different
     */
    void checkSchema(String name, ValueSchema element) {
        if (memory.getPlain(header + QueueLayout.PRINT) == element.fingerprint()) {
            return;
        }
        StoredSchema stored = StoredSchema.read(memory, memory.getPlain(header + QueueLayout.SCHEMA));
        requireUse();
        if (stored == null) {
            throw damaged("its schema is none");
        }
        StoredSchema.refuse(name, "elements", element, stored.first());
    }

    /**
     * Acquires a lock of this queue's, and passes the gate.
     *
     * @return false where there was not the time
     * @throws StaleReferenceException where the queue was dropped
     */
    boolean enter(BiasedLock lock, Patience patience) throws InterruptedException {
        gate.enter();
        boolean isHeld = false;
        try {
            isHeld = lock(lock, patience);
            return isHeld;
        } finally {
            if (!isHeld) {
                gate.exit();
            }
        }
    }

    /** As {@link #enter}, for who has passed the gate. */
    boolean lock(BiasedLock lock, Patience patience) throws InterruptedException {
        return tryLock(lock, forLock(patience));
    }

    /** As {@link #lock}, with no more patience than that. */
    boolean tryLock(BiasedLock lock, Patience patience) throws InterruptedException {
        if (all.isReadOnly()) {
            throw new UnsupportedOperationException(
                    "the heap was opened for reading only; open it without withReadOnly to "
                            + "put or take something");
        }
        boolean isHeld = lock.tryLock(patience);
        if (isHeld && !isInUse(heap.inside())) {
            lock.unlockForGood();
            throw stale();
        }
        return isHeld;
    }

    /**
     * Releases a lock, and tells those who wait for what was done under it.
     *
     * @param others where they are
     * @param count for how many of them there is something now
     */
    void leave(BiasedLock lock, QueueSide others, int count) {
        try {
            unlock(lock, others, count);
        } finally {
            gate.exit();
        }
    }

    /** As {@link #leave}, for who stays inside the gate. */
    void unlock(BiasedLock lock, QueueSide others, int count) {
        boolean mustWake = count > 0 && others.raise();
        lock.unlock();
        if (mustWake) {
            others.wake(count);
        }
    }

    /** Who has no time for elements has some for locks. */
    private static Patience forLock(Patience patience) {
        return patience.deadlineNanos() == Patience.FOREVER.deadlineNanos() ? patience
                : new Patience(Math.max(patience.deadlineNanos(), System.nanoTime() + LOCK_NANOS), patience
                        .isInterruptible());
    }

    /** Frees the block of an element that is there no more after the change, if it has one. */
    void freeBlock(Change change, long position) {
        long slot = slotAt(position);
        if (QueueLayout.isInBlock(memory.getPlain(slot))) {
            change.free(memory.getPlain(slot + QueueLayout.BLOCK_IN_SLOT));
        }
    }

    /** How many elements are in the ring; exact while nobody changes the queue. */
    int size() {
        long head = headAcquire();
        return Math.clamp(tailAcquire() - head - (gapEndAcquire() - gapBeginAcquire()), 0, capacity);
    }

    /** Whether it seems that there is something to take, or to find out. */
    boolean seemsToHave() {
        return !isInUse() || (isStack ? tailAcquire() != headAcquire() : hasAt(headAcquire()))
                || table.returned() != 0;
    }

    /** Whether an element has come to a position of a queue's. */
    boolean hasAt(long position) {
        return QueueLayout.isOfLap(memory.getAcquire(slotAt(position)), lap(position)); // SYNC: queue-stamp
    }

    /** Whether it seems that there is room to put something, or something to find out. */
    boolean seemsToHaveRoom() {
        return !isInUse() || tailAcquire() - headAcquire() < capacity;
    }
}
