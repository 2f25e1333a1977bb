package io.cleave.bench.objects;

import io.cleave.objects.SharedHeap;
import java.util.List;
import java.util.SplittableRandom;

/** Lists that are used in different ways: see there. */
final class ListOrdeal implements Ordeal {
    private final List<Ordeal> ways;

    ListOrdeal(TortureBoard board, SharedHeap heap) {
        this.ways = List.of(new ListPassage(board, heap), new ListPlaces(board, heap), new ListOrders(board, heap),
                new ListSums(board, heap));
    }

    @Override
    public String name() {
        return "list";
    }

    @Override
    public void step(int worker, SplittableRandom random) {
        ways.get(random.nextInt(ways.size())).step(worker, random);
    }

    @Override
    public void checkAll() {
        ways.forEach(Ordeal::checkAll);
    }
}
