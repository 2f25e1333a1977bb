package io.cleave.objects;

import io.cleave.IncompatibleBlockException;
import io.cleave.heap.Change;
import io.cleave.heap.Heap;
import io.cleave.heap.HeapMemory;
import io.cleave.memory.raw.Shortage;
import io.cleave.owner.Gate;
import io.cleave.owner.Participants;
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
 * nothing has to be counted, and nothing is wrong after a death.
 */
final class ObjectHolders {
    /** More than there can be handles on one object. */
    private static final int MOST_BLOCKS = 1 << 20;

    private final Heap heap;
    private final Gate gate;
    private final Set<Hold> holds = ConcurrentHashMap.newKeySet();
    /** The handles that there are, by the place of the object's header. */
    private final Map<Long, WeakReference<Object>> handles = new ConcurrentHashMap<>();

    ObjectHolders(Heap heap, Gate gate) {
        this.heap = heap;
        this.gate = gate;
    }

    /** The word of one handle. */
    private final class Hold implements Runnable {
        private final long at;
        private final long header;
        private final WeakReference<Object> handle;
        private final long process = Participants.process();

        Hold(long at, long header, WeakReference<Object> handle) {
            this.at = at;
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
            if (holds.remove(this) && Participants.process() == process) {
                boolean _ = heap.memory().cas(at, process, 0);
            }
        }
    }

    /**
     * Keeps the memory of an object as long as somebody refers to it. Under the object's lock, and the object is in
     * use.
     *
     * @param object what accesses the memory
     * @param handle what the user has, for the next who opens the object
     */
    void hold(long header, HeapObject object, Object handle) {
        WeakReference<Object> weak = new WeakReference<>(handle);
        Hold hold = new Hold(takePlace(header), header, weak);
        boolean _ = holds.add(hold);
        var _ = Shortage.watch(object, hold);
        handles.put(header, weak);
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
        try (Change change = heap.change()) {
            long block = change.allocateZeroed(ObjectLayout.HOLDER_BLOCK_BYTES);
            memory.setPlain(block, memory.getPlain(header + ObjectLayout.MORE_HOLDERS));
            memory.setPlain(block + Long.BYTES, me);
            change.set(header + ObjectLayout.MORE_HOLDERS, block);
            change.commit();
            return block + Long.BYTES;
        }
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

    /** Gives back what the handle on the heap has open, with nobody inside the gate. */
    void close() {
        holds.forEach(Hold::release); // in a forked child those are none of its own
    }
}
