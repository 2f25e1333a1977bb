package io.cleave.objects;

import io.cleave.heap.Check;
import io.cleave.heap.Heap;
import io.cleave.heap.HeapMemory;
import io.cleave.owner.Gate;

/** What the directory of a heap asks of lists. */
record ListStructure(SlotKind kind) implements Structure {
    @Override
    public void walk(Heap heap, long header, Check check) {
        ListCheck.walk(heap, header, kind, check);
    }

    @Override
    public boolean dismantle(Heap heap, long header, SweepLimit limit) {
        long lockAt = header + ListLayout.LOCK;
        if (!limit.tryLock(heap.locks(), lockAt)) {
            return false;
        }
        try {
            return new SlotChanges(new SlotList(heap, new Gate(), header,
                    ListLayout.generationAcquire(heap.memory(), header), kind)).end(limit);
        } finally {
            heap.locks().unlock(lockAt);
        }
    }

    @Override
    public long size(Heap heap, long header) {
        HeapMemory memory = heap.memory();
        long version = ListLayout.versionAcquire(memory, header);
        return Math.max(0, memory.getAcquire(ListLayout.stateAt(header, version) + ListLayout.COUNT_IN_STATE));
    }
}
