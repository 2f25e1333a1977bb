package io.cleave.sync;

import java.time.Duration;

/**
 * A process that does something, and is cut off at each of its stores; and those around it. All but {@code victim} and
 * the kind has a default.
 */
final class CrashScene {
    /** What a process does. */
    interface Body {
        void run(CrashWorld world) throws Exception;
    }

    /** What can be seen in the memory. */
    interface Look {
        boolean holds(CrashWorld world) throws Exception;
    }

    /** A sort of object: what survivors do with it, and what must be true of it after any deaths. */
    interface Kind {
        /** Makes the object, in the process that survives. */
        void prepare(CrashWorld world) throws Exception;

        /** Uses the object after a death, in a process that is cut off as well. */
        void recover(CrashWorld world) throws Exception;

        /** Goes on after one death or two, and throws where something is not as it should be. */
        void check(CrashWorld world) throws Exception;

        /** Lets a witness go for whom nobody may be left; for objects that have witnesses. */
        default void release(CrashWorld world) throws Exception {
        }
    }

    final String name;
    final Kind kind;
    final Body victim;
    /** Whether the victim is the first to come to the memory. */
    boolean isFresh;
    /** What the survivor does before the victim comes. */
    Body before = _ -> {};
    /** Whether the victim waits for the survivor. */
    Look isAsleep = _ -> false;
    /** What the survivor does when it does, or has died or ended. */
    Body letGo = _ -> {};
    /** What another process does meanwhile, which must end in the end; null for none. */
    Body witness;
    /** Whether it has come as far as it should before the victim does. */
    Look isWitnessThere = _ -> true;

    CrashScene(String name, Kind kind, Body victim) {
        this.name = name;
        this.kind = kind;
        this.victim = victim;
    }

    CrashScene onZeroes() {
        isFresh = true;
        return this;
    }

    CrashScene after(Body what) {
        before = what;
        return this;
    }

    CrashScene whenAsleep(Look look, Body what) {
        isAsleep = look;
        letGo = what;
        return this;
    }

    CrashScene atTheEnd(Body what) {
        letGo = what;
        return this;
    }

    CrashScene beside(Look isThere, Body what) {
        isWitnessThere = isThere;
        witness = what;
        return this;
    }

    static void check(boolean isRight, String what) {
        if (!isRight) {
            throw new AssertionError(what);
        }
    }

    /** How long survivors wait for what must come. */
    static Duration aSecond() {
        return SyncCrashTest.SOON;
    }
}
