package io.cleave.bench.objects;

import io.cleave.objects.SharedHeap;
import java.util.SplittableRandom;

/** Structures in a heap that is changed at random afterwards. */
interface Fuzzed {
    /** Most of what a structure can do, on a sound heap. */
    void fill(SharedHeap heap);

    /** One use of them that changes nothing. */
    void read(SharedHeap heap, SplittableRandom random);

    /** One use of them that changes something. */
    void write(SharedHeap heap, SplittableRandom random);

    /** Goes through all that a structure is said to have, which must end. */
    static void countAll(Iterable<?> all) {
        int count = 0;
        for (Object _ : all) {
            if (++count > HeapFuzzReader.MOST_ENTRIES) {
                throw new IllegalStateException("an iteration does not end");
            }
        }
    }
}
