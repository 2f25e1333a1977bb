package io.cleave.heap;

import org.jspecify.annotations.Nullable;

/**
 * An operation that is cut off at each of its stores, and what must be true of the heap after. All methods are called
 * with the heap as the process at hand sees it: handles are to be made anew in each.
 */
public interface CrashScenario {
    /** What it is called in messages and on the command line of {@link CrashHarness}. */
    String name();

    /** How large the heap may become. */
    default long maximumBytes() {
        return HeapFormat.LEAST_BYTES;
    }

    /** Brings the heap into the state before, in the process that survives. */
    void prepare(Heap heap) throws Exception;

    /** The operation, in a process that dies in the middle of it. It must make the same stores each time. */
    void victim(Heap heap) throws Exception;

    /**
     * Uses what the victim has left, in a process that may die in the middle of that as well: it has to come by every
     * lock that the victim may have held.
     */
    void next(Heap heap) throws Exception;

    /**
     * The survivor's look: throws unless the operations of victim and next have happened or not, each as a whole, and
     * all further operations work.
     *
     * @param hasVictimDied whether it did, so that its operation may not have happened
     * @param nextDied null where next has not run; otherwise whether it died
     */
    void check(Heap heap, boolean hasVictimDied, @Nullable Boolean nextDied) throws Exception;

    /**
     * A reader's look while somebody lies dead in the middle of an operation that nobody has finished or forgotten yet: it
     * must see one of the states before, between and after, without any help.
     *
     * @param hasNextDied whether it is the next one who died, after the victim; else it is the victim
     */
    default void look(Heap heap, boolean hasNextDied) throws Exception {
        // not everything has readers that take no lock
    }

    /** Reports what can be reached from the heap's roots. */
    void walk(Heap heap, Check check);
}
