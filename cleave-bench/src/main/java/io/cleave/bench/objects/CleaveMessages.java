package io.cleave.bench.objects;

import io.cleave.objects.SharedHeap;
import io.cleave.objects.SharedQueue;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** {@link SharedQueue} of arrays; those who take get an array each. */
final class CleaveMessages implements Messages {
    private static final long HEAP_BYTES = 64 << 20;
    private static final int ROOM_BYTES = 4 << 20;
    private static final int MOST_ELEMENTS = 1 << 14;
    private static final int MOST_AT_ONCE = 64;
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());

    private final SharedHeap heap;
    private final SharedQueue<byte[]> queue;
    private final byte[] message;
    private final List<byte[]> taken = new ArrayList<>(MOST_AT_ONCE);
    private long sum;

    CleaveMessages(String name, int bytes) {
        this.heap = SharedHeap.openOrCreate(name, HEAP_BYTES);
        this.queue = heap.queue("bench", byte[].class, Math.min(MOST_ELEMENTS, ROOM_BYTES / bytes));
        this.message = new byte[bytes];
    }

    @Override
    public boolean offer(long number) {
        LONG.set(message, 0, number);
        return queue.offer(message);
    }

    @Override
    public int poll(int most) {
        if (most == 1) {
            byte[] one = queue.poll();
            sum += one == null ? 0 : (long) LONG.get(one, 0);
            return one == null ? 0 : 1;
        }
        int count = queue.drainTo(taken, Math.min(most, MOST_AT_ONCE));
        for (byte[] one : taken) {
            sum += (long) LONG.get(one, 0);
        }
        taken.clear();
        return count;
    }

    @Override
    public long sum() {
        return sum;
    }

    @Override
    public void close() {
        heap.close();
    }
}
