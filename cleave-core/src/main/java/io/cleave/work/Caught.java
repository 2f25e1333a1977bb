package io.cleave.work;

import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/** What stands in a stream of results where an item has failed and the run goes on. */
public final class Caught implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final long NOWHERE = -1;

    /** What was thrown, where it was thrown in this process. */
    private final transient @Nullable Throwable here;
    /** Whether that says already at which item. */
    private final transient boolean isTold;
    /** The account for another process. */
    private final byte[] bytes;

    private Caught(Throwable here, boolean isTold, byte[] bytes) {
        this.here = here;
        this.isTold = isTold;
        this.bytes = bytes;
    }

    /**
     * Of what a task threw, at an item whose place is not known yet.
     *
     * @param thrown what it threw
     * @param worker where
     * @return what to return instead of a result
     */
    public static Caught of(Throwable thrown, String worker) {
        try {
            return new Caught(thrown, false, Failure.of(thrown, null, NOWHERE, worker).encode());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Of what says itself at which item it was thrown; it stays in this process.
     *
     * @param thrown what was thrown
     * @return what stands for it
     */
    public static Caught told(Throwable thrown) {
        return new Caught(thrown, true, new byte[0]);
    }

    /**
     * What was thrown, with the account of its item.
     *
     * @param item the item
     * @param index its place
     * @return the original exception where it can be had
     */
    public Throwable thrown(@Nullable Object item, long index) {
        if (here != null && isTold) {
            return here;
        }
        try {
            Failure account = Failure.decode(bytes, 0, bytes.length).at(item, index);
            return here != null ? account.withAccount(here) : account.toThrowable();
        } catch (IOException e) {
            throw new UncheckedIOException("a failure cannot be decoded: " + e.getMessage(), e);
        }
    }
}
