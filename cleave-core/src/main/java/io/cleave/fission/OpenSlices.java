package io.cleave.fission;

import io.cleave.work.Sneaky;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The slices that this JVM has begun and not done, by what they belong to. Changed under the {@link RunLock}; their streams
 * are the caller's code, and run outside.
 */
final class OpenSlices implements AutoCloseable {
    private final RunLock lock;
    private final Map<Object, Inline.Slice> open = new HashMap<>();

    OpenSlices(RunLock lock) {
        this.lock = lock;
    }

    boolean isOpen(Object owner) {
        return open.containsKey(owner);
    }

    /**
     * Goes on with a slice for a moment.
     *
     * @param owner what it belongs to
     * @param begin makes it where it has not begun
     * @param isEnough whether more results are not wanted for now
     * @return whether it is done
     */
    boolean goOn(Object owner, Supplier<Inline.Slice> begin, BooleanSupplier isEnough) {
        Inline.Slice known = open.remove(owner);
        Inline.Slice slice = known == null ? begin.get() : known;
        try {
            lock.outside(() -> slice.goOn(() -> lock.isClosed() || isEnough.getAsBoolean()));
        } catch (Throwable t) { // the run may have been closed meanwhile
            throw Sneaky.rethrow(Run.with(t, Run.thrownBy(slice::close)));
        }
        if (!slice.isDone()) {
            open.put(owner, slice);
        }
        return slice.isDone();
    }

    /** Closes all, after the run: nobody changes them any more. To be called without the lock. */
    @Override
    public void close() {
        Throwable thrown = null;
        for (Inline.Slice slice : open.values()) {
            thrown = Run.both(thrown, Run.thrownBy(slice::close));
        }
        open.clear();
        rethrow(thrown);
    }

    private static void rethrow(@Nullable Throwable thrown) {
        if (thrown != null) {
            throw Sneaky.rethrow(thrown);
        }
    }
}
