package io.cleave.objects;

import java.io.Serializable;

/**
 * What leads to a block of a {@link SharedHeap} from anywhere, such as from another process. It is plain numbers: keep
 * them wherever you like. Once the block has been freed the reference is stale for ever, whatever comes to lie there.
 *
 * @param offset where the block lies in the heap
 * @param generation which of all that ever lie there it is
 */
public record HeapReference(long offset, long generation) implements Serializable {}
