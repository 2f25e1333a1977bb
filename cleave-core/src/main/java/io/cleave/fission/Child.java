package io.cleave.fission;

import io.cleave.channel.Ring;
import io.cleave.share.Codec;
import io.cleave.work.Failure;
import io.cleave.work.Values;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A forked child as its parent knows it. */
final class Child {
    /** The process; 0 until it is forked. */
    int pid;
    /** Shortly before it was forked, in milliseconds since the epoch. */
    final long forkedMillis = System.currentTimeMillis();
    final int place;
    final int number;
    final Window window;
    final RunMemory.Slot slot;
    final Ring.Consumer in;
    private final SideBuffer side;
    /** The large arrays of the result that comes next. */
    private final List<Object> parts = new ArrayList<>(0);
    private long partBytes;
    /** How long a child may take to set itself up; one that takes longer has met a lock that will not be free. */
    private static final long MOST_START_NANOS = 5_000_000_000L;

    /** When it was forked, by {@link System#nanoTime()}; the wait for the turn to fork is not its own. */
    private long forkedNanos;
    /** When it was last seen to be able to go on. */
    long lastAlive;
    private @Nullable DeadlockProof proof;
    /** The thread that forked it: the kernel ends the child when this thread ends. */
    final Thread forkedBy = Thread.currentThread();
    /** The chunk whose results arrive; -1 before the first. */
    int chunk = -1;
    /** Chunks that it has computed, and of which it keeps what it has gathered. */
    final List<Integer> kept = new ArrayList<>(0);
    /** Whether it has said that it leaves, or why it failed; its end is then no surprise. */
    private boolean leaving;
    /** When it said so, by {@link System#nanoTime()}. */
    private long leavingSince;
    /** Whether it is still looked after: until its end has been waited for. */
    boolean isLive = true;
    /** Whether it is a whole JVM. */
    boolean isWhole;
    /** Whether it has been asked to leave. */
    boolean asked;
    /** Items begun at the last look. */
    private long itemsSeen = -1;

    Child(int place, int number, Window window, RunMemory.Slot slot, Ring.Consumer in, SideBuffer side) {
        this.place = place;
        this.number = number;
        this.window = window;
        this.slot = slot;
        this.in = in;
        this.side = side;
    }

    /** Takes the large array that its ring stands at. */
    void takePart() {
        SideBuffer.Entry entry = ResultWriter.entry(in);
        parts.add(side.take(entry));
        partBytes += entry.byteSize();
    }

    /** Makes the result that its ring stands at, of its parts, too. */
    @Nullable Object value(Codec codec) throws IOException {
        try {
            return parts.isEmpty() ? Values.read(in, codec)
                    : codec.decode(in.bytes(), in.offset(), in.length(), this::part);
        } finally {
            parts.clear();
        }
    }

    private Object part(int number) throws IOException {
        if (number < 0 || number >= parts.size()) {
            throw new IOException("there is no part " + number);
        }
        return parts.get(number);
    }

    /** What the result that was taken last has taken on its way, in bytes. */
    int takenBytes() {
        long bytes = in.length() + partBytes;
        partBytes = 0;
        return (int) Math.min(bytes, Integer.MAX_VALUE);
    }

    Child with(Forker.Forked fork) {
        int forked = fork.pid();
        pid = forked;
        isWhole = fork.isWhole();
        forkedNanos = System.nanoTime();
        lastAlive = forkedNanos;
        proof = new DeadlockProof(forked);
        return this;
    }

    /** It has said that it leaves, or why it failed. */
    void leaves() {
        leaving = true;
        leavingSince = System.nanoTime();
    }

    boolean isLeaving() {
        return leaving;
    }

    /** Whether it has said that it leaves, and has had so long to be gone. */
    boolean hasLingered(long nanos) {
        return leaving && System.nanoTime() - leavingSince > nanos;
    }

    /** Whether it has come as far as its first item. */
    boolean hasBegun() {
        return slot.itemsAcquire() > 0 || slot.index() >= 0;
    }

    /** Looks for a deadlock. */
    DeadlockProof.Verdict look(long now) {
        DeadlockProof doubt = Objects.requireNonNull(proof);
        long items = slot.itemsAcquire();
        if (items != itemsSeen) {
            itemsSeen = items;
            doubt.refute();
            lastAlive = now;
            return DeadlockProof.Verdict.OPEN;
        }
        DeadlockProof.Verdict verdict = isWhole ? verdictOfWhole(items, now) : doubt.look(now);
        if (verdict == DeadlockProof.Verdict.UNPROVEN && slot.isWaiting()) {
            doubt.refute(); // it waits for whoever takes the results
            verdict = DeadlockProof.Verdict.OPEN;
        }
        if (verdict == DeadlockProof.Verdict.OPEN && !doubt.isSuspicious()) {
            lastAlive = now;
        }
        return verdict;
    }

    /** A whole child tells by itself, once it has set itself up. */
    private DeadlockProof.Verdict verdictOfWhole(long items, long now) {
        return !slot.hasStarted() && now - forkedNanos > MOST_START_NANOS ? DeadlockProof.Verdict.UNPROVEN
                : slot.verdict(items);
    }

    /** The place in the whole input of the item begun last, or -1. */
    long currentItem() {
        long index = slot.index();
        return index < 0 ? -1 : window.base + index;
    }

    /** Where it is, for a message. */
    String where() {
        long index = slot.index();
        return slot.isInHook() ? ", in the hook that runs after the fork"
                : index < 0 ? ", before its first item"
                        : (slot.isUntimed() ? ", after item " : ", at item ") + currentItem() + " ("
                                + Failure.textOf(window.items[(int) index]) + ")";
    }
}
