package io.cleave.objects;

import io.cleave.IncompatibleBlockException;
import io.cleave.heap.Heap;
import io.cleave.owner.Gate;
import io.cleave.owner.Participants;
import io.cleave.owner.ParticipantsLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/**
 * The structures of a heap that neither a name nor an entry leads to at the moment: those that are being made for an
 * entry, and those that an entry has lost.
 *
 * <h2>Overview</h2>
 *
 * A structure of any size is not made by one change, and not freed by one. So there are two lists of headers, under one
 * lock ({@link LooseLists}). A structure that is to become a value is made empty and put into the first list by one change;
 * it is filled by as many as it takes; the change that stores the entry takes it out. The change that takes an entry away
 * puts its structure into the second list, from where it is freed. So at each moment each structure is in one place, where a
 * walk through the heap finds it.
 *
 * <p>
 * <b>Sweeps.</b> Whoever changes structures in structures frees what it finds in the second list when it is done, up to a
 * {@link SweepLimit}; the rest stays in the list, each structure as far as it was freed. Before that, now and then, it looks
 * who has died, or has failed, while making or freeing, and gives free what that one was at.
 *
 * <p>
 * <b>Locks.</b> The one of the lists comes after all those of structures, and before a context. To free a structure takes
 * that structure's locks; whoever frees may have others, so he does not wait for them, and leaves to a later sweep what is
 * in use. He sweeps after his outermost operation in the heap, where most of them are free ({@link #begin}, {@link #end}).
 */
final class LooseStructures {
    /** How many that are in use a brief sweep passes over among those that were dropped last. */
    private static final int MOST_BUSY = 4;
    /** How many it passes over now and then among all others, where it goes on the next time. */
    private static final int MOST_OLD_BUSY = 16;
    private static final long REST_NANOS = 20_000_000;
    /** The heaps of the operations on structures in structures that the thread is in, the innermost last. */
    private static final ThreadLocal<ArrayDeque<LooseStructures>> RUNNING = ThreadLocal.withInitial(ArrayDeque::new);

    private final LooseLists lists;
    private final Gate gate;
    private final ObjectHolders holders;
    private final LooseLists.Place lookedAtMade = LooseLists.Place.inMade();
    private final LooseLists.Place lookedAtFreed = LooseLists.Place.inFreed();
    private final LooseLists.Place lookedAtOld = LooseLists.Place.inFreed();
    /** What was dropped last when a sweep found nothing but what is in use. A hint, as is the next: races do no harm. */
    private long lastInUse;
    /** When one thread or another last looked for workers that have left. */
    private long lastLook = System.nanoTime() - 2 * REST_NANOS;

    /** @param gate to be passed by each operation that changes something */
    LooseStructures(Heap heap, Gate gate) {
        this.lists = new LooseLists(heap);
        this.gate = gate;
        this.holders = new ObjectHolders(heap, gate);
    }

    /** The live objects that the same handle has open. */
    ObjectHolders holders() {
        return holders;
    }

    Heap heap() {
        return lists.heap();
    }

    Gate gate() {
        return gate;
    }

    LooseLists lists() {
        return lists;
    }

    /** Begins an operation that may make and drop structures. */
    void begin() {
        ArrayDeque<LooseStructures> running = RUNNING.get();
        running.addLast(this);
        boolean isInside = false;
        try {
            gate.enter();
            isInside = true;
        } finally {
            if (!isInside) {
                LooseStructures _ = running.removeLast();
            }
        }
    }

    /**
     * Ends it: the thread has the locks of this operation no more, and frees what was dropped if it is in no other. It throws
     * nothing: the operation has its result, and what could not be freed is left to the next.
     */
    void end() {
        try {
            LooseStructures _ = RUNNING.get().removeLast();
            if (!isInside()) {
                sweep(SweepLimit.brief());
            }
        } catch (RuntimeException | VirtualMachineError e) {
            Thread.onSpinWait(); // damage, or no stack or memory for it: the next sweep meets it, and a drop reports it
        } finally {
            gate.exit();
        }
    }

    /** Whether the thread is in an operation on this heap, which it sweeps after. */
    boolean isInside() {
        return RUNNING.get().contains(this);
    }

    /**
     * Frees what was dropped and nobody is freeing.
     *
     * @throws IncompatibleBlockException where something of it is damaged, after all else was freed
     */
    void sweep(SweepLimit limit) {
        sweep(limit, false);
    }

    /** The same for all there is, also what dead processes were making or freeing until just now. */
    void sweepAll(SweepLimit limit) {
        sweep(limit, true);
    }

    private void sweep(SweepLimit limit, boolean isThorough) {
        if (lists.areEmpty()) {
            return;
        }
        boolean isDue = isThorough || System.nanoTime() - lastLook > REST_NANOS;
        if (isDue) {
            takeOver(isThorough);
        } else if (lists.lastDropped() == lastInUse) {
            return; // objects that somebody has open stay for long, and are not to cost each operation something
        }
        List<Long> busy = new ArrayList<>();
        try {
            LooseLists.Place first = LooseLists.Place.inFreed();
            IncompatibleBlockException damage = freeAll(first, limit, isThorough ? Integer.MAX_VALUE : MOST_BUSY, busy);
            if (isDue && !isThorough) {
                IncompatibleBlockException old = freeAll(lookedAtOld, limit, busy.size() + MOST_OLD_BUSY, busy);
                damage = damage == null ? old : damage;
            }
            if (damage != null) {
                throw damage;
            }
        } finally {
            busy.forEach(lists::release);
            lastInUse = busy.isEmpty() || limit.isReached() ? 0 : lists.lastDropped();
        }
    }

    /**
     * Frees one after the other, up to the end of the list; what is dropped by that, too. What cannot be freed now stays
     * claimed, and is added to those that are busy.
     */
    private @Nullable IncompatibleBlockException freeAll(LooseLists.Place place, SweepLimit limit, int mostBusy,
            List<Long> busy) {
        IncompatibleBlockException damage = null;
        boolean isAnyFree = false;
        while (!limit.isReached() && busy.size() < mostBusy) {
            long header = lists.claim(place);
            if (header == 0 && !isAnyFree) {
                break;
            }
            if (header == 0) {
                isAnyFree = false; // what was in it is at the beginning of the list
                continue;
            }
            boolean isOver = false;
            try {
                if (lists.free(header, limit)) {
                    isAnyFree = true;
                } else {
                    busy.add(header);
                }
                isOver = true;
            } catch (IncompatibleBlockException e) {
                damage = damage == null ? e : damage;
                busy.add(header);
                isOver = true;
            } finally {
                if (!isOver) {
                    lists.release(header);
                }
            }
        }
        return damage;
    }

    /** Gives free what those were making or freeing who are at it no more. */
    private void takeOver(boolean isThorough) {
        lastLook = System.nanoTime();
        LongPredicate hasLeft = new HasLeft(RUNNING.get().isEmpty());
        LooseLists.Place inMade = isThorough ? LooseLists.Place.inMade() : lookedAtMade;
        LooseLists.Place inFreed = isThorough ? LooseLists.Place.inFreed() : lookedAtFreed;
        boolean isDone;
        do {
            isDone = lists.dropLeft(inMade, hasLeft);
        } while (isThorough && !isDone);
        do {
            isDone = lists.releaseLeft(inFreed, hasLeft);
        } while (isThorough && !isDone);
    }

    /**
     * Whether a worker is dead, which is asked once for many of one process, or is the calling thread, if that is in no
     * operation: an earlier one has failed then.
     */
    private static final class HasLeft implements LongPredicate {
        private final long me;
        private long lastProcess;
        private boolean isLastDead;

        HasLeft(boolean isOutside) {
            this.me = isOutside ? Participants.me() : 0;
        }

        @Override
        public boolean test(long worker) {
            if (worker == me && worker != 0) {
                return true;
            }
            long process = worker & ParticipantsLayout.PROCESS;
            if (process != lastProcess) {
                lastProcess = process;
                isLastDead = Participants.isDead(worker);
            }
            return isLastDead;
        }
    }
}
