package io.cleave.bench.objects;

import java.lang.foreign.MemorySegment;
import org.agrona.concurrent.MessageHandler;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.ManyToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.OneToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;

/** Agrona's rings. */
final class AgronaMessages implements Messages {
    private static final int CAPACITY = 1 << 20;
    private static final int TYPE = 1;
    private static final int MOST_AT_ONCE = 64;

    private final RingBuffer ring;
    private final UnsafeBuffer message;
    private long sum;
    private final MessageHandler handler = (_, buffer, index, _) -> sum += buffer.getLong(index);

    AgronaMessages(String way, MemorySegment memory, int bytes) {
        this.message = new UnsafeBuffer(new byte[bytes]);
        UnsafeBuffer buffer = new UnsafeBuffer(memory.address(), CAPACITY + RingBufferDescriptor.TRAILER_LENGTH);
        this.ring = way.equals("agrona") ? new OneToOneRingBuffer(buffer) : new ManyToOneRingBuffer(buffer);
    }

    @Override
    public boolean offer(long number) {
        message.putLong(0, number);
        return ring.write(TYPE, message, 0, message.capacity());
    }

    @Override
    public int poll(int most) {
        return ring.read(handler, Math.min(most, MOST_AT_ONCE));
    }

    @Override
    public long sum() {
        return sum;
    }

    @Override
    public void close() {
    }
}
