package io.cleave.bench.objects;

import io.cleave.HeapFullException;
import io.cleave.objects.SharedHeap;
import io.cleave.objects.SharedList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** A list to whose end all add, one element or some, and whose first is removed when it has become long. */
final class ListPassage implements Ordeal {
    private static final int LONG = 600;
    private static final int SOME = 3;

    private final TortureBoard board;
    private final SharedList<long[]> list;
    private final Deliveries deliveries;

    ListPassage(TortureBoard board, SharedHeap heap) {
        this.board = board;
        this.list = heap.list(name(), long[].class);
        this.deliveries = new Deliveries(board, name(), true);
    }

    @Override
    public String name() {
        return "list that is passed";
    }

    @Override
    public void step(int worker, SplittableRandom random) {
        switch (random.nextInt(16)) {
            case 0 -> {
                if (random.nextInt(20) == 0) {
                    look();
                }
            }
            case 1, 2, 3, 4 -> lookAtOne(random.nextInt(LONG));
            case 5, 6, 7, 8, 9 -> {
                if (list.size() > LONG) {
                    remove(worker);
                } else {
                    add(worker, random.nextInt(3) == 0 ? SOME : 1);
                }
            }
            default -> {
                if (list.size() <= 2 * LONG) {
                    add(worker, 1);
                }
            }
        }
    }

    private void add(int worker, int count) {
        List<long[]> elements = deliveries.next(worker, count);
        if (elements.isEmpty()) {
            return;
        }
        try {
            boolean _ = count == 1 ? list.add(elements.getFirst()) : list.addAll(elements);
            deliveries.put(elements, count);
        } catch (HeapFullException e) {
            board.increment(TortureBoard.FULL); // of several the first ones may be there
        }
    }

    private void remove(int worker) {
        deliveries.beginTaking(worker, 1);
        try {
            deliveries.taken(worker, list.removeFirst());
        } catch (HeapFullException e) {
            board.increment(TortureBoard.FULL);
        }
        deliveries.endTaking(worker);
    }

    private void lookAtOne(int index) {
        try {
            boolean _ = deliveries.isSound(list.get(index));
        } catch (IndexOutOfBoundsException e) {
            if (deliveries.begun(0) > 2 * LONG) {
                board.violation(name() + ": " + e.getMessage()); // for it has become long, and is never short again
            }
        }
    }

    private void look() {
        deliveries.look(Arrays.asList(list.toArray(new long[0][])), true);
    }

    @Override
    public void checkAll() {
        look();
        long[][] left = list.toArray(new long[0][]);
        if (left.length != list.size()) {
            board.violation(name() + ": its size is " + list.size() + ", and " + left.length + " elements came");
        }
        deliveries.checkAll(Arrays.asList(left));
        list.clear();
    }
}
