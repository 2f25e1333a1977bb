package io.cleave.bench.objects;

import io.cleave.HeapFullException;
import io.cleave.objects.SharedHeap;
import io.cleave.objects.SharedQueue;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/**
 * A queue or stack. All put and take, one or some at a time, take their own out of the middle, and look. Another one beside it
 * is emptied by the workers' parent, which is not killed: of what is put there nothing at all may be lost.
 */
final class QueueOrdeal implements Ordeal {
    private static final int CAPACITY = 60;
    private static final int SOME = 3;
    private static final int LATEST = 20;
    /** For so many steps of a worker the queue rather fills, then it rather empties. */
    private static final int TIDE = 512;

    private final TortureBoard board;
    private final SharedQueue<long[]> queue;
    private final Deliveries deliveries;
    private final SharedQueue<long[]> emptied;
    private final Deliveries arrivals;
    private final boolean isStack;

    QueueOrdeal(TortureBoard board, SharedHeap heap, boolean isStack) {
        this.board = board;
        this.isStack = isStack;
        this.queue = make(heap, name(), CAPACITY);
        this.deliveries = new Deliveries(board, name(), !isStack);
        this.emptied = make(heap, name() + " that is emptied", 4 * CAPACITY);
        this.arrivals = new Deliveries(board, name() + " that is emptied", !isStack);
    }

    private SharedQueue<long[]> make(SharedHeap heap, String name, int capacity) {
        return isStack ? heap.stack(name, long[].class, capacity) : heap.queue(name, long[].class, capacity);
    }

    @Override
    public String name() {
        return isStack ? "stack" : "queue";
    }

    @Override
    public void step(int worker, SplittableRandom random) {
        boolean isFilling = board.get(TortureBoard.STEPS + worker) / TIDE % 2 == 0;
        switch (random.nextInt(20)) {
            case 0 -> deliveries.look(queue, false);
            case 1 -> takeOut(worker, deliveries.begun(worker) - random.nextInt(LATEST));
            case 2, 3, 4 -> put(emptied, arrivals, worker, random);
            default -> {
                try {
                    if (random.nextInt(8) < (isFilling ? 5 : 3)) {
                        put(queue, deliveries, worker, random);
                    } else {
                        take(worker, random);
                    }
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }
        }
    }

    private void put(SharedQueue<long[]> target, Deliveries noted, int worker, SplittableRandom random) {
        boolean isOne = random.nextInt(4) > 0;
        List<long[]> elements = noted.next(worker, isOne ? 1 : SOME);
        if (elements.isEmpty()) {
            return;
        }
        try {
            noted.put(elements, isOne ? put(target, elements.getFirst(), random) : target.offerAll(elements));
        } catch (HeapFullException e) {
            board.increment(TortureBoard.FULL); // of several the first ones may be there
        }
    }

    private int put(SharedQueue<long[]> target, long[] element, SplittableRandom random) {
        try {
            boolean isPut = random.nextInt(4) > 0 ? target.offer(element)
                    : target.offer(element, 1, TimeUnit.MILLISECONDS);
            return isPut ? 1 : 0;
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private void take(int worker, SplittableRandom random) throws InterruptedException {
        int way = random.nextInt(8);
        deliveries.beginTaking(worker, way == 0 ? SOME : 1);
        if (way == 0) {
            List<long[]> taken = new ArrayList<>();
            int _ = queue.drainTo(taken, SOME);
            taken.forEach(element -> deliveries.taken(worker, element));
        } else {
            long[] taken = way == 1 ? queue.poll(1, TimeUnit.MILLISECONDS) : queue.poll();
            if (taken != null) {
                deliveries.taken(worker, taken);
            }
        }
        deliveries.endTaking(worker);
    }

    /** Takes an element of the worker's own out of wherever it is. */
    private void takeOut(int worker, long number) {
        if (!deliveries.mayBeThere(worker, number)) {
            return;
        }
        long[] element = Deliveries.element(worker, number);
        deliveries.beginTaking(worker, 1);
        if (queue.remove(element)) {
            boolean _ = deliveries.takenOut(element);
        }
        deliveries.endTaking(worker);
    }

    @Override
    public void between() {
        List<long[]> taken = new ArrayList<>();
        int _ = emptied.drainTo(taken);
        taken.forEach(element -> arrivals.taken(Deliveries.SURVIVOR, element));
    }

    @Override
    public void checkAll() {
        checkAll(queue, deliveries);
        checkAll(emptied, arrivals);
    }

    private void checkAll(SharedQueue<long[]> any, Deliveries noted) {
        noted.look(any, false);
        int size = any.size();
        List<long[]> left = new ArrayList<>();
        int count = any.drainTo(left);
        if (count != size || left.size() != size || !any.isEmpty()) {
            board.violation(name() + ": its size was " + size + ", and " + count + " were drained");
        }
        noted.checkAll(left);
    }
}
