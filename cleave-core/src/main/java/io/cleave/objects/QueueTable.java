package io.cleave.objects;

import io.cleave.heap.Change;
import io.cleave.heap.Check;
import io.cleave.heap.Heap;
import io.cleave.heap.HeapMemory;
import io.cleave.owner.Participants;
import io.cleave.owner.ParticipantsLayout;
import java.lang.invoke.VarHandle;

/**
 * The elements of a {@link QueueRing} that were received and are not acknowledged yet, and those of them that came back.
 *
 * <h2>Overview</h2>
 *
 * An entry is a slot beside the ring, with a word that says whose it is. One {@link Change} moves an element from the
 * ring into an entry, with its block if it has one, and the end of the ring past it; another one frees entry and block, or
 * gives the element back by letting the entry be nobody's. So an element is at each moment in one place, and belongs to one
 * process at most.
 *
 * <p>
 * <b>What came back</b> stays in its entry, and is taken before all that is in the ring, in the order of their ids: in
 * that in which elements were put, in a stack in the opposite one. What a dead process has received comes back when another looks:
 * who takes something does so every {@value #REST_MILLIS} ms, who sleeps as often as sleepers look around.
 *
 * <p>
 * All of it is changed under the lock for taking. Without one it may be read: an element that has come back is read as one in
 * a slot is, its state and id before and after ({@link QueueReader}). Entries are found by number; those that are free make
 * a list. Nothing is given back to the heap before the queue is dropped.
 */
final class QueueTable {
    private static final int REST_MILLIS = 20;
    private static final long REST_NANOS = REST_MILLIS * 1_000_000L;

    private final QueueRing ring;
    private final Heap heap;
    private final HeapMemory memory;
    private final boolean isStack;
    private final long headBlock;
    private final long returnedAt;
    private final long freeAt;
    private final long entryBytes;
    /** Somebody has seen a dead owner. */
    private volatile boolean isSuspicious;
    /** When dead owners were last looked for; guarded by the lock. */
    private long lastLook;

    QueueTable(QueueRing ring) {
        this.ring = ring;
        this.heap = ring.heap();
        this.memory = heap.memory();
        this.isStack = ring.isStack();
        this.headBlock = ring.headBlock();
        this.returnedAt = headBlock + QueueLayout.RETURNED;
        this.freeAt = headBlock + QueueLayout.FREE_ENTRY;
        this.entryBytes = QueueLayout.SLOT_IN_ENTRY + ring.slotBytes();
    }

    private long chunkAt(int chunk) {
        return headBlock + QueueLayout.ENTRY_CHUNKS + (long) chunk * Long.BYTES;
    }

    /** How many entries there are, in use or not. */
    int size() {
        int chunks = 0;
        while (chunks < QueueLayout.MOST_ENTRY_CHUNKS && memory.getAcquire(chunkAt(chunks)) != 0) {
            chunks++;
        }
        return QueueLayout.FIRST_ENTRIES * ((1 << chunks) - 1);
    }

    /** Where the entry of a number is. */
    private long entryAt(int number) {
        int chunk = Integer.SIZE - 1
                - Integer.numberOfLeadingZeros(number / QueueLayout.FIRST_ENTRIES + 1);
        int first = QueueLayout.FIRST_ENTRIES * ((1 << chunk) - 1);
        return memory.getAcquire(chunkAt(chunk)) + (number - first) * entryBytes;
    }

    private long stateAcquire(long entry) {
        return memory.getAcquire(entry + QueueLayout.STATE_IN_ENTRY); // SYNC: queue-entry
    }

    private static boolean isOwner(long state) {
        return state != QueueLayout.IS_FREE && state != QueueLayout.IS_RETURNED;
    }

    /** Where an entry's element is, as in a slot. */
    static long slot(long entry) {
        return entry + QueueLayout.SLOT_IN_ENTRY;
    }

    long idAcquire(long entry) {
        return memory.getAcquire(slot(entry) + QueueLayout.ID);
    }

    /** How often the element of an entry was received. */
    int deliveries(long entry) {
        return (int) Math.min(memory.getPlain(entry + QueueLayout.COUNT_IN_ENTRY), Integer.MAX_VALUE);
    }

    /** How many elements have come back. */
    int returned() {
        long count = memory.getAcquire(returnedAt);
        return count == 0 ? 0 : Math.clamp(count, 0, size()); // a damaged heap has any count
    }

    /** How many elements have been received and have not come back; gathered while others go on. */
    int inFlight() {
        int count = 0;
        int size = size();
        for (int i = 0; i < size; i++) {
            if (isOwner(stateAcquire(entryAt(i)))) {
                count++;
            }
        }
        return count;
    }

    /** Whether an entry has an element that came back, of an id. */
    boolean isReturned(long entry, long id) {
        return stateAcquire(entry) == QueueLayout.IS_RETURNED && idAcquire(entry) == id;
    }

    /** The entry of the element that is to be taken first of those that came back; 0 where there is none. */
    long firstReturned() {
        return nextReturned(false, 0);
    }

    /** The entry of the next one, after the one of an id. */
    long nextReturned(boolean hasId, long id) {
        if (memory.getAcquire(returnedAt) == 0) {
            return 0;
        }
        long first = 0;
        long firstId = 0;
        int size = size();
        for (int i = 0; i < size; i++) {
            long entry = entryAt(i);
            if (stateAcquire(entry) == QueueLayout.IS_RETURNED) {
                long found = idAcquire(entry);
                if ((!hasId || isBefore(id, found)) && (first == 0 || isBefore(found, firstId))) {
                    first = entry;
                    firstId = found;
                }
            }
        }
        return first;
    }

    private boolean isBefore(long id, long other) {
        return isStack ? id - other > 0 : id - other < 0;
    }

    /** The entry of an element that came back; 0 where it is there no more. */
    long findReturned(long id) {
        long entry = memory.getPlain(returnedAt) == 0 ? 0 : nextReturned(true, isStack ? id + 1 : id - 1);
        return entry != 0 && idAcquire(entry) == id ? entry : 0;
    }

    /** Whether somebody has died who had received something. Takes no lock; who takes something next will bring it back. */
    boolean isOwnerDead() {
        int size = ring.isInUse() ? size() : 0;
        for (int i = 0; i < size && !isSuspicious; i++) {
            long state = stateAcquire(entryAt(i));
            if (isOwner(state) && Participants.isDead(state)) {
                isSuspicious = true;
            }
        }
        return isSuspicious;
    }

    /** Brings back what dead processes have received, if it is time to look. */
    void reclaim() {
        if (memory.getPlain(chunkAt(0)) == 0) {
            return; // nothing was ever received
        }
        long now = System.nanoTime();
        if (!isSuspicious && now - lastLook < REST_NANOS) {
            return;
        }
        lastLook = now;
        isSuspicious = false;
        int size = size();
        for (int i = 0; i < size; i++) {
            long entry = entryAt(i);
            long state = stateAcquire(entry);
            if (isOwner(state) && Participants.isDead(state)) {
                try (Change change = heap.change()) {
                    giveBack(change, entry);
                    change.commit();
                }
            }
        }
    }

    /**
     * Puts the element of a slot of the ring into an entry, as a part of a change that moves the ring's end past it.
     *
     * @return the entry
     * @throws io.cleave.HeapFullException where there is no entry for it
     */
    long receive(Change change, long slot, long owner) {
        long entry = change.get(freeAt);
        if (entry == 0) {
            entry = grow(change);
        } else if ((entry & Long.BYTES - 1) != 0 || !memory.isCommitted(entry, entryBytes)) {
            throw QueueRing.damaged("a free entry is at " + entry);
        }
        change.set(freeAt, change.get(entry + QueueLayout.NEXT_IN_ENTRY));
        VarHandle.storeStoreFence(); // the entry is free before it has another content
        memory.copy(slot, slot(entry), ring.slotBytes());
        HeapMemory.stored();
        change.set(entry + QueueLayout.COUNT_IN_ENTRY, 1);
        change.set(entry + QueueLayout.STATE_IN_ENTRY, owner); // SYNC: queue-entry
        return entry;
    }

    /** Gets more entries, all of them free. */
    private long grow(Change change) {
        int chunk = 0;
        while (chunk < QueueLayout.MOST_ENTRY_CHUNKS && change.get(chunkAt(chunk)) != 0) {
            chunk++;
        }
        if (chunk == QueueLayout.MOST_ENTRY_CHUNKS) {
            throw new IllegalStateException(size() + " elements were received and not acknowledged; acknowledge or "
                    + "close some before more are received");
        }
        int entries = QueueLayout.FIRST_ENTRIES << chunk;
        long first = change.allocateZeroed(entries * entryBytes);
        for (int i = 1; i < entries; i++) {
            memory.setPlain(first + (i - 1) * entryBytes + QueueLayout.NEXT_IN_ENTRY, first + i * entryBytes);
        }
        change.set(chunkAt(chunk), first);
        return first;
    }

    /** Lets an owner have an element that came back. */
    void receiveReturned(Change change, long entry, long owner) {
        change.set(entry + QueueLayout.COUNT_IN_ENTRY, memory.getPlain(entry + QueueLayout.COUNT_IN_ENTRY) + 1);
        change.set(entry + QueueLayout.STATE_IN_ENTRY, owner); // SYNC: queue-entry
        change.set(returnedAt, change.get(returnedAt) - 1);
    }

    /** Frees an entry, with the block of its element. */
    void free(Change change, long entry) {
        if (stateAcquire(entry) == QueueLayout.IS_RETURNED) {
            change.set(returnedAt, change.get(returnedAt) - 1);
        }
        if (QueueLayout.isInBlock(memory.getPlain(slot(entry)))) {
            change.free(memory.getPlain(slot(entry) + QueueLayout.BLOCK_IN_SLOT));
        }
        change.set(entry + QueueLayout.STATE_IN_ENTRY, QueueLayout.IS_FREE); // SYNC: queue-entry
        change.set(entry + QueueLayout.NEXT_IN_ENTRY, change.get(freeAt));
        change.set(freeAt, entry);
    }

    /** Lets the element of an entry be the next to be taken. */
    void giveBack(Change change, long entry) {
        change.set(entry + QueueLayout.STATE_IN_ENTRY, QueueLayout.IS_RETURNED); // SYNC: queue-entry
        change.set(returnedAt, change.get(returnedAt) + 1);
    }

    /** Whether an owner has an entry. */
    boolean isOwnedBy(long entry, long owner) {
        return stateAcquire(entry) == owner;
    }

    /** Frees all elements, whoever has them. */
    void freeElements() {
        int size = size();
        for (int i = 0; i < size; i++) {
            long entry = entryAt(i);
            if (stateAcquire(entry) != QueueLayout.IS_FREE) {
                try (Change change = heap.change()) {
                    free(change, entry);
                    change.commit();
                }
            }
        }
    }

    void freeChunks(Change change) {
        for (int i = 0; i < QueueLayout.MOST_ENTRY_CHUNKS; i++) {
            long chunk = memory.getPlain(chunkAt(i));
            if (chunk != 0) {
                change.free(chunk);
            }
        }
    }

    /** Names all blocks, and looks whether free entries and those that came back are what the head block says. */
    void walk(Check check) {
        int chunks = 0;
        for (; chunks < QueueLayout.MOST_ENTRY_CHUNKS && memory.getPlain(chunkAt(chunks)) != 0; chunks++) {
            if (check.reached(memory.getPlain(chunkAt(chunks))) < (QueueLayout.FIRST_ENTRIES << chunks) * entryBytes) {
                check.fault("the entries of the queue with its head at " + headBlock + " are too few");
                return;
            }
        }
        int size = size();
        int free = 0;
        int returned = 0;
        for (int i = 0; i < size; i++) {
            long entry = entryAt(i);
            long state = stateAcquire(entry);
            if (state == QueueLayout.IS_FREE) {
                free++;
            } else {
                returned += state == QueueLayout.IS_RETURNED ? 1 : 0;
                if (isOwner(state) && (state & ParticipantsLayout.PROCESS) == 0) {
                    check.fault("an element that was received from a queue has the owner " + Long.toHexString(state));
                }
                QueueStructure.walkElement(ring, slot(entry), check);
            }
        }
        long at = memory.getPlain(freeAt);
        while (at != 0 && free >= 0 && isEntry(at)) {
            free--;
            at = memory.getPlain(at + QueueLayout.NEXT_IN_ENTRY);
        }
        if (free != 0 || at != 0 || returned != memory.getPlain(returnedAt)) {
            check.fault(
                    "the queue with its head at " + headBlock + " has " + returned + " elements that came back, not "
                            + memory.getPlain(returnedAt) + ", or its free entries are no list");
        }
    }

    private boolean isEntry(long at) {
        int size = size();
        for (int i = 0; i < size; i = 2 * i + QueueLayout.FIRST_ENTRIES) { // the first of each chunk
            long offset = at - entryAt(i);
            if (offset >= 0 && offset % entryBytes == 0 && offset / entryBytes < i + QueueLayout.FIRST_ENTRIES) {
                return true;
            }
        }
        return false;
    }
}
