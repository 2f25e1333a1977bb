package io.cleave.objects;

import io.cleave.CleaveException;
import io.cleave.StaleReferenceException;
import io.cleave.owner.Gate;
import io.cleave.owner.Participants;
import io.cleave.owner.Patience;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** An entry of a {@link QueueTable} that this process owns. */
final class QueueDelivery<E> implements Delivery<E> {
    /** How long closing a heap waits for the locks of its queues at most: whoever was stopped with one holds it longer. */
    private static final long MOST_LOCK_NANOS = 1_000_000_000;

    private enum State {
        RECEIVED, ACKNOWLEDGED, CLOSED
    }

    private final Gate gate;
    private final QueueReceiver<E> receiver;
    private final Set<QueueDelivery<?>> open;
    private final E element;
    private final long entry;
    private final long owner;
    private final int deliveries;
    /** Guarded by this. */
    private State state = State.RECEIVED;

    /**
     * An entry that was received.
     *
     * @param open those of a handle on the heap, of which this becomes one
     */
    QueueDelivery(Gate gate, QueueReceiver<E> receiver, Set<QueueDelivery<?>> open, E element, long entry, long owner,
            int deliveries) {
        this.gate = gate;
        this.receiver = receiver;
        this.open = open;
        this.element = element;
        this.entry = entry;
        this.owner = owner;
        this.deliveries = deliveries;
    }

    @Override
    public E element() {
        return element;
    }

    @Override
    public int deliveryCount() {
        return deliveries;
    }

    @Override
    public synchronized void acknowledge() {
        if (state == State.CLOSED) {
            throw new IllegalStateException("this delivery was closed, and its element went back to the queue: "
                    + "acknowledge before closing");
        }
        if (state == State.RECEIVED) {
            gate.enter();
            try {
                receiver.acknowledge(entry, owner);
                end(State.ACKNOWLEDGED);
            } finally {
                gate.exit();
            }
        }
    }

    @Override
    public synchronized void close() {
        if (state == State.RECEIVED && Participants.isOwn(owner)) {
            gate.enter(); // not shut, as the heap would have closed this
            try {
                receiver.giveBack(entry, owner);
            } catch (StaleReferenceException e) {
                end(State.CLOSED); // with the queue
            } finally {
                gate.exit();
            }
            end(State.CLOSED);
        }
    }

    private void end(State end) {
        state = end;
        boolean _ = open.remove(this);
    }

    /**
     * Gives all elements back as the heap is about to be closed, with nobody inside. Where the lock of a queue cannot be had in
     * the time for all of them, its elements stay in flight as long as this process lives.
     */
    static void closeWithHeap(Set<QueueDelivery<?>> open) {
        Patience patience = new Patience(System.nanoTime() + MOST_LOCK_NANOS, false);
        Map<QueueReceiver<?>, List<QueueDelivery<?>>> byQueue = new HashMap<>();
        for (QueueDelivery<?> each : open) {
            if (each.endWithHeap()) {
                byQueue.computeIfAbsent(each.receiver, _ -> new ArrayList<>()).add(each);
            }
        }
        byQueue.forEach((receiver, deliveries) -> {
            try {
                receiver.giveBack(deliveries.stream().mapToLong(each -> each.entry).toArray(),
                        deliveries.stream().mapToLong(each -> each.owner).toArray(), patience);
            } catch (CleaveException e) {
                return; // the queue is gone or damaged
            }
        });
    }

    private synchronized boolean endWithHeap() {
        boolean isOpen = state == State.RECEIVED && Participants.isOwn(owner);
        if (isOpen) {
            end(State.CLOSED);
        }
        return isOpen;
    }

    @Override
    public String toString() {
        return "Delivery[" + element + ", received for time " + deliveries + "]";
    }
}
