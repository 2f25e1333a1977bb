package io.cleave.bench.objects;

import io.cleave.objects.SharedHeap;
import io.cleave.objects.SharedLongQueue;
import io.cleave.objects.SharedQueue;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/** Queues of short and long elements, of arrays of bytes, of numbers, and a stack. */
final class FuzzedQueues implements Fuzzed {
    private static final int CAPACITY = 100;
    private static final int THERE = 60;

    private static SharedQueue<String> texts(SharedHeap heap) {
        return heap.queue("texts in line", String.class, CAPACITY);
    }

    private static SharedQueue<byte[]> bytes(SharedHeap heap) {
        return heap.queue("bytes", byte[].class, 2 * CAPACITY);
    }

    private static SharedQueue<String> pile(SharedHeap heap) {
        return heap.stack("pile", String.class, CAPACITY);
    }

    private static SharedLongQueue longs(SharedHeap heap) {
        return heap.longQueue("longs in line", CAPACITY);
    }

    private static String text(int number) {
        return number % 4 == 1 ? "long ".repeat(20 + number % 60) : "text " + number;
    }

    @Override
    public void fill(SharedHeap heap) {
        for (SharedQueue<String> each : List.of(texts(heap), pile(heap))) {
            for (int i = 0; i < 2 * CAPACITY + THERE; i++) {
                boolean _ = each.offer(text(i));
                if (i >= THERE) {
                    String _ = each.poll();
                }
            }
            boolean _ = each.remove(text(2 * CAPACITY + THERE / 2));
        }
        for (int i = 0; i < CAPACITY; i++) {
            boolean _ = bytes(heap).offer(new byte[3 * i]);
        }
        boolean _ = heap.queue("numbers", Long.class, 3).offer(1L);
        int _ = longs(heap).offerAll(new long[THERE]);
        int _ = longs(heap).drainTo(new long[THERE / 2]);
        int _ = longs(heap).offerAll(new long[CAPACITY]);
        boolean _ = heap.intQueue("ints in line", 3).offer(1) && heap.doubleQueue("doubles in line", 3).offer(1.5);
    }

    private static SharedQueue<String> any(SharedHeap heap, SplittableRandom random) {
        return random.nextInt(3) > 0 ? texts(heap) : pile(heap);
    }

    @Override
    public void read(SharedHeap heap, SplittableRandom random) {
        switch (random.nextInt(8)) {
            case 0, 1 -> Fuzzed.countAll(any(heap, random));
            case 2 -> {
                int _ = any(heap, random).remainingCapacity();
            }
            case 3 -> {
                String _ = any(heap, random).peek();
            }
            case 4 -> {
                boolean _ = any(heap, random).contains(text(random.nextInt(3 * CAPACITY)));
            }
            case 5 -> {
                long[] _ = longs(heap).toArray();
                int _ = longs(heap).size();
            }
            case 6 -> {
                boolean _ = heap.intQueue("ints in line", 3).peek().isPresent()
                        && heap.doubleQueue("doubles in line", 3).peek().isPresent();
            }
            default -> Fuzzed.countAll(bytes(heap));
        }
    }

    @Override
    public void write(SharedHeap heap, SplittableRandom random) {
        SharedQueue<String> queue = any(heap, random);
        switch (random.nextInt(15)) {
            case 0 -> {
                for (int i = 0; i < CAPACITY; i++) {
                    boolean _ = queue.offer(text(random.nextInt(3 * CAPACITY)));
                }
            }
            case 1 -> {
                for (int i = 0; i < CAPACITY; i++) {
                    String _ = queue.poll();
                }
            }
            case 2 -> waiting(queue, random);
            case 3 -> {
                int _ = queue.drainTo(new ArrayList<>(), random.nextInt(1, 2 * CAPACITY));
            }
            case 4 -> {
                int _ = queue.offerAll(List.of(text(1), text(2), text(3)));
            }
            case 5, 6 -> {
                boolean _ = queue.remove(text(random.nextInt(3 * CAPACITY)));
            }
            case 7 -> {
                boolean _ = queue.removeIf(text -> text.length() % 2 == 0);
            }
            case 8 -> queue.clear();
            case 9 -> {
                byte[] _ = bytes(heap).poll();
                boolean _ = bytes(heap).offer(new byte[random.nextInt(2000)]);
            }
            case 10 -> {
                boolean _ = heap.queue("numbers", Long.class, 3).offer(2L);
                Long _ = heap.queue("numbers", Long.class, 3).poll();
            }
            case 11, 12 -> numbers(heap, random);
            case 13 -> {
                boolean _ = heap.drop("longs in line");
            }
            default -> {
                boolean _ = heap.drop(random.nextBoolean() ? "texts in line" : random.nextBoolean() ? "pile" : "bytes");
            }
        }
    }

    private static void numbers(SharedHeap heap, SplittableRandom random) {
        SharedLongQueue longs = longs(heap);
        switch (random.nextInt(5)) {
            case 0 -> {
                int _ = longs.offerAll(new long[random.nextInt(2 * CAPACITY)]);
            }
            case 1 -> {
                int _ = longs.drainTo(new long[random.nextInt(2 * CAPACITY)]);
            }
            case 2 -> {
                for (int i = 0; i < CAPACITY; i++) {
                    long _ = longs.offer(i) ? 0 : longs.pollOrElse(0);
                }
            }
            case 3 -> longs.clear();
            default -> {
                boolean _ = heap.intQueue("ints in line", 3).offer(2);
                boolean _ = heap.doubleQueue("doubles in line", 3).poll().isPresent();
            }
        }
    }

    private static void waiting(SharedQueue<String> queue, SplittableRandom random) {
        try {
            boolean _ = queue.offer(text(random.nextInt(3 * CAPACITY)), 1, TimeUnit.MICROSECONDS);
            String _ = queue.poll(1, TimeUnit.MICROSECONDS);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
