package io.cleave.sync;

import io.cleave.owner.Participants;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The calling process's part in an object that has to know who may still come: its seat among the members, which counts
 * the process's handles and whatever else the object counts.
 *
 * <p>
 * A handle counts once in each process that uses it. A forked child has its parent's handles and is counted when it first
 * uses one.
 */
final class Membership {
    /** The bits of a seat that count. */
    static final long COUNT = 0xffff_ffffL;

    private final Members members;
    private final Members.Heir heir;
    /** The process in which this handle is counted, 0 where in none; in a forked child, at first, its parent. */
    private final AtomicLong countedIn = new AtomicLong();
    /** Whether a use counts the handle no more. Written by the handle that closes. */
    private volatile boolean isClosing;

    Membership(Members members, Members.Heir heir) {
        this.members = members;
        this.heir = heir;
    }

    /**
     * Counts this handle, unless the process has done so.
     *
     * @throws IllegalStateException where all seats are taken by processes that live
     */
    void attach() {
        long process = Participants.process();
        long before = countedIn.get();
        if (before == process || isClosing) {
            return;
        }
        add(1);
        if (!countedIn.compareAndSet(before, process)) {
            add(-1); // another thread was quicker
        }
    }

    /** Counts this handle no more, until it is used again. */
    void detach() {
        if (countedIn.getAndSet(0) == Participants.process()) {
            add(-1);
        }
    }

    /** Gives up a named handle: it is counted no more, and not again by those who are on their way out. */
    void close(Runnable closing) {
        isClosing = true;
        boolean done = false;
        try {
            detach();
            closing.run();
            done = true;
        } finally {
            if (!done) {
                isClosing = false;
                attach();
            }
        }
    }

    /** Adds to the count of the process's seat, which it has only while that is above 0. */
    void add(long delta) {
        long process = Participants.process();
        boolean done = false;
        while (!done) {
            int seat = delta > 0 ? members.seat(heir) : members.find();
            if (seat < 0) {
                return; // somebody has cleared the memory
            }
            long word = members.word(seat);
            boolean isLast = (word & COUNT) + delta <= 0;
            done = Members.process(word) == process && members.cas(seat, word, isLast ? 0 : word + delta);
        }
    }

    /** Sets bits beyond the count in the process's seat, where it has one. */
    void mark(long bits) {
        long process = Participants.process();
        for (int seat = members.find(); seat >= 0; seat = members.find()) {
            long word = members.word(seat);
            if (Members.process(word) == process
                    && ((word & bits) == bits || members.cas(seat, word, word | bits))) {
                return;
            }
        }
    }
}
