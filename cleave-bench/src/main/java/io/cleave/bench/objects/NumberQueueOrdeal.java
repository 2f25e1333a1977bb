package io.cleave.bench.objects;

import io.cleave.objects.SharedHeap;
import io.cleave.objects.SharedLongQueue;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/** A queue of numbers, each of which names the worker that has put it. All put and take, one or some at a time, and look. */
final class NumberQueueOrdeal implements Ordeal {
    private static final int CAPACITY = 60;
    private static final int SOME = 3;
    /** For so many steps of a worker the queue rather fills, then it rather empties. */
    private static final int TIDE = 512;

    private final TortureBoard board;
    private final SharedLongQueue queue;
    private final Deliveries deliveries;

    NumberQueueOrdeal(TortureBoard board, SharedHeap heap) {
        this.board = board;
        this.queue = heap.longQueue(name(), CAPACITY);
        this.deliveries = new Deliveries(board, name(), true);
    }

    @Override
    public String name() {
        return "numbers";
    }

    private static long number(long[] element) {
        return (long) Deliveries.worker(element) << Integer.SIZE | Deliveries.number(element);
    }

    /** What is no number that was put comes out as an element that was not put either. */
    private static long[] element(long number) {
        return Deliveries.element((int) (number >>> Integer.SIZE), number & 0xffff_ffffL);
    }

    private static List<long[]> elements(long... numbers) {
        return Arrays.stream(numbers).mapToObj(NumberQueueOrdeal::element).toList();
    }

    @Override
    public void step(int worker, SplittableRandom random) {
        boolean isFilling = board.get(TortureBoard.STEPS + worker) / TIDE % 2 == 0;
        try {
            if (random.nextInt(16) == 0) {
                deliveries.look(elements(queue.toArray()), false);
                queue.peek().ifPresent(number -> deliveries.look(elements(number), false));
            } else if (random.nextInt(8) < (isFilling ? 5 : 3)) {
                put(worker, random);
            } else {
                take(worker, random);
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private void put(int worker, SplittableRandom random) throws InterruptedException {
        int way = random.nextInt(8);
        List<long[]> elements = deliveries.next(worker, way < 2 ? SOME : 1);
        if (!elements.isEmpty()) {
            long[] numbers = elements.stream().mapToLong(NumberQueueOrdeal::number).toArray();
            deliveries.put(elements, way < 2 ? queue.offerAll(numbers) : put(numbers[0], way == 2) ? 1 : 0);
        }
    }

    private boolean put(long number, boolean mayWait) throws InterruptedException {
        return mayWait ? queue.offer(number, 1, TimeUnit.MILLISECONDS) : queue.offer(number);
    }

    private void take(int worker, SplittableRandom random) throws InterruptedException {
        int way = random.nextInt(8);
        deliveries.beginTaking(worker, way < 2 ? SOME : 1);
        if (way < 2) {
            long[] taken = new long[SOME];
            int count = queue.drainTo(taken);
            elements(Arrays.copyOf(taken, count)).forEach(element -> deliveries.taken(worker, element));
        } else if (way == 2) {
            queue.poll(1, TimeUnit.MILLISECONDS).ifPresent(number -> deliveries.taken(worker, element(number)));
        } else {
            long number = queue.pollOrElse(-1);
            if (number != -1) {
                deliveries.taken(worker, element(number));
            }
        }
        deliveries.endTaking(worker);
    }

    @Override
    public void checkAll() {
        deliveries.look(elements(queue.toArray()), false);
        int size = queue.size();
        long[] all = new long[CAPACITY + 1];
        List<long[]> left = elements(Arrays.copyOf(all, queue.drainTo(all)));
        if (left.size() != size || !queue.isEmpty()) {
            board.violation(name() + ": its size was " + size + ", and " + left.size() + " were drained");
        }
        deliveries.checkAll(left);
    }
}
