package io.cleave.objects;

import io.cleave.heap.Check;
import io.cleave.heap.Heap;
import io.cleave.heap.HeapMemory;
import io.cleave.owner.Gate;

/** What the directory of a heap asks of maps. */
final class MapStructure implements Structure {
    @Override
    public void walk(Heap heap, long header, Check check) {
        MapCheck.walk(heap, header, check);
    }

    @Override
    public boolean dismantle(Heap heap, long header, SweepLimit limit) {
        return MapEnd.free(heap, header, limit);
    }

    @Override
    public long size(Heap heap, long header) {
        HeapMemory memory = heap.memory();
        MapTable table = new MapTable(heap, new Gate(), header, MapLayout.generationAcquire(memory, header));
        return new MapSize(table).sizeAsItStands();
    }
}
