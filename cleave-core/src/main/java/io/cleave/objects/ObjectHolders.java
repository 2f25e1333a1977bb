package io.cleave.objects;

import io.cleave.HeapFullException;
import io.cleave.IncompatibleBlockException;
import io.cleave.heap.Change;
import io.cleave.heap.Heap;
import io.cleave.heap.HeapMemory;
import io.cleave.memory.raw.Shortage;
import io.cleave.os.Unistd;
import io.cleave.owner.Gate;
import io.cleave.owner.Participants;
import java.lang.foreign.Arena;
import java.lang.ref.WeakReference;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Which processes have live objects open, as the objects themselves say it; and those of them that one handle on a
 * heap has open.
 *
 * <p>
 * A handle on an object stores into its fields without a lock, at any time until the garbage collector finds that
 * nobody refers to it. So the memory of the object must stay as long: each handle has a word with its process in the
 * object, and what was dropped is freed when no living process has one. The word is stored under the object's lock,
 * where it was looked that the object is still there, and taken away without; a dead process's is of no account. So
 * nothing has to be counted, and nothing is wrong after a death. A forked child has its parent's handles and none of
 * their words: it takes its own before it stores.
 *
 * <p>
 * Closing the heap gives the words back, and others may free the memory then, while it is still mapped here. So the
 * handles access it by a segment of their own, which ends before.
 */
final class ObjectHolders {
    /** More than there can be handles on one object. */
    private static final int MOST_BLOCKS = 1 << 20;

    private final Heap heap;
    private final Gate gate;
    /** What the handles access, null while there are none; guarded by this. */
    private @Nullable Access access;
    private final Set<Hold> holds = ConcurrentHashMap.newKeySet();
    /** The handles that there are, by the place of the object's header. */
    private final Map<Long, WeakReference<Object>> handles = new ConcurrentHashMap<>();

    ObjectHolders(Heap heap, Gate gate) {
        this.heap = heap;
        this.gate = gate;
    }

    /** The heap's memory until the handles are ended. */
    private record Access(Arena arena, HeapMemory memory) {}

    /** The word of one handle. */
    private final class Hold implements Runnable {
        private final long header;
        private final WeakReference<Object> handle;
        private final long process = Participants.process();
        /** Where the word is; 0 before it is stored. Written before anybody else knows this. */
        private long at;

        Hold(long header, WeakReference<Object> handle) {
            this.header = header;
            this.handle = handle;
        }

        /** The garbage collector has found that nobody has the handle. */
        @Override
        public void run() {
            try {
                gate.enter();
            } catch (IllegalStateException e) {
                return; // closing the heap gives all of them back
            }
            try {
                release();
            } finally {
                gate.exit();
            }
        }

        void release() {
            boolean _ = handles.remove(header, handle);
            if (holds.remove(this) && at != 0 && Participants.process() == process) {
                boolean _ = heap.memory().cas(at, process, 0);
            }
        }
    }

    /** The heap's memory for what holds an object, which has no access any more once that ends. Inside the gate. */
    synchronized HeapMemory memory() {
        Access current = access;
        if (current == null) {
            Arena arena = Arena.ofShared();
            current = new Access(arena, heap.memory().within(arena));
            access = current;
        }
        return current.memory();
    }

    /**
     * Keeps the memory of an object as long as somebody refers to it. Under the object's lock, and the object is in
     * use.
     *
     * @param object what accesses the memory
     * @param handle what the user has, for the next who opens the object
     * @throws HeapFullException where many have the object open, and there is no room for another word
     */
    void hold(long header, HeapObject object, Object handle) {
        WeakReference<Object> weak = new WeakReference<>(handle);
        hold(header, object, weak);
        handles.put(header, weak);
    }

    /** The same in a forked child for what it has inherited, with the handle. */
    void holdInherited(long header, HeapObject object) {
        WeakReference<Object> known = handles.get(header);
        hold(header, object, known == null ? new WeakReference<>(null) : known);
    }

    private void hold(long header, HeapObject object, WeakReference<Object> handle) {
        Hold hold = new Hold(header, handle);
        boolean _ = holds.add(hold);
        boolean isDone = false;
        try {
            hold.at = takePlace(header);
            var _ = Shortage.watch(object, hold);
            isDone = true;
        } finally {
            if (!isDone) {
                hold.release();
            }
        }
    }

    /** The handle that there may be on the object with a header, or on one that was there before. */
    @Nullable Object known(long header) {
        WeakReference<Object> weak = handles.get(header);
        return weak == null ? null : weak.get();
    }

    private long takePlace(long header) {
        HeapMemory memory = heap.memory();
        long me = Participants.process();
        long at = find(memory, header, holder -> holder == 0);
        if (at == 0) { // looking who is dead takes a system call each
            at = find(memory, header, Participants::isDead);
        }
        if (at != 0) {
            memory.setRelease(at, me);
            return at;
        }
        try {
            return addPlace(header, me);
        } catch (HeapFullException e) {
            if (!heap.makeRoom()) {
                throw e;
            }
            return addPlace(header, me);
        }
    }

    private long addPlace(long header, long me) {
        HeapMemory memory = heap.memory();
        try (Change change = heap.change()) {
            long block = change.allocateZeroed(ObjectLayout.HOLDER_BLOCK_BYTES);
            memory.setPlain(block, memory.getPlain(header + ObjectLayout.MORE_HOLDERS));
            memory.setPlain(block + Long.BYTES, me);
            change.set(header + ObjectLayout.MORE_HOLDERS, block);
            change.commit();
            return block + Long.BYTES;
        }
    }

    /** Whether something was dropped that the collector may find nobody to refer to. */
    boolean haveDropped() {
        return holds.stream().anyMatch(hold -> RootLayout.isDropped(heap.memory(), hold.header));
    }

    /** Whether a living process has an object open. Under its lock. */
    static boolean isHeld(HeapMemory memory, long header) {
        return find(memory, header, holder -> holder != 0 && !Participants.isDead(holder)) != 0;
    }

    /** Where there is a certain holder; 0 where there is none such. Under the object's lock. */
    private static long find(HeapMemory memory, long header, LongPredicate wanted) {
        long first = header + ObjectLayout.FIRST_HOLDER;
        int count = ObjectLayout.HOLDERS;
        long block = memory.getPlain(header + ObjectLayout.MORE_HOLDERS);
        for (int blocks = 0; blocks < MOST_BLOCKS; blocks++) {
            for (int i = 0; i < count; i++) {
                long at = first + i * (long) Long.BYTES;
                if (wanted.test(memory.getAcquire(at))) {
                    return at;
                }
            }
            if (block == 0) {
                return 0;
            }
            first = block + Long.BYTES;
            count = ObjectLayout.HOLDERS_IN_BLOCK;
            block = memory.getPlain(block);
        }
        throw new IncompatibleBlockException(
                "an object in the heap is damaged: its list of holders is a ring; verify the heap");
    }

    /**
     * Ends the handles, and gives back what they hold, with nobody inside the gate. In a forked child neither: it cannot
     * wait for who is in the middle of an access, and what it holds is given back by its end.
     */
    synchronized void close() {
        Access current = access;
        if (Unistd.isForkedChild() || current == null) {
            return;
        }
        access = null;
        current.arena().close(); // waits for those who have looked whether they may store, and are about to
        holds.forEach(Hold::release);
    }
}
