package io.cleave.memory;

/** How long a named block stays when nobody is attached to it. */
public enum Lifetime {
    /**
     * The block lives as long as somebody is attached: the last handle that is closed removes it. What processes leave
     * behind that were killed is an orphan, which counts as absent and is swept. A lock is different while it is held or
     * bears the news that its holder has died: it keeps its name, and the next to open it gets it as it is.
     */
    ATTACHED(0),
    /** The block stays until {@link SharedMemory#unlink()} or the next boot, whether somebody is attached or not. */
    PERSISTENT(1);

    private final int number;

    Lifetime(int number) {
        this.number = number;
    }

    /** The number in the header. */
    int number() {
        return number;
    }
}
