package io.cleave.fission;

import io.cleave.os.Mman;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Items that children find on their heap because they were there at the fork, cut into chunks, with a table in shared
 * memory that says who computes which chunk.
 *
 * <pre>
 *   0   hint    int, where to begin looking for a free chunk
 *   64  chunks, 16 bytes each
 *       0  owner      int, 0 free, a child's number, or DONE
 *       4  delivered  int, results that the parent has from earlier owners: of the chunk, or of its current slice
 *       8  done       int, items of the chunk before its current slice; 0 where there are no slices
 *      12  end        int, items up to the end of its current slice, of which something was delivered; 0 where there is none
 * </pre>
 *
 * A chunk is claimed by one compare-and-set of its owner; there is no second store that a death could separate from the
 * first. When a child has died, the parent takes all that its ring holds and frees the chunks that are still its own,
 * with the number of results that need not come again: written before the owner, so that the next owner sees it.
 *
 * <p>
 * In the generator form a chunk is computed slice by slice, and whoever computes it chooses where a slice ends, until the
 * first result of that slice has been delivered: from then on it must be the same slice for all.
 */
final class Window implements AutoCloseable {
    static final int FREE = 0;
    static final int DONE = -1;
    static final int PARENT = -2;

    private static final long TABLE = 64;
    private static final int ENTRY_BYTES = 16;
    private static final int DELIVERED = 4;
    private static final int BEFORE = 8;
    private static final int END = 12;
    private static final int MOST_PER_CHUNK = 64;
    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

    final @Nullable Object[] items;
    /** The place of the first item in the whole input. */
    final long base;
    /** Chunk c holds the items from {@code starts[c]} to {@code starts[c + 1]}. */
    final int[] starts;
    /** What the parent has of each chunk. */
    final Chunk[] chunks;
    /** The chunk whose results are due next; those before it have been handed on in full. */
    int due;

    private final Arena arena = Arena.ofShared();
    final MemorySegment table;

    /** What the parent has received of a chunk. */
    static final class Chunk {
        /** Results: of the chunk, or in the generator form of its current slice. */
        int received;
        /** Items before the current slice. */
        int done;
        /** Items up to the end of the current slice; not above {@link #done} where none has been begun. */
        int end;
        boolean ended;
        /** Results that cannot be handed on yet, because earlier ones are missing. */
        List<Object> early = new ArrayList<>(0);
        long earlyBytes;
        /** What ended it, where results before it are still wanted. */
        @Nullable Throwable failure;
    }

    Window(@Nullable Object[] items, long base, int workers) {
        this.items = items;
        this.base = base;
        this.starts = cut(items.length, workers);
        this.chunks = new Chunk[starts.length - 1];
        for (int c = 0; c < chunks.length; c++) {
            chunks[c] = new Chunk();
        }
        table = Mman.map(arena, TABLE + (long) chunks.length * ENTRY_BYTES, Mman.PROT_READ | Mman.PROT_WRITE,
                Mman.MAP_SHARED | Mman.MAP_ANONYMOUS, -1, 0);
    }

    /**
     * Cuts items into chunks: at most 64 to a chunk, and towards the end smaller ones, each a third of every worker's
     * share of what is left, so that no worker is left with a long chunk while the others have nothing.
     */
    static int[] cut(int items, int workers) {
        int[] starts = new int[items + 1];
        int chunks = 0;
        int at = 0;
        while (at < items) {
            starts[chunks++] = at;
            at += Math.clamp((items - at) / (3L * workers), 1, MOST_PER_CHUNK);
        }
        starts[chunks] = items;
        return Arrays.copyOf(starts, chunks + 1);
    }

    /**
     * Claims a free chunk.
     *
     * @param owner the claimant's number
     * @return the chunk, or -1 where all are claimed
     */
    int claim(int owner) {
        int hint = (int) INT.getOpaque(table, 0L);
        int chunk = claim(owner, hint, chunks.length);
        return chunk >= 0 ? chunk : claim(owner, 0, Math.min(hint, chunks.length)); // one may have been freed behind
    }

    /**
     * Claims the first free chunk of those that are wanted.
     *
     * @param owner the claimant's number
     * @param wanted whether to claim a chunk, which was free a moment ago
     * @return the chunk, or -1 where there is none
     */
    int claim(int owner, IntPredicate wanted) {
        for (int c = due; c < chunks.length; c++) {
            if (ownerAcquire(c) == FREE && wanted.test(c) && INT.compareAndSet(table, offset(c), FREE, owner)) {
                return c; // SYNC: chunk-owner
            }
        }
        return -1;
    }

    private int claim(int owner, int from, int to) {
        for (int c = from; c < to; c++) {
            if (ownerAcquire(c) == FREE && INT.compareAndSet(table, offset(c), FREE, owner)) { // SYNC: chunk-owner
                INT.setOpaque(table, 0L, c + 1);
                return c;
            }
        }
        return -1;
    }

    /** Which chunk an item is in, by its place in the window. */
    int chunkOf(int item) {
        int at = Arrays.binarySearch(starts, item);
        return at >= 0 ? at : -at - 2;
    }

    private static long offset(int chunk) {
        return TABLE + (long) chunk * ENTRY_BYTES;
    }

    int ownerAcquire(int chunk) {
        return (int) INT.getAcquire(table, offset(chunk));
    }

    void ownerRelease(int chunk, int owner) {
        INT.setRelease(table, offset(chunk), owner); // SYNC: chunk-owner
    }

    /** How many of a chunk's results the parent has from earlier owners; for the chunk's owner. */
    int delivered(int chunk) {
        return (int) INT.getOpaque(table, offset(chunk) + DELIVERED);
    }

    /** How many of a chunk's items were done, slice by slice, by earlier owners; for the chunk's owner. */
    int done(int chunk) {
        return (int) INT.getOpaque(table, offset(chunk) + BEFORE);
    }

    /** Where the slice behind these items ends, 0 where that is for the chunk's owner to say. */
    int sliceEnd(int chunk) {
        return (int) INT.getOpaque(table, offset(chunk) + END);
    }

    /** Gives a chunk back to whoever comes next, with what is already known of it. */
    void free(int chunk) {
        Chunk state = chunks[chunk];
        if (state.received == 0) {
            state.end = state.done; // the next owner may cut another slice
        }
        INT.setOpaque(table, offset(chunk) + DELIVERED, state.received);
        INT.setOpaque(table, offset(chunk) + BEFORE, state.done);
        INT.setOpaque(table, offset(chunk) + END, state.end > state.done ? state.end : 0);
        ownerRelease(chunk, FREE);
        INT.setOpaque(table, 0L, Math.min(chunk, (int) INT.getOpaque(table, 0L)));
    }

    /** How many chunks up to a limit nobody has claimed, counted no further than asked for. */
    int unclaimed(int enough, int limit) {
        int count = 0;
        for (int c = due; c < Math.min(limit, chunks.length) && count < enough; c++) {
            if (ownerAcquire(c) == FREE) {
                count++;
            }
        }
        return count;
    }

    boolean isDelivered() {
        return due == chunks.length;
    }

    @Override
    public void close() {
        arena.close();
    }
}
