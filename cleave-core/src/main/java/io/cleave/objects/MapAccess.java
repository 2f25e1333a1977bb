package io.cleave.objects;

import org.jspecify.annotations.Nullable;

/**
 * What one operation on a map works with: the bytes of its key and value, where they belong, and the lock of that place
 * where the operation needs it. Each thread has one, so that operations leave no garbage.
 */
final class MapAccess implements AutoCloseable {
    private static final ThreadLocal<MapAccess> OF_THREAD = ThreadLocal.withInitial(MapAccess::new);

    final ValueBuffer key = new ValueBuffer();
    final ValueBuffer value = new ValueBuffer();
    /** Of the key. */
    long hash;
    /** The segment that is locked for the operation. */
    long segment;
    /** The slot that has the key; 0 where none has. */
    long slotAt;
    /** A slot of the bucket that is free, where none has the key; 0 where all are taken. */
    long freeAt;
    /** Nothing of a meaning: it is kept so that it is read. */
    long touched;
    private final UserCode code = UserCode.ofThread();
    private boolean isLent;
    /** Releases the lock that is held until {@link #close}. */
    private @Nullable MapWriter locked;

    private MapAccess() {
    }

    /** The thread's own, or another where that is in use: code of the user's runs within operations. */
    static MapAccess lend() {
        MapAccess access = OF_THREAD.get();
        if (access.isLent) {
            return new MapAccess();
        }
        access.isLent = true;
        return access;
    }

    /** Acquires the lock of the key's segment until {@link #close}, and finds the key in it. */
    void lock(MapWriter writer) {
        writer.lock(this);
        locked = writer;
    }

    /** As {@link #lock}, with a free slot where the key is absent. */
    void lockWithRoom(MapWriter writer) {
        writer.lockWithRoom(this);
        locked = writer;
    }

    /** Releases the lock before that. */
    void unlock() {
        MapWriter writer = locked;
        if (writer != null) {
            locked = null;
            writer.unlock(this);
        }
    }

    @Override
    public void close() {
        try {
            unlock();
        } finally {
            key.close();
            try {
                value.close();
            } finally {
                isLent = false;
            }
        }
    }

    int keyLength() {
        return (int) key.length(); // a key is all in its array
    }

    /** Code of the user's begins to run for a map. */
    void beginCode(MapTable table) {
        code.begin(table.heap(), table.header(), table.generation());
    }

    void endCode() {
        code.end();
    }

    /** Refuses what would wait for a lock that this thread has, or that another has which waits for one of this. */
    void checkNotRunning(MapTable table) {
        if (code.isRunningFor(table.heap(), table.header(), table.generation())) {
            throw recursive();
        }
    }

    static IllegalStateException recursive() {
        return new IllegalStateException(
                "Recursive update: code that a map calls, such as a function that computes a value or a predicate, "
                        + "must not change that map; let it return the value, and make other changes after");
    }
}
