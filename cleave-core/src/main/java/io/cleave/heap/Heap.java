package io.cleave.heap;

import io.cleave.owner.Participants;
import io.cleave.owner.ParticipantsLayout;
import io.cleave.owner.Patience;
import io.cleave.owner.StackReserve;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** A heap as one process sees it. */
public final class Heap {
    /** The size of a header. */
    public static final long HEADER_BYTES = 256;

    /** How often all contexts are looked at before waiting. */
    private static final int LOOKS = 64;
    private static final long LEAST_NAP_NANOS = 20_000;
    private static final long MOST_NAP_NANOS = 1_000_000;
    /** How long all contexts together are waited for before the heap counts as full. */
    private static final long MOST_WAIT_NANOS = 1_000_000_000;

    private final HeapMemory memory;
    private final HeapMemory inside;
    private final Recovery recovery;
    private final HeapLocks locks;
    private final Biases biases;
    private final Central central;
    private final Context[] contexts;
    private final Change[] changes;
    /** Gives back what nobody uses any more, and says whether there was such. */
    private volatile BooleanSupplier sweep = () -> false;

    private Heap(HeapSpace space) {
        this.memory = new HeapMemory(space.memory(), HeapLayout.longPlain(space.memory(), HeapLayout.DATA_AT));
        this.inside = memory.inside();
        int count = (int) memory.getPlain(HeapLayout.CONTEXTS_AT);
        this.recovery = new Recovery(inside, count);
        this.biases = new Biases(inside, recovery::isOver);
        this.locks = new HeapLocks(inside, recovery::isOver, biases);
        this.central = new Central(space, inside, locks);
        this.contexts = new Context[count];
        this.changes = new Change[count];
        for (int i = 0; i < count; i++) {
            contexts[i] = new Context(this, HeapLayout.FIRST_CONTEXT_AT + i * ContextLayout.BYTES);
            changes[i] = new Change(this, contexts[i]);
        }
    }

    /**
     * Makes a heap of a space that nobody else knows yet, and that is all zeroes.
     *
     * @param space where
     * @param seed for the hashes of what will lie in the heap; random
     */
    public static void format(HeapSpace space, long seed) {
        HeapFormat.format(space, seed);
    }

    /**
     * Attaches to a heap.
     *
     * @param space where it lies
     * @return the heap
     * @throws io.cleave.IncompatibleBlockException where it is of another version, damaged, or its owners are known
     *         elsewhere
     */
    public static Heap attach(HeapSpace space) {
        HeapFormat.check(space.memory());
        Participants.join(space.memory(), HeapLayout.STAMP_AT, Heap.class);
        return new Heap(space);
    }

    /**
     * Its words and bytes.
     *
     * @return always the same
     */
    public HeapMemory memory() {
        return memory;
    }

    /**
     * The same words and bytes for who is inside the gate of the heap's handle.
     *
     * @return always the same; what is accessed by it after the heap was closed may end the JVM
     */
    public HeapMemory inside() {
        return inside;
    }

    /**
     * Its locks, for who is inside the gate of the heap's handle.
     *
     * @return always the same
     */
    public HeapLocks locks() {
        return locks;
    }

    /**
     * A lock that a thread may keep.
     *
     * @param at where its word lies
     * @return the lock as this handle sees it; one for all threads serves them best
     */
    public BiasedLock biasedLock(long at) {
        return new BiasedLock(inside, locks, biases, at);
    }

    /** Gives up what belongs to this handle, before its memory goes. With nobody inside. */
    public void detach() {
        biases.release();
    }

    /**
     * Whether another handle is on the same heap, which has another mapping then.
     *
     * @param other a handle
     * @return whether it is; a copy of a heap's file is taken for the same
     */
    public boolean isSame(Heap other) {
        return seed() == other.seed();
    }

    /**
     * The number that the hashes of this heap depend on.
     *
     * @return the seed
     */
    public long seed() {
        return memory.getPlain(HeapLayout.SEED_AT);
    }

    /**
     * A word for those who have to find what lies in the heap. All are 0 in a new one.
     *
     * @param index 0 to 15
     * @return its offset
     */
    public long rootAt(int index) {
        return HeapLayout.ROOTS_AT + (long) index * Long.BYTES;
    }

    /**
     * The size of a block that is in use, with what the allocator added.
     *
     * @param block its offset
     * @return its size
     * @throws io.cleave.IncompatibleBlockException where no block is there
     */
    public long sizeOf(long block) {
        return central.sizeOf(block);
    }

    /**
     * Begins a change; it must be closed in any case, by the thread that began it.
     *
     * @return an empty change
     */
    public Change change() {
        StackReserve.check();
        long me = Participants.me();
        int first = firstContext(me);
        Change change = tryBegin(first, me);
        return change != null ? change : await(me, first);
    }

    /** Where a thread looks first: neighbours by number look at different ones. */
    private int firstContext(long me) {
        return (int) ((me >>> ParticipantsLayout.THREAD_SHIFT) ^ (me >>> ParticipantsLayout.SLOT_SHIFT))
                & (contexts.length - 1);
    }

    /** Takes a context if it is free; whatever is thrown, nobody has it then. */
    private @Nullable Change tryBegin(int index, long me) {
        long ownerAt = HeapLayout.FIRST_CONTEXT_AT + index * ContextLayout.BYTES + ContextLayout.OWNER_AT;
        if (memory.getOpaque(ownerAt) != 0) {
            return null;
        }
        if (!memory.cas(ownerAt, 0, me)) { // SYNC: context
            return null;
        }
        boolean isBegun = false;
        try {
            changes[index].begin();
            isBegun = true;
        } finally {
            if (!isBegun) {
                memory.setRelease(ownerAt, 0); // SYNC: context
            }
        }
        return changes[index];
    }

    /** Contexts are held for moments, so who finds none free looks again, less and less often. */
    private Change await(long me, int first) {
        long nap = LEAST_NAP_NANOS;
        for (int look = 0;; look++) {
            for (int i = 0; i < contexts.length; i++) {
                Change change = tryBegin((first + i) & (contexts.length - 1), me);
                if (change != null) {
                    return change;
                }
            }
            if (look < LOOKS) {
                Thread.onSpinWait();
            } else {
                recovery.recoverAll();
                Patience.nap(nap);
                nap = Math.min(2 * nap, MOST_NAP_NANOS);
            }
        }
    }

    /**
     * Says what is to be done before the heap counts as full.
     *
     * @param newSweep gives back what nobody uses any more, and says whether there may have been such
     */
    public void onFull(BooleanSupplier newSweep) {
        sweep = newSweep;
    }

    /**
     * Gives back what nobody uses any more, for who has got a {@link io.cleave.HeapFullException} and is in no change.
     *
     * @return whether it is worth another try
     */
    public boolean makeRoom() {
        return sweep.getAsBoolean();
    }

    /**
     * Gives back what free blocks are in stock, in the own context and in all others, one after the other. Who has one of
     * these at the moment is waited for, but not one that waits here, too: it has given its own back, and would wait for
     * this one. After some time whoever has one is passed over: it may be stopped.
     */
    void reclaim(Context own) {
        own.giveAll();
        own.setStarving(true);
        try {
            long deadline = System.nanoTime() + MOST_WAIT_NANOS;
            long me = Participants.me();
            for (Context context : contexts) {
                if (context != own && tryTake(context, me, deadline)) {
                    try {
                        context.begin();
                        context.giveAll();
                    } finally {
                        context.end();
                    }
                }
            }
        } finally {
            own.setStarving(false);
        }
    }

    private boolean tryTake(Context context, long me, long deadline) {
        while (!memory.cas(context.ownerAt(), 0, me)) { // SYNC: context
            recovery.recoverAll();
            if (context.isStarving() || System.nanoTime() - deadline > 0) {
                return false;
            }
            Patience.nap(LEAST_NAP_NANOS);
        }
        return true;
    }

    /** All contexts, for who stops all changes. */
    Context[] contexts() {
        return contexts;
    }

    Central central() {
        return central;
    }

    Recovery recovery() {
        return recovery;
    }

    /**
     * What is used and free now, gathered while others go on.
     *
     * @return figures
     */
    public HeapUsage usage() {
        return HeapUsage.of(this);
    }

    /**
     * Walks all of the heap while no change happens, and accounts for every byte. Those who want to change something wait
     * meanwhile; what dead processes had begun is finished or forgotten before.
     *
     * @param walk names all blocks that can be reached
     * @return what was found
     */
    public HeapReport verify(Check.Walk walk) {
        return HeapCheck.verify(this, walk);
    }
}
