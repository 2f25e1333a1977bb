package io.cleave.bench.objects;

import io.cleave.objects.SharedHeap;
import io.cleave.objects.SharedLongQueue;

/** {@link SharedLongQueue}. */
final class CleaveNumbers implements Messages {
    private static final long HEAP_BYTES = 64 << 20;
    private static final int CAPACITY = 1 << 14;
    private static final int MOST_AT_ONCE = 64;
    private static final long NONE = -1;

    private final SharedHeap heap;
    private final SharedLongQueue queue;
    private final long[] taken = new long[MOST_AT_ONCE];
    private long sum;

    CleaveNumbers(String name) {
        this.heap = SharedHeap.openOrCreate(name, HEAP_BYTES);
        this.queue = heap.longQueue("bench", CAPACITY);
    }

    @Override
    public boolean offer(long number) {
        return queue.offer(number);
    }

    @Override
    public int poll(int most) {
        if (most == 1) {
            long one = queue.pollOrElse(NONE);
            sum += one == NONE ? 0 : one;
            return one == NONE ? 0 : 1;
        }
        int count = queue.drainTo(taken, 0, Math.min(most, MOST_AT_ONCE));
        for (int i = 0; i < count; i++) {
            sum += taken[i];
        }
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
