package io.cleave.objects;

import io.cleave.heap.Change;
import io.cleave.heap.Heap;
import io.cleave.owner.Participants;
import io.cleave.owner.Patience;
import java.lang.invoke.VarHandle;
import java.util.List;

/**
 * What becomes of elements that were received into a {@link QueueTable}: they are read without a lock, which may run code of
 * their class, and then acknowledged or given back. For who is inside the gate.
 */
final class QueueReceiver<E> {
    private final QueueRing ring;
    private final Heap heap;
    private final QueueTable table;
    private final QueueElements<E> elements;

    QueueReceiver(QueueRing ring, QueueElements<E> elements) {
        this.ring = ring;
        this.heap = ring.heap();
        this.table = ring.table();
        this.elements = elements;
    }

    /** The element of an entry, which goes back where it cannot be read. */
    E read(long entry, long owner) {
        boolean isRead = false;
        try {
            E element = content(entry);
            isRead = true;
            return element;
        } finally {
            if (!isRead) {
                giveBack(entry, owner);
            }
        }
    }

    /** Reads what may be freed meanwhile, as nothing but a lock would keep the queue from being dropped. */
    private E content(long entry) {
        long slot = QueueTable.slot(entry);
        Object content = elements.readUnsure(heap.memory(), slot, ring::requireUse);
        VarHandle.loadLoadFence(); // what was read, and then whether it was there
        ring.requireUse();
        return elements.sure(content, slot);
    }

    /** The element of an entry, acknowledged. */
    E take(long entry, long owner) {
        E element = read(entry, owner);
        acknowledge(entry, owner);
        return element;
    }

    /**
     * Takes the elements of some entries, up to one that cannot be read: where it is the first of them the caller has to know
     * why not.
     *
     * @return how many it were; the others went back
     */
    int take(long[] entries, long owner, List<? super E> target) {
        int count = 0;
        try {
            for (long entry : entries) {
                boolean _ = target.add(content(entry));
                count++;
            }
        } catch (Throwable e) { // an Error, too: those before it are the caller's then, or they would be lost
            if (count == 0) {
                throw e;
            }
        } finally {
            end(entries, count, owner);
        }
        return count;
    }

    void acknowledge(long entry, long owner) {
        end(new long[] {entry}, 1, owner);
    }

    void giveBack(long entry, long owner) {
        end(new long[] {entry}, 0, owner);
    }

    /** Gives back what several owners have, if the lock can be had in time. */
    void giveBack(long[] entries, long[] owners, Patience patience) {
        try {
            if (!ring.tryLock(ring.takeLock(), patience)) {
                return;
            }
            try {
                for (int i = 0; i < entries.length; i++) {
                    if (table.isOwnedBy(entries[i], owners[i])) {
                        table.giveBack(entries[i]);
                    }
                }
            } finally {
                ring.unlock(ring.takeLock(), ring.putters(), 0);
            }
            if (ring.tryLock(ring.putLock(), patience)) {
                ring.unlock(ring.putLock(), ring.takers(), entries.length);
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e); // it was not to be interruptible
        }
    }

    /** Acknowledges the first of some entries, and gives back the others. */
    private void end(long[] entries, int acknowledged, long owner) {
        Participants.checkOwn(owner);
        try {
            if (!ring.lock(ring.takeLock(), Patience.UNINTERRUPTIBLY)) {
                return;
            }
            try {
                checkOwner(entries, owner);
                acknowledge(entries, acknowledged);
                for (int i = acknowledged; i < entries.length; i++) {
                    table.giveBack(entries[i]);
                }
            } finally {
                ring.unlock(ring.takeLock(), ring.putters(), 0);
            }
            if (acknowledged < entries.length && ring.lock(ring.putLock(), Patience.UNINTERRUPTIBLY)) {
                ring.unlock(ring.putLock(), ring.takers(), entries.length - acknowledged);
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e); // it was not to be interruptible
        }
    }

    private void checkOwner(long[] entries, long owner) {
        for (long entry : entries) {
            if (!table.isOwnedBy(entry, owner)) {
                throw QueueRing.damaged("the entry at " + entry + " is another's");
            }
        }
    }

    private void acknowledge(long[] entries, int count) {
        try (Change change = heap.change()) {
            for (int i = 0; i < count; i++) {
                table.free(change, entries[i]);
            }
            change.commit();
        }
    }
}
