package io.cleave.heap;

/**
 * What a structure tells of itself to {@link HeapCheck}, which stands still for the time: no change happens to the heap.
 */
public interface Check {
    /** A structure, or all of them, as something that can be walked. */
    interface Walk {
        /**
         * Names each block that can be reached, once, and each fault that is found on the way. It must end whatever it
         * finds.
         *
         * @param check to be told
         */
        void walk(Check check);
    }

    /**
     * A block is in use. A block that was named before, that is free, or that is none is a fault.
     *
     * @param block its offset, as {@link Change#allocate} gave it
     * @return its size, with what the allocator added; 0 where it was a fault, so that it must not be followed
     */
    long reached(long block);

    /**
     * Something is not as it should be.
     *
     * @param what in a sentence, with the figures
     */
    void fault(String what);
}
