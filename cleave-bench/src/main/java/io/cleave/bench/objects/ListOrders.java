package io.cleave.bench.objects;

import io.cleave.HeapFullException;
import io.cleave.objects.SharedHeap;
import io.cleave.objects.SharedList;
import java.util.Collections;
import java.util.Comparator;
import java.util.SplittableRandom;

/** A list that is sorted one way and the other: there is no moment at which it is in another order, or has anything else. */
final class ListOrders implements Ordeal {
    /** More than a leaf has. */
    private static final int SIZE = 270;
    /** Every one that is a multiple of this has a block of its own. */
    private static final int LONG = 8;

    private final TortureBoard board;
    private final SharedList<String> list;

    ListOrders(TortureBoard board, SharedHeap heap) {
        this.board = board;
        this.list = heap.list(name(), String.class);
        for (int i = list.size(); i < SIZE; i++) {
            list.add(text(i));
        }
    }

    @Override
    public String name() {
        return "list of orders";
    }

    private static String text(int number) {
        return (char) ('0' + number / 100) + "" + (char) ('0' + number / 10 % 10) + (char) ('0' + number % 10)
                + (number % LONG == 0 ? " in a block" : "");
    }

    @Override
    public void step(int worker, SplittableRandom random) {
        switch (random.nextInt(100)) {
            case 0 -> {
                try {
                    list.sort(random.nextBoolean() ? Comparator.naturalOrder() : Collections.reverseOrder());
                } catch (HeapFullException e) {
                    board.increment(TortureBoard.FULL);
                }
            }
            case 1 -> look();
            default -> {
                int index = random.nextInt(SIZE);
                String text = list.get(index);
                if (!text.equals(text(index)) && !text.equals(text(SIZE - 1 - index))) {
                    board.violation(name() + ": at " + index + " is " + text);
                }
            }
        }
    }

    private void look() {
        Object[] all = list.toArray();
        boolean isUp = all.length > 0 && text(0).equals(all[0]);
        for (int i = 0; i < Math.max(SIZE, all.length); i++) {
            if (i >= all.length || i >= SIZE || !text(isUp ? i : SIZE - 1 - i).equals(all[i])) {
                board.violation(name() + ": at " + i + " of " + all.length + (i < all.length ? " is " + all[i] : ""));
                return;
            }
        }
    }

    @Override
    public void checkAll() {
        look();
        if (list.size() != SIZE) {
            board.violation(name() + ": its size is " + list.size());
        }
    }
}
