package io.cleave.heap;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The walk through all of a heap. */
final class HeapCheck implements Check {
    private final HeapMemory memory;
    private final List<String> faults = new ArrayList<>();
    private final Set<Long> reached = new HashSet<>();

    private HeapCheck(Heap heap) {
        this.memory = heap.memory();
    }

    static HeapReport verify(Heap heap, Walk walk) {
        HeapCheck check = new HeapCheck(heap);
        walk.walk(check);
        return new HeapReport(List.copyOf(check.faults), 0, 0, 0, 0);
    }

    @Override
    public long reached(long block) {
        if (!memory.isCommitted(block, 16) || !reached.add(block)) {
            fault("the block at " + block + " is none, or was reached before");
            return 0;
        }
        return 16;
    }

    @Override
    public void fault(String what) {
        if (faults.size() < HeapReport.MOST_FAULTS) {
            faults.add(what);
        }
    }
}
