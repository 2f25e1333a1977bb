package io.cleave.sync;

/** How a lock came to be held. */
public enum Acquisition {
    /** From an owner that gave it up, or as the first. */
    CLEAN,
    /** From an owner whose process died: what the lock guards may be half-changed, and is the caller's to repair. */
    OWNER_DIED
}
