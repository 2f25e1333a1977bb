package io.cleave.memory.raw;

/**
 * Whether the calling thread reads something only to see that it can be read. What it makes on the way is dropped, so
 * nothing that would have to be closed is opened.
 */
public final class Proof {
    private static final ThreadLocal<Integer> DEPTH = ThreadLocal.withInitial(() -> 0);

    private Proof() {
    }

    /** Begins a proof; {@link #end} follows in any case. */
    public static void begin() {
        DEPTH.set(DEPTH.get() + 1);
    }

    /** Ends what {@link #begin} began. */
    public static void end() {
        int depth = DEPTH.get() - 1;
        if (depth == 0) {
            DEPTH.remove();
        } else {
            DEPTH.set(depth);
        }
    }

    /**
     * Whether a proof is under way.
     *
     * @return true between {@link #begin} and {@link #end}
     */
    public static boolean isUnderWay() {
        return DEPTH.get() > 0;
    }
}
