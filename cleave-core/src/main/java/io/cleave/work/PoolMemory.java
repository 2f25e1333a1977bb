package io.cleave.work;

import io.cleave.channel.Doorbell;
import io.cleave.channel.Ring;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What a pool of worker JVMs shares with its workers: a head, and a slot for each worker.
 *
 * <pre>
 *   the head
 *     0  bell      at which the pool sleeps
 *    64  urgent    int, 1 while each result is wanted at once; written by the pool
 *    68  timed     int, 1 where it matters for how long each item runs; written before there are workers
 *
 *   a slot
 *     0  bell      at which the worker waits for tasks
 *    64  control   bell at which the worker's second thread waits for news
 *   128  index     long, the item begun last, counted within its batch; written by the worker, as up to "ready"
 *   136  since     long, when it was begun, by System.nanoTime()
 *   144  phase     int, one of those below
 *   148  ready     int, 1 once the worker can be woken by the kernel, and can wake
 *   192  table     256 longs: a batch's number times 4, and its state; batch n has place n mod 256
 *  4096  tasks     ring, from the pool
 *   ...  results   ring, to the pool
 * </pre>
 *
 * A batch belongs to whoever changes its state from {@link #QUEUED}: the worker to {@link #TAKEN}, or the pool to
 * {@link #RECALLED}, which may then give it to another worker. The pool may ask for the rest of a batch that was taken, by
 * {@link #CUT}. So a batch in the ring of a worker that is busy or dead is
 * never begun twice, and the pool knows which have been begun.
 */
public final class PoolMemory {
    /** Bytes of the head, and of what stands before a slot's rings. */
    public static final int HEAD_BYTES = 4096;
    /** Bytes of one ring. */
    public static final int RING_BYTES = 1 << 20;
    /** Bytes of one slot. */
    public static final long SLOT_BYTES = (HEAD_BYTES + 2 * Ring.bytesFor(RING_BYTES) + HEAD_BYTES - 1) / HEAD_BYTES
            * HEAD_BYTES;
    /** How many batches can be in one worker's hands. */
    public static final int PLACES = 256;

    /** A batch's state: in the ring. */
    public static final int QUEUED = 1;
    /** A batch's state: the worker has begun it. */
    public static final int TAKEN = 2;
    /** A batch's state: the worker is to pass over it. */
    public static final int RECALLED = 3;
    /** A batch's state: the worker has begun it, and is to end it behind the item that it is at. */
    public static final int CUT = 0;

    /** Exit code of a worker that found its pool gone. */
    public static final int EXIT_ORPHANED = 90;
    /** Exit code of a worker that could not find what it shares with its pool. */
    public static final int EXIT_UNCONNECTED = 93;
    /** Exit code of a worker that could not report what went wrong. */
    public static final int EXIT_BROKEN = 97;

    /** The worker's phase: the JVM starts. */
    public static final int BOOTING = 0;
    /** The worker's phase: the initializer runs. */
    public static final int INITIALIZING = 1;
    /** The worker's phase: it waits for tasks. */
    public static final int IDLE = 2;
    /** The worker's phase: a task is deserialised. */
    public static final int DECODING = 3;
    /** The worker's phase: a task runs. */
    public static final int RUNNING = 4;
    /** The worker's phase: a result is serialised. */
    public static final int ENCODING = 5;

    private static final int URGENT = 64;
    private static final int TIMED = 68;
    private static final int INDEX = 128;
    private static final int SINCE = 136;
    private static final int PHASE = 144;
    private static final int READY = 148;
    private static final int TABLE = 192;

    // Of buffers rather than of segments, as those take a worker JVM milliseconds to load.
    private static final VarHandle LONG = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.nativeOrder());
    private static final VarHandle INT = MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.nativeOrder());

    private PoolMemory() {
    }

    /**
     * What a pool takes.
     *
     * @param workers how many there can be
     * @return bytes
     */
    public static long bytesFor(int workers) {
        return HEAD_BYTES + workers * SLOT_BYTES;
    }

    /**
     * Where a slot begins.
     *
     * @param number the slot's number, from 0
     * @return bytes from the beginning
     */
    public static long slotAt(int number) {
        return HEAD_BYTES + number * SLOT_BYTES;
    }

    /** What all workers look at. */
    public static final class Head {
        private final ByteBuffer memory;

        /**
         * The head at a place.
         *
         * @param memory its bytes
         */
        public Head(ByteBuffer memory) {
            this.memory = memory;
        }

        /**
         * The pool's bell.
         *
         * @return the bell
         */
        public Doorbell bell() {
            return new Doorbell(memory.slice(0, (int) Doorbell.BYTES));
        }

        /**
         * Says whether each result is wanted at once.
         *
         * @param isUrgent whether somebody waits for the next one
         */
        public void urgent(boolean isUrgent) {
            INT.setOpaque(memory, URGENT, isUrgent ? 1 : 0);
        }

        /**
         * Whether each result is wanted at once. A hint: who reads an old value makes a result some milliseconds late.
         *
         * @return what the pool said
         */
        public boolean isUrgent() {
            return (int) INT.getOpaque(memory, URGENT) != 0;
        }

        /** Says that it matters for how long each item runs. To be called before the first worker starts. */
        public void timed() {
            INT.setRelease(memory, TIMED, 1);
        }

        /**
         * Whether it matters for how long each item runs, so that the worker must look at the clock for each.
         *
         * @return what the pool said
         */
        public boolean isTimed() {
            return (int) INT.getAcquire(memory, TIMED) != 0;
        }
    }

    /** What one worker shares with the pool. */
    public static final class Slot {
        private final ByteBuffer memory;

        /**
         * The slot at a place.
         *
         * @param memory its bytes
         */
        public Slot(ByteBuffer memory) {
            this.memory = memory;
        }

        /** Makes the slot fresh for a worker to come. Nobody may be using it. */
        public void reset() {
            for (int at = 0; at < HEAD_BYTES; at += Long.BYTES) {
                memory.putLong(at, 0);
            }
            tasks().reset();
            results().reset();
        }

        /**
         * The bell at which the worker waits for tasks.
         *
         * @return the bell
         */
        public Doorbell bell() {
            return new Doorbell(memory.slice(0, (int) Doorbell.BYTES));
        }

        /**
         * The bell at which the worker's second thread waits.
         *
         * @return the bell
         */
        public Doorbell control() {
            return new Doorbell(memory.slice((int) Doorbell.BYTES, (int) Doorbell.BYTES));
        }

        /**
         * The ring of tasks.
         *
         * @return the ring
         */
        public Ring tasks() {
            return new Ring(memory.slice(HEAD_BYTES, (int) Ring.bytesFor(RING_BYTES)), RING_BYTES);
        }

        /**
         * The ring of results.
         *
         * @return the ring
         */
        public Ring results() {
            return new Ring(memory.slice(HEAD_BYTES + (int) Ring.bytesFor(RING_BYTES), (int) Ring.bytesFor(RING_BYTES)),
                    RING_BYTES);
        }

        /**
         * The worker begins an item.
         *
         * @param index its place in the batch
         * @param now a moment of {@link System#nanoTime()}
         */
        public void begin(long index, long now) {
            LONG.setOpaque(memory, SINCE, now);
            LONG.setRelease(memory, INDEX, index); // SYNC: slot-index
        }

        /**
         * The item begun last.
         *
         * @return its place in its batch
         */
        public long index() {
            return (long) LONG.getAcquire(memory, INDEX); // SYNC: slot-index
        }

        /**
         * When the item begun last was begun.
         *
         * @return a moment of {@link System#nanoTime()}
         */
        public long since() {
            return (long) LONG.getOpaque(memory, SINCE);
        }

        /**
         * The worker enters a phase.
         *
         * @param phase which
         */
        public void phase(int phase) {
            INT.setRelease(memory, PHASE, phase);
        }

        /**
         * What the worker does.
         *
         * @return its phase
         */
        public int phase() {
            return (int) INT.getAcquire(memory, PHASE);
        }

        /** The worker can be woken by the kernel from now on. */
        public void ready() {
            INT.setRelease(memory, READY, 1);
        }

        /**
         * Whether the worker can be woken by the kernel.
         *
         * @return whether it has said so
         */
        public boolean isReady() {
            return (int) INT.getAcquire(memory, READY) != 0;
        }

        private static int place(long batch) {
            return TABLE + (int) (batch & (PLACES - 1)) * Long.BYTES;
        }

        /**
         * A batch is about to be put into the ring.
         *
         * @param batch its number
         */
        public void queued(long batch) {
            LONG.setRelease(memory, place(batch), batch << 2 | QUEUED); // SYNC: batch-state
        }

        /**
         * Makes a queued batch one's own.
         *
         * @param batch its number
         * @param state {@link #TAKEN} or {@link #RECALLED}
         * @return false where the other side was first
         */
        public boolean claim(long batch, int state) {
            return LONG.compareAndSet(memory, place(batch), batch << 2 | QUEUED, batch << 2 | state); // SYNC: batch-state
        }

        /**
         * Asks that a batch be interrupted which the worker has taken.
         *
         * @param batch its number
         */
        public void interrupt(long batch) {
            LONG.setRelease(memory, place(batch), batch << 2 | RECALLED); // SYNC: batch-state
        }

        /**
         * Asks that a batch that the worker has taken end behind the item that it is at.
         *
         * @param batch its number
         * @return false where the worker has not taken it
         */
        public boolean cut(long batch) {
            return LONG.compareAndSet(memory, place(batch), batch << 2 | TAKEN, batch << 2 | CUT);
        }

        /**
         * Whether a batch that was taken is to end behind the item that the worker is at. A hint: it is seen a little later.
         *
         * @param batch its number
         * @return whether the pool has asked for it
         */
        public boolean isCut(long batch) {
            return (long) LONG.getOpaque(memory, place(batch)) == (batch << 2 | CUT);
        }

        /**
         * Whether a batch that was taken is to be interrupted.
         *
         * @param batch its number
         * @return whether the pool has asked for it
         */
        public boolean isInterrupted(long batch) {
            return (long) LONG.getAcquire(memory, place(batch)) == (batch << 2 | RECALLED); // SYNC: batch-state
        }
    }
}
