package io.cleave.fission;

/** Whether this JVM can be forked. */
public sealed interface Support {
    /**
     * It can.
     *
     * @param isWhole whether children are whole JVMs, which collect garbage, compile and have threads; otherwise they have
     *            one thread, and leave when they have used up the free part of the young generation
     * @param reason why they are not whole; empty where they are
     */
    record Supported(boolean isWhole, String reason) implements Support {}

    /**
     * It cannot.
     *
     * @param reason what stands in the way, and what to do about it
     */
    record Unsupported(String reason) implements Support {}
}
