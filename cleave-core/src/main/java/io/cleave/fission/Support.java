package io.cleave.fission;

/** Whether this JVM can be forked. */
public sealed interface Support {
    /** It can. */
    record Supported() implements Support {}

    /**
     * It cannot.
     *
     * @param reason what stands in the way, and what to do about it
     */
    record Unsupported(String reason) implements Support {}
}
