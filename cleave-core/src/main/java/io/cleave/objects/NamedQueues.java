package io.cleave.objects;

import io.cleave.IncompatibleBlockException;
import io.cleave.StaleReferenceException;
import io.cleave.heap.Heap;
import io.cleave.owner.Gate;
import io.cleave.owner.SharedCell;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/** Finds the queues and stacks of a heap by their names, or makes them, for one handle on it. */
final class NamedQueues {
    private final String heapName;
    private final Heap heap;
    private final Gate gate;
    private final Roots roots;
    private final LongFunction<SharedCell> cells;
    /** What was received through the handle, and neither acknowledged nor closed. */
    private final Set<QueueDelivery<?>> deliveries = ConcurrentHashMap.newKeySet();

    /** @param cells where threads may sleep, by their offsets */
    NamedQueues(String heapName, Heap heap, Gate gate, Roots roots, LongFunction<SharedCell> cells) {
        this.heapName = heapName;
        this.heap = heap;
        this.gate = gate;
        this.roots = roots;
        this.cells = cells;
    }

    /** A queue or stack of values. */
    <E> HeapQueue<E> ofValues(String name, RootKind kind, Class<E> element, int capacity, long start) {
        ValueEncoding<E> encoding = ValueEncoding.of(element);
        RootType type = new RootType(kind, 0, kind.word() + " of " + element.getTypeName());
        gate.enter();
        try {
            QueueRing ring = ring(name, type, encoding.schema(), capacity, QueueLayout.slotBytes(element), start);
            HeapQueue<E> queue = new HeapQueue<>(name, ring, encoding, deliveries);
            checkCapacity(name, ring, capacity);
            return queue;
        } finally {
            gate.exit();
        }
    }

    /** The ring of a queue of numbers. */
    QueueRing ofNumbers(String name, RootKind kind, int capacity, long start) {
        gate.enter();
        try {
            QueueRing ring = ring(name, new RootType(kind, 0, kind.word()), null, capacity,
                    QueueLayout.NUMBER_SLOT_BYTES, start);
            checkCapacity(name, ring, capacity);
            return ring;
        } finally {
            gate.exit();
        }
    }

    private QueueRing ring(String name, RootType type, @Nullable ValueSchema schema, int capacity, int slotBytes,
            long start) {
        if (capacity < 1 || capacity > QueueLayout.MOST_CAPACITY) {
            throw new IllegalArgumentException("a queue has room for 1 to " + QueueLayout.MOST_CAPACITY
                    + " elements, not for " + capacity);
        }
        QueueRing ring = null;
        while (ring == null) {
            ring = ring(roots.findOrMake(name, type,
                    change -> QueueRing.create(heap, change, schema, capacity, slotBytes, start)), type.kind());
        }
        return ring;
    }

    /** The ring of a queue; null where it has just been dropped, and its name leads elsewhere. */
    private @Nullable QueueRing ring(Root root, RootKind kind) {
        try {
            return new QueueRing(heap, gate, root.header(), root.generation(), kind, cells);
        } catch (StaleReferenceException e) {
            return null;
        }
    }

    private void checkCapacity(String name, QueueRing ring, int capacity) {
        if (ring.capacity() != capacity) {
            throw new IncompatibleBlockException("\"" + name + "\" in heap \"" + heapName + "\" has room for "
                    + ring.capacity() + " elements, not for " + capacity
                    + "; open it with that capacity, or choose another name");
        }
    }

    /** Gives back what was received and not acknowledged, with nobody inside the gate. */
    void close() {
        QueueDelivery.closeWithHeap(deliveries);
    }
}
