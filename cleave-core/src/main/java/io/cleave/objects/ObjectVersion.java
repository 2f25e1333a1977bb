package io.cleave.objects;

import io.cleave.heap.HeapMemory;

/**
 * The version of a live object, which is odd while an update of several fields is stored; and why such an update does
 * not undo what others store without a lock.
 *
 * <h2>Overview</h2>
 *
 * <pre>
 * version           the log of the update                              leaves it
 * even              has no status, or is applied                       {@link #begin}, under the lock
 * odd               may have a status                                  {@link #end}; after a death {@link #mend}
 * </pre>
 *
 * The words of an update whose maker has died are stored again by whoever recovers that, at any time until somebody wants
 * the lock. Primitives are also stored without it, and a store after the first one of the update would be lost. So the
 * version becomes odd before the log has a status, and even after it has none any more, and not by the same change. Who
 * stores a primitive without the lock looks before, and where the version is odd waits, and then takes the lock: which
 * recovers what is left, and makes the version even.
 *
 * <p>
 * <b>Who has looked before, and stores later.</b> He looks again after the store. Where the version is the same, no log
 * had a status in between. Where it is another one, and nobody has died, each word of the update was stored once, before
 * or after his: both are in order. Where somebody has died, his store is before or after the first one of the update,
 * and maybe lost by the second. He has recovery finished before he returns, and a store alone then counts as one that
 * came before the update. A compare-and-set whose value is not there, but the one that it has replaced, has happened
 * before the update or was lost: it is tried again, and then comes after it.
 *
 * <p>
 * That takes no fence after a store that asked for none, so the second look of such a store may come before it by as long as
 * a processor keeps a store to itself; recovery, which asks the kernel who is dead, comes later than that.
 */
final class ObjectVersion {
    /** What is added to the version beside 1 where it is made even after a death: more than there are updates. */
    private static final long MENDED = 1L << 48;

    private ObjectVersion() {
    }

    static boolean isOdd(long version) {
        return (version & 1) != 0;
    }

    /** The version of an object while no update is being stored, for whose end it waits. */
    static long awaitEven(HeapObject object) {
        for (int look = 0;; look++) {
            long version = object.memory().getAcquire(object.versionAt()); // SYNC: object-version
            if (!isOdd(version)) {
                return version;
            }
            object.await(look);
        }
    }

    /** An update is about to be stored. Under the object's lock. */
    static void begin(HeapMemory memory, long at) {
        memory.setRelease(at, memory.getPlain(at) + 1); // SYNC: object-version
    }

    /** The update is stored, or will not be. Under the object's lock. */
    static void end(HeapMemory memory, long at) {
        memory.setRelease(at, memory.getPlain(at) + 1); // SYNC: object-version
    }

    /** Ends the update of one who has died, which was recovered with the lock. Under the object's lock. */
    static void mend(HeapMemory memory, long at) {
        long version = memory.getPlain(at);
        if (isOdd(version)) {
            memory.setRelease(at, version + 1 + MENDED); // SYNC: object-version
        }
    }

    /** Whether somebody has died in an update between two looks at the version, both of which have found it even. */
    static boolean isMended(long before, long after) {
        return Long.compareUnsigned(after - before, MENDED) >= 0;
    }
}
