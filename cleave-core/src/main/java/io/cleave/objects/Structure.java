package io.cleave.objects;

import io.cleave.heap.Check;
import io.cleave.heap.Heap;

/** What the directory of a heap asks of a sort of structure. Its header begins as {@link RootLayout} says. */
interface Structure {
    /**
     * Names all blocks that belong to a structure, its header first, while no change happens.
     *
     * @param header its offset
     */
    void walk(Heap heap, long header, Check check);

    /**
     * Frees all that belongs to a structure which was dropped, but for its header, in as many changes as that takes. It
     * may have been cut off anywhere before, and is called once more then; never twice at once.
     *
     * @param header its offset
     * @param limit after how much to leave the rest, and how long to wait for whoever has a lock of it
     * @return whether all is free; if not, it is to be called once more
     */
    boolean dismantle(Heap heap, long header, SweepLimit limit);

    /**
     * How many elements it has, gathered while others go on; -1 where it does not count any.
     *
     * @param header its offset
     */
    long size(Heap heap, long header);
}
