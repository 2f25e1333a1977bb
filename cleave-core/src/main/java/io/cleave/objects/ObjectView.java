package io.cleave.objects;

import io.cleave.heap.HeapMemory;
import java.lang.invoke.VarHandle;
import java.lang.ref.Reference;
import org.jspecify.annotations.Nullable;

/**
 * A live object as it was at one moment: its words, copied while no change of several fields was in between. What its
 * values have in blocks is read from these when it is asked for, which fails where that value is another by then.
 */
final class ObjectView extends LiveFields {
    /** How often to read before the lock is taken for it. */
    private static final int LOOKS = 1000;

    private final HeapObject object;
    private final long version;
    private final long[] words;
    /**
     * Whether a value was asked for that is another one now: what was made of the view is of no use, also where code of
     * the user's has caught what was thrown, in whatever thread.
     */
    private volatile boolean hasChanged;

    /** A value has changed since the words were copied: all that was read is to be read anew. */
    static final class Changed extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Changed() {
            super("a value has changed while it was read; this exception must not be caught", null, false, false);
        }
    }

    private ObjectView(HeapObject object, long version, long[] words) {
        super(object.type());
        this.object = object;
        this.version = version;
        this.words = words;
    }

    /** What code of the user's makes of a view of an object. */
    interface Reading<R extends @Nullable Object> {
        R read(ObjectView view);
    }

    /**
     * Reads several fields of an object as they were at one moment; anew where one has changed that is read, whatever the
     * code has made of that.
     */
    static <R extends @Nullable Object> R read(HeapObject object, Reading<R> reading) {
        UserCode code = UserCode.ofThread();
        object.beginCode(code);
        try {
            for (int look = 0; look < LOOKS || !object.isHeld(); look++) {
                ObjectView view = of(object);
                try {
                    R result = reading.read(view);
                    if (!view.hasChanged) {
                        return result;
                    }
                } catch (RuntimeException | Error e) {
                    if (!view.hasChanged) {
                        throw e;
                    }
                }
                Thread.onSpinWait();
            }
            return object.underLock(() -> reading.read(of(object)));
        } finally {
            code.end();
        }
    }

    /** An object as it is at one moment. */
    private static ObjectView of(HeapObject object) {
        HeapMemory memory = object.memory();
        long[] words = new long[object.type().slotCount()];
        try {
            for (int look = 0;; look++) {
                long version = memory.getAcquire(object.versionAt()); // SYNC: object-version
                for (int slot = 0; slot < words.length; slot++) {
                    words[slot] = memory.getAcquire(object.slotAt(slot)); // SYNC: object-field
                }
                VarHandle.loadLoadFence(); // the words come before the look
                boolean isQuiet = !ObjectVersion.isOdd(version) && memory.getOpaque(object.versionAt()) == version;
                object.requireUse();
                if (isQuiet) {
                    return new ObjectView(object, version, words);
                }
                object.await(look);
            }
        } finally {
            Reference.reachabilityFence(object);
        }
    }

    @Override
    long bits(int slot, FieldAccess.Mode mode) {
        return words[slot];
    }

    @Override
    boolean isMissing(int slot) {
        return object.isMissing(slot, words[slot]);
    }

    @Override
    @Nullable Object value(int slot) {
        try {
            return object.valueAt(slot, words[slot], version);
        } catch (Changed e) {
            hasChanged = true;
            throw e;
        }
    }

    @Override
    void setBits(int slot, long bits, FieldAccess.Mode mode) {
        throw readOnly();
    }

    @Override
    boolean compareAndSetBits(int slot, long expected, long bits) {
        throw readOnly();
    }

    @Override
    void setValue(int slot, @Nullable Object value) {
        throw readOnly();
    }

    private static IllegalStateException readOnly() {
        return new IllegalStateException("what Live.read gives to its function is only for reading; use Live.update");
    }
}
