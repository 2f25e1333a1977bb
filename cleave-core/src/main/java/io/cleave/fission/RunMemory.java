package io.cleave.fission;

import io.cleave.channel.Doorbell;
import io.cleave.channel.Ring;
import io.cleave.os.Mman;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * What a run shares with its children: a bell at which the parent sleeps, and for each child a slot, a ring, and a buffer for
 * large arrays.
 *
 * <pre>
 *   0                     bell
 *   64                    slots, 128 bytes each
 *   64 + 128 * children    rings
 *   then                  side buffers, of which only what is used takes memory
 *
 *   a slot; all but "leave" and "held" is written by the child alone
 *    0  items     long, items begun since the fork: the child's sign of life
 *    8  index     long, the item begun last, counted within its window; -1 before the first, -2 in the hook before it
 *   16  since     long, when it was begun, by System.nanoTime(); the highest number where no item's time runs
 *   24  dirtied   long, bytes of private dirty memory when the child left
 *   32  leave     int, 1 when the parent asks the child to leave after its item
 *   36  held      int, 1 while the child is not to begin, as the parent is about to fork another
 *   40  largest   long, the most bytes that one item has allocated so far
 *   48  eden      long, bytes free in Eden when the child was forked
 *   56  waiting   long, when the child began to wait for room in its ring; 0 while it does not wait
 *   64  verdict   long, what the child's watch has found, and at which item: 4 * items + verdict
 *   72  started   int, 1 when the child has set itself up, 2 when it has begun the hook
 * </pre>
 *
 * The region has no name: it is gone with the last process that maps it, however that ends.
 */
final class RunMemory implements AutoCloseable {
    static final int RING_BYTES = 1 << 20;

    private static final long SLOT_BYTES = 128;
    private static final long ITEMS = 0;
    private static final long INDEX = 8;
    private static final long SINCE = 16;
    private static final long DIRTIED = 24;
    private static final long LEAVE = 32;
    private static final long HELD = 36;
    private static final long LARGEST = 40;
    private static final long EDEN = 48;
    private static final long WAITING = 56;
    private static final long VERDICT = 64;
    private static final long STARTED = 72;
    private static final long HOOK = -2;
    private static final long UNTIMED = Long.MAX_VALUE;
    private static final int SET_UP = 1;
    private static final int HOOK_BEGUN = 2;
    private static final int PROVEN = 1;
    private static final int UNPROVEN = 2;
    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

    private final Arena arena = Arena.ofShared();
    final MemorySegment memory;
    private final int children;

    RunMemory(int children) {
        this.children = children;
        long size = Doorbell.BYTES + children * (SLOT_BYTES + Ring.bytesFor(RING_BYTES) + SideBuffer.byteSize());
        this.memory = Mman.map(arena, size, Mman.PROT_READ | Mman.PROT_WRITE,
                Mman.MAP_SHARED | Mman.MAP_ANONYMOUS | Mman.MAP_NORESERVE, -1, 0);
    }

    Doorbell bell() {
        return new Doorbell(memory.asSlice(0, Doorbell.BYTES));
    }

    Slot slot(int child) {
        return new Slot(memory.asSlice(Doorbell.BYTES + child * SLOT_BYTES, SLOT_BYTES));
    }

    Ring ring(int child) {
        long size = Ring.bytesFor(RING_BYTES);
        return new Ring(memory.asSlice(Doorbell.BYTES + children * SLOT_BYTES + child * size, size), RING_BYTES);
    }

    SideBuffer side(int child) {
        long size = SideBuffer.byteSize();
        long rings = Doorbell.BYTES + children * (SLOT_BYTES + Ring.bytesFor(RING_BYTES));
        return new SideBuffer(memory.asSlice(rings + child * size, size));
    }

    @Override
    public void close() {
        arena.close();
    }

    /** One child's slot. */
    static final class Slot {
        private final MemorySegment memory;

        private Slot(MemorySegment memory) {
            this.memory = memory;
        }

        void reset(long now) {
            memory.fill((byte) 0);
            LONG.setOpaque(memory, SINCE, now);
            LONG.setRelease(memory, INDEX, -1L); // SYNC: slot-index
        }

        /** The child begins what comes before its first item. */
        void hookBegins(long now) {
            INT.setRelease(memory, STARTED, HOOK_BEGUN);
            LONG.setOpaque(memory, SINCE, now);
            LONG.setRelease(memory, INDEX, HOOK); // SYNC: slot-index
        }

        /** The child has ended it. */
        void hookEnds(long now) {
            LONG.setOpaque(memory, SINCE, now);
            LONG.setRelease(memory, INDEX, -1L); // SYNC: slot-index
        }

        boolean isInHook() {
            return index() == HOOK;
        }

        /**
         * The child begins an item. The count goes last, so that whoever sees it sees the rest; and the time first, or who
         * sees the item might take it for as old as the one before.
         */
        void begin(long items, long index, long now) {
            LONG.setOpaque(memory, SINCE, now);
            LONG.setRelease(memory, INDEX, index); // SYNC: slot-index
            LONG.setRelease(memory, ITEMS, items); // SYNC: slot-items
        }

        /** The child is done with the item begun last: what it does until it begins another is no item's time. */
        void stopTime() {
            LONG.setOpaque(memory, SINCE, UNTIMED);
        }

        /** Whether no item's time runs. */
        boolean isUntimed() {
            return since() == UNTIMED;
        }

        long itemsAcquire() {
            return (long) LONG.getAcquire(memory, ITEMS); // SYNC: slot-items
        }

        long index() {
            return (long) LONG.getAcquire(memory, INDEX); // SYNC: slot-index
        }

        long since() {
            return (long) LONG.getOpaque(memory, SINCE);
        }

        /** How long the item begun last has taken; 0 where no item's time runs. */
        long taken(long now) {
            long since = since();
            return since == UNTIMED ? 0 : now - since;
        }

        void dirtiedRelease(long bytes) {
            LONG.setRelease(memory, DIRTIED, bytes);
        }

        long dirtiedAcquire() {
            return (long) LONG.getAcquire(memory, DIRTIED);
        }

        void edenOpaque(long bytes) {
            LONG.setOpaque(memory, EDEN, bytes);
        }

        long eden() {
            return (long) LONG.getOpaque(memory, EDEN);
        }

        void largestOpaque(long bytes) {
            LONG.setOpaque(memory, LARGEST, bytes);
        }

        long largest() {
            return (long) LONG.getOpaque(memory, LARGEST);
        }

        /** The child waits for room: until it goes on the time is not its item's. */
        void waitBegins(long now) {
            LONG.setRelease(memory, WAITING, now == 0 ? 1 : now);
        }

        /** The child goes on: its item counts as begun later by as long as it has waited. */
        void waitEnds(long now) {
            long began = (long) LONG.getOpaque(memory, WAITING);
            if (!isUntimed()) {
                LONG.setOpaque(memory, SINCE, since() + (now - began));
            }
            LONG.setRelease(memory, WAITING, 0L); // SYNC: slot-waiting
        }

        /** Whether the child waits for room; where it does not, {@link #since} tells what it knew when it last did. */
        boolean isWaiting() {
            return (long) LONG.getAcquire(memory, WAITING) != 0; // SYNC: slot-waiting
        }

        private static int numberOf(DeadlockProof.Verdict verdict) {
            return switch (verdict) {
                case OPEN -> 0;
                case PROVEN -> PROVEN;
                case UNPROVEN -> UNPROVEN;
            };
        }

        /** The child's watch has come to a verdict about the item begun last. */
        void verdict(long items, DeadlockProof.Verdict verdict) {
            LONG.setRelease(memory, VERDICT, 4 * items + numberOf(verdict));
        }

        /** What the child's watch has found, where the child is still at that item. */
        DeadlockProof.Verdict verdict(long items) {
            long found = (long) LONG.getAcquire(memory, VERDICT);
            if (found == 4 * items + PROVEN) {
                return DeadlockProof.Verdict.PROVEN;
            }
            return found == 4 * items + UNPROVEN ? DeadlockProof.Verdict.UNPROVEN
                    : DeadlockProof.Verdict.OPEN;
        }

        /** The child has set itself up, and begins to work. */
        void start() {
            INT.setRelease(memory, STARTED, SET_UP);
        }

        boolean hasStarted() {
            return (int) INT.getAcquire(memory, STARTED) != 0;
        }

        /** Whether the child has come as far as code of the caller's: the hook, or its first item. */
        boolean hasBegun() {
            return (int) INT.getAcquire(memory, STARTED) == HOOK_BEGUN || itemsAcquire() > 0;
        }

        /** The child is not to begin until it is let go. */
        void hold() {
            INT.setRelease(memory, HELD, 1);
        }

        void letGo() {
            INT.setRelease(memory, HELD, 0); // SYNC: slot-held
        }

        boolean isHeld() {
            return (int) INT.getAcquire(memory, HELD) != 0; // SYNC: slot-held
        }

        void askToLeave() {
            INT.setOpaque(memory, LEAVE, 1);
        }

        boolean isAskedToLeave() {
            return (int) INT.getOpaque(memory, LEAVE) != 0;
        }
    }
}
