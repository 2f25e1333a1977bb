package io.cleave.channel;

import io.cleave.WorkerDiedException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * A ring in shared memory that carries frames of bytes from one producer to one consumer, in any two processes.
 *
 * <h2>Overview</h2>
 *
 * Producer and consumer each own one position and read the other's. A frame is copied into the ring and then published
 * by one release store of the head; the consumer copies all that is published in one go and gives the room back by one
 * release store of the tail. A frame larger than a quarter of the ring travels in pieces. Either side sleeps only where
 * the ring is full or empty; a producer of many small frames rings the consumer's bell when it chooses to, by
 * {@link Producer#flush}, so that no system call is paid for each.
 *
 * <p>
 * Death: whatever a producer had published when it died is whole and can still be taken; what it was copying is never
 * seen. A consumer that dies leaves a ring that fills; the producer notices by the check that it was given, which is
 * asked at least every 100 ms of waiting. After the death of one side {@link #reset} makes the ring fresh for a
 * successor; only who outlives both sides may call it.
 *
 * <p>
 * Memory effects: all that the producer did before it wrote a frame happens-before the consumer's return from
 * {@link Consumer#next} with that frame.
 */
public final class Ring {
    private static final int LONGEST_ARRAY = Integer.MAX_VALUE - 8;

    /** The head and the tail. */
    private final ByteBuffer words;
    private final ByteBuffer data;
    private final int capacity;
    private final Doorbell space;

    /**
     * The ring at a place; zeroes are a fresh one.
     *
     * @param memory native memory of {@link #bytesFor} the capacity, aligned to 8
     * @param capacity bytes of data, a power of two of at least 1 KiB
     */
    public Ring(MemorySegment memory, int capacity) {
        this(memory.asSlice(0, bytesFor(checked(capacity))).asByteBuffer(), capacity,
                new Doorbell(memory.asSlice(RingLayout.SPACE, Doorbell.BYTES)));
    }

    /**
     * The ring at a place, for those who have not loaded what segments need.
     *
     * @param memory native memory of {@link #bytesFor} the capacity, aligned to 8
     * @param capacity bytes of data, a power of two of at least 1 KiB
     */
    public Ring(ByteBuffer memory, int capacity) {
        this(memory, capacity, new Doorbell(memory.slice(RingLayout.SPACE, (int) Doorbell.BYTES)));
    }

    private Ring(ByteBuffer memory, int capacity, Doorbell space) {
        this.capacity = checked(capacity);
        this.words = memory.slice(0, RingLayout.DATA).order(ByteOrder.nativeOrder());
        this.data = memory.slice(RingLayout.DATA, capacity).order(ByteOrder.nativeOrder());
        this.space = space;
    }

    private static int checked(int capacity) {
        if (capacity < 1024 || Integer.bitCount(capacity) != 1) {
            throw new IllegalArgumentException(
                    "a ring's capacity must be a power of two of at least 1,024 bytes, but is "
                            .concat(Integer.toString(capacity)));
        }
        return capacity;
    }

    /**
     * What a ring takes.
     *
     * @param capacity bytes of data
     * @return bytes of memory, a multiple of 64
     */
    public static long bytesFor(int capacity) {
        return (long) RingLayout.DATA + capacity;
    }

    /** Makes the ring empty. Neither side may be using it. */
    public void reset() {
        for (int at = 0; at < RingLayout.DATA; at += Long.BYTES) {
            words.putLong(at, 0);
        }
    }

    /**
     * The producer's side.
     *
     * @param bell rung by {@link Producer#flush}
     * @param consumerLives asked while the ring stays full
     * @return a producer, for one thread
     */
    public Producer producer(Doorbell bell, PeerCheck consumerLives) {
        return new Producer(bell, consumerLives);
    }

    /**
     * The consumer's side.
     *
     * @return a consumer, for one thread at a time
     */
    public Consumer consumer() {
        return new Consumer();
    }

    /** Whether the process at the other end still lives. */
    @FunctionalInterface
    public interface PeerCheck {
        /**
         * Asks.
         *
         * @return false where it is certain that the peer has ended
         */
        boolean lives();

        /** The producer begins to wait for room. */
        default void waitBegins() {
        }

        /** The producer has waited, and goes on. */
        default void waitEnds() {
        }
    }

    /** Writes frames. */
    public final class Producer implements FrameSink {
        private static final long SLICE_NANOS = 100_000_000L;

        private final Doorbell bell;
        private final PeerCheck consumerLives;
        /** Bytes published. */
        private long head;
        /** The consumer's position as last read; what lies behind it is free. */
        private long knownTail;

        Producer(Doorbell bell, PeerCheck consumerLives) {
            this.bell = bell;
            this.consumerLives = consumerLives;
            this.head = RingLayout.headAcquire(words);
            this.knownTail = RingLayout.tailAcquire(words);
        }

        /**
         * Writes a frame, waiting for room where there is none.
         *
         * @param kind what the frame is, 0 to 65,535
         * @param bytes holds the payload
         * @param offset its first byte
         * @param length how many bytes
         * @throws WorkerDiedException where the ring stays full because the consumer has died
         */
        @Override
        public void write(int kind, byte[] bytes, int offset, int length) {
            int most = capacity / 4;
            int at = offset;
            int left = length;
            while (left > most) {
                piece(kind | RingLayout.MORE, bytes, at, most);
                at += most;
                left -= most;
            }
            piece(kind, bytes, at, left);
        }

        /**
         * Writes a frame of 8 bytes or none.
         *
         * @param kind what the frame is, 0 to 65,535
         * @param length 8 or 0
         * @param payload the 8 bytes
         */
        @Override
        public void write(int kind, int length, long payload) {
            awaitRoom(16);
            int at = (int) head & (capacity - 1);
            data.putInt(at, length);
            data.putInt(at + 4, kind);
            int size = RingLayout.FRAME_HEADER + length;
            if (length == 8) {
                data.putLong((int) (head + 8) & (capacity - 1), payload);
            }
            head += size;
            RingLayout.headRelease(words, head); // SYNC: ring-head
        }

        private void piece(int kind, byte[] bytes, int offset, int length) {
            int size = RingLayout.padded(length);
            awaitRoom(size);
            int at = (int) head & (capacity - 1);
            data.putInt(at, length);
            data.putInt(at + 4, kind);
            int to = (int) (head + RingLayout.FRAME_HEADER) & (capacity - 1);
            int first = Math.min(length, capacity - to);
            data.put(to, bytes, offset, first);
            if (first < length) {
                data.put(0, bytes, offset + first, length - first);
            }
            head += size;
            RingLayout.headRelease(words, head); // SYNC: ring-head
        }

        /**
         * Publishes frames that were prepared elsewhere, all at once, if there is room. It never waits.
         *
         * @param frames what was prepared
         * @return false where there is no room for all of them, and nothing was written
         */
        public boolean tryWrite(FrameBuffer frames) {
            int size = frames.size();
            if (head + size - knownTail > capacity) {
                knownTail = RingLayout.tailAcquire(words); // SYNC: ring-tail
                if (head + size - knownTail > capacity) {
                    return false;
                }
            }
            int to = (int) head & (capacity - 1);
            int first = Math.min(size, capacity - to);
            data.put(to, frames.bytes(), 0, first);
            if (first < size) {
                data.put(0, frames.bytes(), first, size - first);
            }
            head += size;
            RingLayout.headRelease(words, head); // SYNC: ring-head
            return true;
        }

        /** Wakes the consumer where it sleeps. */
        public void flush() {
            bell.ring();
        }

        /**
         * Whether more than half of the ring is filled, as far as known.
         *
         * @return true where it is time to {@link #flush}
         */
        public boolean isHalfFull() {
            if (head - knownTail <= capacity / 2) {
                return false;
            }
            knownTail = RingLayout.tailAcquire(words);
            return head - knownTail > capacity / 2;
        }

        private void awaitRoom(int size) {
            if (head + size - knownTail > capacity) {
                awaitRoomSlowly(size);
            }
        }

        private void awaitRoomSlowly(int size) {
            if (hasRoom(size)) {
                return;
            }
            consumerLives.waitBegins();
            try {
                waitForRoom(size);
            } finally {
                consumerLives.waitEnds();
            }
        }

        private boolean hasRoom(int size) {
            knownTail = RingLayout.tailAcquire(words); // SYNC: ring-tail
            return head + size - knownTail <= capacity;
        }

        private void waitForRoom(int size) {
            while (!hasRoom(size)) {
                bell.ring();
                int ticket = space.prepare();
                if (head + size - RingLayout.tailAcquire(words) <= capacity) {
                    space.cancel();
                    continue;
                }
                space.sleep(ticket, System.nanoTime() + SLICE_NANOS);
                if (!consumerLives.lives()) {
                    throw new WorkerDiedException("the process that takes what this one sends has died");
                }
            }
        }
    }

    /**
     * How long an array becomes whose content grows piece by piece: twice as long as it was, as long as there are such arrays.
     *
     * @param length how long it is
     * @param needed how long it must be
     */
    static int grown(int length, int needed) {
        return Math.max(needed, (int) Math.min(2L * length, LONGEST_ARRAY));
    }

    /** Takes frames. The frame's bytes stay as they are until the next call of {@link #next}. */
    public final class Consumer {
        private byte[] batch = new byte[Math.min(capacity, 64 * 1024)];
        private int limit;
        private int position;
        private long tail = RingLayout.tailAcquire(words);

        /** A large frame whose pieces are being put together. */
        private byte[] assembly = new byte[0];
        private int assembled;

        private byte[] bytes = batch;
        private int offset;
        private int length;
        private int kind;

        /**
         * Goes to the next frame.
         *
         * @return false where nothing more is published for now
         */
        public boolean next() {
            while (true) {
                if (position == limit && !fill()) {
                    return false;
                }
                int size = (int) RingValues.ARRAY_INT.get(batch, position);
                int kindAndMore = (int) RingValues.ARRAY_INT.get(batch, position + 4);
                int from = position + RingLayout.FRAME_HEADER;
                position += RingLayout.padded(size);
                boolean more = (kindAndMore & RingLayout.MORE) != 0;
                if (!more && assembled == 0) {
                    return present(kindAndMore, batch, from, size);
                }
                append(from, size);
                if (!more) {
                    int whole = assembled;
                    assembled = 0;
                    return present(kindAndMore, assembly, 0, whole);
                }
            }
        }

        private boolean present(int kindOfFrame, byte[] holder, int from, int size) {
            kind = kindOfFrame & RingLayout.KIND_MASK;
            bytes = holder;
            offset = from;
            length = size;
            return true;
        }

        private void append(int from, int size) {
            if (assembly.length < assembled + size) {
                assembly = Arrays.copyOf(assembly, grown(assembly.length, assembled + size));
            }
            System.arraycopy(batch, from, assembly, assembled, size);
            assembled += size;
        }

        /** Copies all that is published, as far as whole frames fit, and gives its room back. */
        private boolean fill() {
            long head = RingLayout.headAcquire(words); // SYNC: ring-head
            int available = (int) (head - tail);
            if (available == 0) {
                return false;
            }
            if (available > batch.length) {
                batch = new byte[Math.min(capacity, Integer.highestOneBit(available - 1) << 1)];
            }
            int at = (int) tail & (capacity - 1);
            int first = Math.min(available, capacity - at);
            data.get(at, batch, 0, first);
            if (first < available) {
                data.get(0, batch, first, available - first);
            }
            tail = head;
            RingLayout.tailRelease(words, tail); // SYNC: ring-tail
            space.ring();
            position = 0;
            limit = available;
            return true;
        }

        /**
         * Whether {@link #next} would find something.
         *
         * @return true where a frame, or a piece of one, is there
         */
        public boolean isReadable() {
            return position < limit || RingLayout.headAcquire(words) != tail;
        }

        /**
         * What the frame is.
         *
         * @return the kind that the producer gave
         */
        public int kind() {
            return kind;
        }

        /**
         * What holds the frame's payload.
         *
         * @return an array, valid until the next call of {@link #next}
         */
        public byte[] bytes() {
            return bytes;
        }

        /**
         * Where the payload begins.
         *
         * @return the first byte's place in {@link #bytes}
         */
        public int offset() {
            return offset;
        }

        /**
         * The payload's size.
         *
         * @return bytes
         */
        public int length() {
            return length;
        }
    }
}
