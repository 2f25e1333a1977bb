package io.cleave.objects;

import io.cleave.BlockNotFoundException;
import io.cleave.IncompatibleBlockException;
import io.cleave.heap.Heap;
import io.cleave.heap.HeapFile;
import io.cleave.memory.BlockInfo;
import io.cleave.memory.SharedMemory;
import java.util.ArrayList;
import java.util.List;

/**
 * What can be said of a heap without attaching to it, also of one that nobody is attached to any more.
 *
 * @param statistics what it takes and has free
 * @param roots what its names lead to, in the order of the names
 */
public record HeapInfo(HeapStatistics statistics, List<HeapInfo.Named> roots) {

    /**
     * What a name leads to.
     *
     * @param name the name
     * @param kind the sort of structure, in a word
     * @param description what it holds
     * @param size how many elements, or bytes, it has
     */
    public record Named(String name, String kind, String description, long size) {}

    /**
     * Takes the list as it is now.
     *
     * @param statistics as above
     * @param roots as above
     */
    public HeapInfo {
        roots = List.copyOf(roots);
    }

    /**
     * Looks at a heap. It changes nothing, and nobody notices.
     *
     * @param name the heap's name
     * @return what there is, gathered while others go on
     * @throws BlockNotFoundException where there is no block of that name
     * @throws IncompatibleBlockException where it is no heap, of another version, or damaged
     */
    public static HeapInfo of(String name) {
        try (HeapFile file = HeapFile.peek(name)) {
            Heap heap = Heap.attach(file);
            List<Named> roots = new ArrayList<>();
            for (Root root : new Roots(name, heap, true).list()) {
                RootKind kind = RootKind.of(root.kind());
                roots.add(new Named(root.name(), kind == null ? "kind " + root.kind() : kind.word(), root.description(),
                        kind != null && heap.memory().isCommitted(root.header(), Heap.HEADER_BYTES)
                                ? kind.structure().size(heap, root.header()) : -1));
            }
            return new HeapInfo(HeapStatistics.of(heap.usage(), file), roots);
        }
    }

    /**
     * Walks everything in a heap, and accounts for every byte. One that somebody is attached to is attached to for the
     * time, as {@link SharedHeap#verify} has to keep others from changing it. Of another one a copy is verified, so that it
     * stays as it is; what dead processes had begun is finished or forgotten there only.
     *
     * @param name the heap's name
     * @return what was found
     * @throws BlockNotFoundException where there is no block of that name
     * @throws IncompatibleBlockException where it is no heap, of another version, or damaged
     */
    public static HeapVerification verify(String name) {
        boolean isLive = SharedMemory.list().stream()
                .anyMatch(info -> info.name().equals(name) && info.state() == BlockInfo.State.LIVE);
        if (isLive) {
            try (SharedHeap heap = SharedHeap.open(name)) {
                return heap.verify();
            }
        }
        try (HeapFile file = HeapFile.peek(name)) {
            Heap heap = Heap.attach(file);
            return HeapVerification.of(heap.verify(new Roots(name, heap, false)::walk));
        }
    }
}
