package io.cleave.memory.raw;

/** As which process the objects that lie in blocks know the calling one, so that its handles on what it holds are kept. */
public final class OwnerIdentity {
    private static volatile long process;

    private OwnerIdentity() {
    }

    /**
     * Called when the process is first known as one, and again in a forked child.
     *
     * @param process the bits of an owner that say which process it belongs to
     */
    public static void process(long process) {
        OwnerIdentity.process = process;
    }

    /**
     * The calling process.
     *
     * @return the bits of its owners that say so; 0 where it has not been known as one yet, and so holds nothing
     */
    public static long process() {
        return process;
    }
}
