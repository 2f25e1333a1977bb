package io.cleave.heap;

import io.cleave.HeapFullException;
import io.cleave.os.Signals;
import io.cleave.testing.ForkedChild;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Forked processes that allocate, link, move and free blocks in one heap, one of which is killed every moment and another
 * stopped for a while; between, and in the end, all blocks have the content that they should, and no byte is lost.
 *
 * <p>
 * The structure is a table of slots of 64 bytes: lock, block, stamp, count. A block is full of its stamp.
 */
@SuppressWarnings("SystemOut")
public final class HeapTorture {
    private static final int SLOTS = 64;
    private static final int SLOT_BYTES = 64;
    private static final int WORKERS = 6;
    private static final long MAXIMUM = 6 << 20;
    private static final long DEADLINE_NANOS = 120_000_000_000L;
    private static final int KILLS_PER_COLLECTION = 64;
    private static final int KILLS_PER_VERIFY = 25;

    private final TestSpace space;
    private final Heap heap;
    private final long tableAt;
    private final ForkedChild[] workers = new ForkedChild[WORKERS];

    private HeapTorture(TestSpace space) {
        this.space = space;
        Heap.format(space, 42);
        this.heap = Heap.attach(space);
        this.tableAt = makeTable(heap);
    }

    static long makeTable(Heap heap) {
        try (Change change = heap.change()) {
            long table = change.allocateZeroed(SLOTS * SLOT_BYTES);
            change.set(heap.rootAt(0), table);
            change.commit();
            return table;
        }
    }

    /** Argument: how many are to be killed. */
    public static void main(String[] arguments) throws Exception {
        try (TestSpace space = new TestSpace(MAXIMUM)) {
            new HeapTorture(space).run(Integer.parseInt(arguments[0]), new Random(Long.parseLong(arguments[1])));
        }
    }

    private void run(int kills, Random random) {
        for (int i = 0; i < 200; i++) { // so that children find loaded what they need
            work(heap, tableAt, random);
        }
        verify();
        ForkedChild.gather();
        long end = System.nanoTime() + DEADLINE_NANOS;
        try {
            for (int i = 0; i < WORKERS; i++) {
                workers[i] = fork(random.nextLong());
            }
            for (int kill = 1; kill <= kills; kill++) {
                LockSupport.parkNanos(1_000_000 + random.nextInt(8_000_000));
                if (random.nextInt(8) == 0) {
                    stopForAWhile(workers[random.nextInt(WORKERS)], random);
                }
                if (kill % KILLS_PER_COLLECTION == 0) {
                    ForkedChild.gather();
                }
                int victim = random.nextInt(WORKERS);
                end(workers[victim]);
                workers[victim] = fork(random.nextLong());
                if (kill % KILLS_PER_VERIFY == 0) {
                    verify();
                }
                if (System.nanoTime() > end) {
                    throw new AssertionError("stuck: " + kill + " kills took too long");
                }
            }
        } finally {
            for (ForkedChild worker : workers) {
                end(worker);
            }
        }
        verify();
        long counts = 0;
        for (int i = 0; i < SLOTS; i++) {
            counts += heap.memory().getPlain(slotAt(tableAt, i) + 24);
            replace(heap, tableAt, i, 0, 0);
        }
        HeapReport report = verify();
        System.out.println("changes " + counts + ", kills " + kills + ", " + report);
        if (report.usedBytes() != heap.sizeOf(tableAt)) {
            throw new AssertionError("everything was freed, and " + report.usedBytes() + " bytes are in use");
        }
    }

    private static void stopForAWhile(ForkedChild worker, Random random) {
        Signals.kill(worker.pid(), Signals.SIGSTOP);
        LockSupport.parkNanos(random.nextInt(30_000_000));
        Signals.kill(worker.pid(), Signals.SIGCONT);
    }

    private static void end(@Nullable ForkedChild worker) {
        if (worker != null) {
            worker.kill();
            if (!worker.wasKilled()) {
                throw new AssertionError("a worker ended by itself");
            }
        }
    }

    private ForkedChild fork(long seed) {
        return ForkedChild.start(ForkedChild.NEVER, () -> {
            Heap own = Heap.attach(space);
            Random random = new Random(seed);
            while (true) {
                work(own, tableAt, random);
            }
        });
    }

    private static long slotAt(long tableAt, int slot) {
        return tableAt + (long) slot * SLOT_BYTES;
    }

    static void work(Heap heap, long tableAt, RandomGenerator random) {
        int slot = random.nextInt(SLOTS);
        try {
            if (random.nextInt(8) == 0) {
                swap(heap, tableAt, slot, random.nextInt(SLOTS));
            } else {
                long bytes = 16 + (long) Math.exp(random.nextDouble() * Math.log(200_000));
                replace(heap, tableAt, slot, bytes, random.nextLong() | 1);
            }
        } catch (HeapFullException e) {
            replace(heap, tableAt, slot, 0, 0);
        }
    }

    private static void check(Heap heap, long slotAt) {
        long block = heap.memory().getPlain(slotAt + 8);
        long stamp = heap.memory().getPlain(slotAt + 16);
        if (block == 0) {
            return;
        }
        long size = heap.sizeOf(block);
        for (long at = 0; at < size; at += at < 256 ? 8 : 1024) {
            if (heap.memory().getPlain(block + at) != stamp) {
                throw new AssertionError("the block at " + block + " has " + heap.memory().getPlain(block + at) + " at "
                        + at + ", not " + stamp);
            }
        }
    }

    private static void replace(Heap heap, long tableAt, int slot, long bytes, long stamp) {
        long slotAt = slotAt(tableAt, slot);
        heap.locks().lock(slotAt);
        try (Change change = heap.change()) {
            check(heap, slotAt);
            long old = change.get(slotAt + 8);
            long block = 0;
            if (bytes > 0) {
                block = change.allocate(bytes);
                long size = heap.sizeOf(block);
                for (long at = 0; at < size; at += 8) {
                    heap.memory().setPlain(block + at, stamp);
                    at += at < 256 ? 0 : 1024 - 8;
                }
            }
            change.set(slotAt + 8, block);
            change.set(slotAt + 16, stamp);
            change.set(slotAt + 24, change.get(slotAt + 24) + 1);
            if (old != 0) {
                change.free(old);
            }
            change.commit();
        } finally {
            heap.locks().unlock(slotAt);
        }
    }

    private static void swap(Heap heap, long tableAt, int one, int other) {
        if (one == other) {
            return;
        }
        long first = slotAt(tableAt, Math.min(one, other));
        long second = slotAt(tableAt, Math.max(one, other));
        heap.locks().lock(first);
        try {
            heap.locks().lock(second);
            try (Change change = heap.change()) {
                for (int word = 8; word <= 16; word += 8) {
                    long kept = change.get(first + word);
                    change.set(first + word, change.get(second + word));
                    change.set(second + word, kept);
                }
                change.commit();
                check(heap, first);
                check(heap, second);
            } finally {
                heap.locks().unlock(second);
            }
        } finally {
            heap.locks().unlock(first);
        }
    }

    private HeapReport verify() {
        return verify(heap, tableAt);
    }

    static HeapReport verify(Heap heap, long tableAt) {
        HeapReport report = heap.verify(check -> {
            long _ = check.reached(tableAt);
            for (int i = 0; i < SLOTS; i++) {
                long block = heap.memory().getPlain(slotAt(tableAt, i) + 8);
                if (block != 0 && check.reached(block) > 0) {
                    check(heap, slotAt(tableAt, i));
                }
            }
        });
        if (!report.isSound()) {
            throw new AssertionError(report.toString());
        }
        return report;
    }
}
