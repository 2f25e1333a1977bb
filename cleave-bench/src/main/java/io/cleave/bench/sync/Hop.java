package io.cleave.bench.sync;

import io.cleave.sync.SharedAtomicLong;
import io.cleave.sync.SharedEvent;
import io.cleave.sync.SharedSemaphore;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.ManyToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.OneToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;

/** One direction between two processes, in which one tells the other to go on. */
interface Hop {
    /** What any of them needs for one direction, and any section. */
    long REGION_BYTES = 1 << 17;

    /** Tells the other side to go on, for the nth time, from 1. */
    void send(long n);

    /** Waits until told for the nth time. */
    void receive(long n);

    /**
     * The direction of a subject that lies in some memory.
     *
     * @param way whose
     * @param memory zeroes, or what the leading side has made
     * @param leads whether to make what has to be made once
     */
    static Hop of(String way, MemorySegment memory, boolean leads) {
        return switch (way) {
            case "spin" -> new Spin(memory);
            case "atomic" -> new Atomic(SharedAtomicLong.at(memory));
            case "agrona-one-to-one" -> new Ring(new OneToOneRingBuffer(Ring.buffer(memory)));
            case "agrona-many-to-one" -> new Ring(new ManyToOneRingBuffer(Ring.buffer(memory)));
            case "event" -> new Event(SharedEvent.at(memory));
            case "semaphore" -> new CleaveSemaphore(SharedSemaphore.at(memory, 0));
            case "glibc-semaphore" -> new LibcSemaphore(Section.libcSemaphore(memory, 0, leads));
            case "futex" -> new Sleep(memory.asSlice(0, Integer.BYTES));
            default -> throw new IllegalArgumentException(way);
        };
    }

    /** The least that spins: a word, written by the one and looked at by the other. */
    record Spin(MemorySegment word) implements Hop {
        private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

        @Override
        public void send(long n) {
            LONG.setRelease(word, 0L, n);
        }

        @Override
        public void receive(long n) {
            while ((long) LONG.getAcquire(word, 0L) != n) {
                Thread.onSpinWait();
            }
        }
    }

    /** The same by {@link SharedAtomicLong}. */
    record Atomic(SharedAtomicLong word) implements Hop {
        @Override
        public void send(long n) {
            word.setRelease(n);
        }

        @Override
        public void receive(long n) {
            while (word.getAcquire() != n) {
                Thread.onSpinWait();
            }
        }
    }

    /** A message of 8 bytes through a ring of Agrona's. */
    final class Ring implements Hop {
        private static final int CAPACITY = 1 << 16;
        private static final int TYPE = 1;

        private final RingBuffer ring;
        private final UnsafeBuffer message = new UnsafeBuffer(new byte[Long.BYTES]);
        private long received;

        Ring(RingBuffer ring) {
            this.ring = ring;
        }

        static UnsafeBuffer buffer(MemorySegment memory) {
            return new UnsafeBuffer(memory.address(), CAPACITY + RingBufferDescriptor.TRAILER_LENGTH);
        }

        @Override
        public void send(long n) {
            message.putLong(0, n);
            if (!ring.write(TYPE, message, 0, Long.BYTES)) {
                throw new IllegalStateException("a ring with one message is full");
            }
        }

        @Override
        public void receive(long n) {
            while (ring.read((_, buffer, index, _) -> received = buffer.getLong(index), 1) == 0) {
                Thread.onSpinWait();
            }
            if (received != n) {
                throw new IllegalStateException("message " + received + " in the place of " + n);
            }
        }
    }

    /** {@link SharedEvent}, cleared by the one who waited. */
    record Event(SharedEvent event) implements Hop {
        @Override
        public void send(long n) {
            event.set();
        }

        @Override
        public void receive(long n) {
            try {
                event.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            event.clear();
        }
    }

    /** {@link SharedSemaphore}, which one releases and the other acquires. */
    record CleaveSemaphore(SharedSemaphore semaphore) implements Hop {
        @Override
        public void send(long n) {
            semaphore.release();
        }

        @Override
        public void receive(long n) {
            semaphore.acquireUninterruptibly();
        }
    }

    /** The C library's semaphore, in the same way. */
    record LibcSemaphore(MemorySegment semaphore) implements Hop {
        @Override
        public void send(long n) {
            Libc.post(semaphore);
        }

        @Override
        public void receive(long n) {
            Libc.acquire(semaphore);
        }
    }

    /** The least that sleeps: a word, changed and woken by the one, slept on by the other. */
    record Sleep(MemorySegment word) implements Hop {
        private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

        @Override
        public void send(long n) {
            INT.setRelease(word, 0L, (int) n);
            Libc.futexWake(word);
        }

        @Override
        public void receive(long n) {
            int seen = (int) INT.getAcquire(word, 0L);
            while (seen != (int) n) {
                Libc.futexWait(word, seen);
                seen = (int) INT.getAcquire(word, 0L);
            }
        }
    }
}
