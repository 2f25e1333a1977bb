package io.cleave.objects;

import io.cleave.HeapFullException;
import io.cleave.heap.Change;
import io.cleave.heap.Check;
import io.cleave.heap.Heap;
import io.cleave.heap.HeapMemory;
import io.cleave.owner.Participants;
import io.cleave.owner.ParticipantsLayout;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

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
 * that in which elements were put, in a stack in the opposite one ({@link QueueReturned}). What a dead
 * process has received comes back when another looks: who takes something or sleeps does so, every {@value #REST_MILLIS} ms, or
 * less often where so many are in flight that looking takes long. It is done without a lock, and asks once for each process.
 *
 * <p>
 * All of it is changed under the lock for taking. Without one it may be read: an element that has come back is read as one in
 * a slot is, its state and id before and after ({@link QueueReader}). Entries are found by number; those that are free make
 * a list. Nothing is given back to the heap before the queue is dropped.
 */
class QueueTable {
    private static final int REST_MILLIS = 20;
    private static final long REST_NANOS = REST_MILLIS * 1_000_000L;
    /** How many times as long as looking for dead owners it rests after that. */
    private static final int REST_FACTOR = 4;

    private final QueueRing ring;
    private final Heap heap;
    private final HeapMemory memory;
    private final LongPredicate isDead;
    private final long headBlock;
    private final long freeAt;
    private final long entryBytes;
    private final QueueReturned returned;
    /** Somebody has seen a dead owner. */
    private volatile boolean isSuspicious;
    /** When dead owners are to be looked for; written by who looks. */
    private volatile long nextLook = System.nanoTime();
    private final AtomicBoolean isLooking = new AtomicBoolean();

    /** An entry whose element came back, and the element's id. */
    record Found(long entry, long id) {}

    QueueTable(QueueRing ring) {
        this(ring, Participants::isDead);
    }

    /**
     * The table of a ring.
     *
     * @param isDead says whether an owner's process is
     */
    QueueTable(QueueRing ring, LongPredicate isDead) {
        this.ring = ring;
        this.heap = ring.heap();
        this.memory = heap.memory();
        this.isDead = isDead;
        this.headBlock = ring.headBlock();
        this.freeAt = headBlock + QueueLayout.FREE_ENTRY;
        this.returned = new QueueReturned(this, memory, ring.isStack(), headBlock + QueueLayout.RETURNED);
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
    long entryAt(int number) {
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
        return returned.count();
    }

    /** Whether an entry can be at a place. */
    boolean isPlausible(long entry) {
        return (entry & Long.BYTES - 1) == 0 && memory.isCommitted(entry, entryBytes);
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

    /** The entry of the element that is to be taken first of those that came back, of which there are some. */
    long firstReturned() {
        long entry = returned.at(0);
        if (stateAcquire(entry) != QueueLayout.IS_RETURNED) {
            throw QueueRing.damaged("the entry at " + entry + " did not come back");
        }
        return entry;
    }

    /** The same for who has no lock: an entry of any state, and 0 also where the queue is being changed or dropped. */
    long firstUnsure() {
        long place = returned() == 0 ? 0 : entryAt(0);
        long entry = isPlausible(place) ? memory.getAcquire(place + QueueLayout.AT_PLACE_IN_ENTRY) : 0;
        return isPlausible(entry) ? entry : 0;
    }

    /** Whether the element of an id is taken before that of another one, where both came back. */
    boolean isBefore(long id, long other) {
        return returned.isBefore(id, other);
    }

    /**
     * What came back, in the order in which it is to be taken; gathered while others go on.
     *
     * @param last only what comes after its element, where it is not null
     */
    List<Found> returnedAfter(@Nullable Found last) {
        List<Found> all = new ArrayList<>();
        int size = memory.getAcquire(headBlock + QueueLayout.RETURNED) == 0 ? 0 : size();
        for (int i = 0; i < size; i++) {
            long entry = entryAt(i);
            if (stateUnsure(entry) == QueueLayout.IS_RETURNED) {
                long id = idAcquire(entry);
                if (last == null || isBefore(last.id, id)) {
                    all.add(new Found(entry, id));
                }
            }
        }
        if (!all.isEmpty()) {
            long base = all.getFirst().id; // a damaged heap has any ids, and good ones may overflow
            all.sort((one, other) -> ring.isStack() ? Long.compare(other.id - base, one.id - base)
                    : Long.compare(one.id - base, other.id - base));
        }
        return all;
    }

    /** The state of an entry of a queue that may be dropped meanwhile. */
    private long stateUnsure(long entry) {
        return isPlausible(entry) ? stateAcquire(entry) : QueueLayout.IS_FREE;
    }

    /**
     * The entries of elements that came back.
     *
     * @param ids whose they are, in ascending order; those that did not come back are passed over
     */
    long[] findReturned(long[] ids) {
        long[] entries = new long[ids.length];
        int found = 0;
        int count = returned();
        for (int place = 0; place < count && found < ids.length; place++) {
            long entry = returned.at(place);
            if (contains(ids, idAcquire(entry)) && stateAcquire(entry) == QueueLayout.IS_RETURNED) {
                entries[found++] = entry;
            }
        }
        return Arrays.copyOf(entries, found);
    }

    private static boolean contains(long[] ids, long id) {
        int low = 0;
        int high = ids.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (ids[middle] - id < 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low < ids.length && ids[low] == id;
    }

    /** Which processes were seen dead or alive, each asked for once. */
    private final class Deaths {
        private final Map<Long, Boolean> known = new HashMap<>();
        private long lastProcess;
        private boolean isLastDead;

        boolean has(long owner) {
            long process = owner & ParticipantsLayout.PROCESS;
            if (process != lastProcess) {
                isLastDead = known.computeIfAbsent(process, isDead::test);
                lastProcess = process;
            }
            return isLastDead;
        }
    }

    /**
     * Whether somebody was seen to have died who had received something; looks, if it is time to. Takes no lock; who takes
     * something next will bring it back.
     */
    boolean isOwnerDead() {
        if (!isSuspicious && memory.getAcquire(chunkAt(0)) != 0 && System.nanoTime() - nextLook >= 0
                && isLooking.compareAndSet(false, true)) {
            long begin = System.nanoTime();
            try {
                isSuspicious = hasDeadOwner();
            } finally {
                long end = System.nanoTime();
                nextLook = end + Math.max(REST_NANOS, REST_FACTOR * (end - begin));
                isLooking.set(false);
            }
        }
        return isSuspicious;
    }

    private boolean hasDeadOwner() {
        Deaths deaths = new Deaths();
        int size = ring.isInUse() ? size() : 0;
        for (int i = 0; i < size; i++) {
            long state = stateUnsure(entryAt(i));
            if (isOwner(state) && deaths.has(state)) {
                return true;
            }
        }
        return false;
    }

    /** Brings back what dead processes have received, if somebody has seen one. */
    void reclaim() {
        if (!isSuspicious) {
            return;
        }
        isSuspicious = false;
        Deaths deaths = new Deaths();
        int size = size();
        for (int i = 0; i < size; i++) {
            long entry = entryAt(i);
            long state = stateAcquire(entry);
            if (isOwner(state) && deaths.has(state)) {
                giveBack(entry);
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
        } else if (!isPlausible(entry)) {
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
            throw new HeapFullException(size() + " elements of a queue were received and not acknowledged; acknowledge "
                    + "or close some before more are received", entryBytes, 0, 0, size() * entryBytes, false, null);
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
    void receiveReturned(long entry, long owner) {
        try (Change change = heap.change()) {
            change.set(entry + QueueLayout.COUNT_IN_ENTRY, memory.getPlain(entry + QueueLayout.COUNT_IN_ENTRY) + 1);
            change.set(entry + QueueLayout.STATE_IN_ENTRY, owner); // SYNC: queue-entry
            returned.remove(change, entry);
            change.commit();
        }
    }

    /** Frees an entry whose element came back or not, with the block of its element. */
    void free(long entry) {
        try (Change change = heap.change()) {
            if (stateAcquire(entry) == QueueLayout.IS_RETURNED) {
                returned.remove(change, entry);
            }
            free(change, entry);
            change.commit();
        }
    }

    /** Frees an entry whose element did not come back, with the block of its element. */
    void free(Change change, long entry) {
        if (QueueLayout.isInBlock(memory.getPlain(slot(entry)))) {
            change.free(memory.getPlain(slot(entry) + QueueLayout.BLOCK_IN_SLOT));
        }
        change.set(entry + QueueLayout.STATE_IN_ENTRY, QueueLayout.IS_FREE); // SYNC: queue-entry
        change.set(entry + QueueLayout.NEXT_IN_ENTRY, change.get(freeAt));
        change.set(freeAt, entry);
    }

    /** Lets the element of an entry be one that came back. */
    void giveBack(long entry) {
        try (Change change = heap.change()) {
            returned.add(change, entry);
            change.set(entry + QueueLayout.STATE_IN_ENTRY, QueueLayout.IS_RETURNED); // SYNC: queue-entry
            change.commit();
        }
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
                free(entry);
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
        int back = 0;
        for (int i = 0; i < size; i++) {
            long entry = entryAt(i);
            long state = stateAcquire(entry);
            if (state == QueueLayout.IS_FREE) {
                free++;
            } else {
                back += state == QueueLayout.IS_RETURNED ? 1 : 0;
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
        if (free != 0 || at != 0) {
            check.fault("the free entries of the queue with its head at " + headBlock + " are no list");
        }
        returned.walk(check, back);
    }

    boolean isEntry(long at) {
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
