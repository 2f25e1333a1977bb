package io.cleave.bench.objects;

import java.util.SplittableRandom;

/** A structure under torture: what each step does, and what must hold. Workers share it by a fork. */
interface Ordeal {
    /** What it is called in messages, and in the heap. */
    String name();

    /**
     * One change of it, or one look, which is checked.
     *
     * @param worker who does it; no two with one number live at the same time
     */
    void step(int worker, SplittableRandom random);

    /** What the workers' parent, which is not killed, does between two deaths. */
    default void between() {
        // most have nothing to do
    }

    /** A look at all of it while nobody changes it, which is checked. */
    void checkAll();
}
