package io.cleave.objects;

import io.cleave.heap.HeapLocks;
import io.cleave.heap.HeapMemory;
import io.cleave.owner.Participants;
import io.cleave.owner.ParticipantsLayout;
import java.lang.invoke.VarHandle;

/** How many entries a {@link MapTable} has: the sum of what the lock blocks of its segments say. */
final class MapSize {
    private final MapTable table;
    private final HeapMemory memory;
    private final HeapLocks locks;

    MapSize(MapTable table) {
        this.table = table;
        this.memory = table.memory();
        this.locks = table.heap().locks();
    }

    /** The number of entries: exact when nothing is changed meanwhile, otherwise one of those that it has had meanwhile. */
    long size() {
        table.gate().enter();
        try {
            return sum();
        } finally {
            table.gate().exit();
        }
    }

    private long sum() {
        while (true) {
            long root = table.root();
            long splits = memory.getAcquire(table.header() + MapLayout.SPLITS);
            long size = (splits & 1) == 0 ? count(root, true) : 0;
            VarHandle.loadLoadFence(); // the counts were read before the looks
            boolean isSame = memory.getAcquire(table.header() + MapLayout.SPLITS) == splits && table.isCurrent(root);
            if (root == 0 || (isSame && size < 0)) {
                table.requireUse(root);
            } else if ((splits & 1) != 0) {
                table.awaitSplit();
            } else if (isSame) {
                return size;
            } else if (!table.isInUse()) {
                table.requireUse(0);
            }
        }
    }

    /** The number of entries as it stands, for who may not store anything; -1 where it cannot be told. */
    long sizeAsItStands() {
        return count(table.root(), false);
    }

    /**
     * The sum of the counts; -1 where there is rubbish.
     *
     * @param isSettled whether to finish first what dead processes have begun
     */
    long count(long root, boolean isSettled) {
        long sum = 0;
        long last = 0;
        long words = 1L << MapLayout.depth(root);
        long at = MapLayout.directory(root);
        if (!memory.isCommitted(at, words * Long.BYTES)) {
            return -1;
        }
        for (long end = at + words * Long.BYTES; at < end; at += Long.BYTES) {
            long segment = MapLayout.segment(memory.getAcquire(at));
            if (segment != last) {
                if (!memory.isCommitted(segment, MapLayout.SEGMENT_BYTES)) {
                    return -1;
                }
                long lockBlock = table.lockBlock(segment);
                if (!RootLayout.isHeader(memory, lockBlock)) {
                    return -1;
                }
                if (isSettled && !isSettled(lockBlock, root)) {
                    return -1;
                }
                sum += memory.getAcquire(lockBlock + MapLayout.COUNT_IN_LOCK_BLOCK);
                last = segment;
            }
        }
        return sum;
    }

    /**
     * Finishes what a dead process has begun in a segment.
     *
     * @param lockBlock which was read from what may be none of the map's segments any more
     * @return false where it is none, and nothing of it was touched
     */
    private boolean isSettled(long lockBlock, long root) {
        long owner = memory.getAcquire(lockBlock + MapLayout.LOCK) & ParticipantsLayout.OWNER;
        if (owner != 0 && Participants.isDead(owner)) {
            VarHandle.loadLoadFence(); // the lock block was read before the look whether it was one
            if (!table.isCurrent(root)) {
                return false;
            }
            locks.lock(lockBlock + MapLayout.LOCK); // it is a lock at least, whatever the header is by now
            locks.unlock(lockBlock + MapLayout.LOCK);
        }
        return true;
    }
}
