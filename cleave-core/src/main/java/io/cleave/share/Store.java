package io.cleave.share;

import io.cleave.BlockNotFoundException;
import io.cleave.CleaveException;
import io.cleave.IncompatibleBlockException;
import io.cleave.memory.BlockKind;
import io.cleave.memory.Lifetime;
import io.cleave.memory.raw.OwnedBlock;
import io.cleave.memory.raw.RawBlock;
import io.cleave.memory.raw.RawBlocks;
import io.cleave.memory.raw.Shortage;
import io.cleave.os.Cpus;
import io.cleave.os.CrashPoint;
import io.cleave.os.ProcFs;
import io.cleave.os.Unistd;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The values that this process has written to shared memory, and the memory of freed ones, kept warm for the next.
 *
 * <h2>Overview</h2>
 *
 * A block that this process has made is <i>live</i> while its value is, then <i>idle</i>, then gone.
 *
 * <pre>
 *            write                    free, or found freed               not used for 10 seconds,
 *   (fresh) ───────▶ live ───────────────────────────────▶ idle ─────────────────────────────────▶ gone
 *                      ▲                                     │          or too many of them
 *                      └─────────────────────────────────────┘
 *                        write, where nobody looks at it
 * </pre>
 *
 * Anybody may free a value, by a compare-and-set of the state word in its image from LIVE to FREED, under the lock that
 * keeps its block from being rewritten; one of many succeeds. Where the maker still takes care of the block, that is all:
 * the maker finds it at its next write, or within half a second, and keeps it as idle. Where it does not, who frees the
 * value removes the name, too.
 *
 * <p>
 * An idle block keeps its name, as Linux gives a file that has lost its last name no other. It cannot be read by its old
 * token any more, because the state says so; nor rewritten while somebody still looks at the old value, because that is a
 * lock which the maker has to take exclusively ({@code BlockFile} has that protocol). Killed at any step, the maker leaves
 * an orphan, which nobody can read: the name for the new value is given before that has an owner who could tell its token.
 *
 * <p>
 * A forked child has a store of its own, without idle blocks, since it has no thread that would give them back.
 */
final class Store {
    /** How long idle memory waits for the next write. */
    private static final long IDLE_NANOS = TimeUnit.MILLISECONDS.toNanos(Long.getLong("cleave.idleMillis", 10_000));
    private static final long ROUND_MILLIS = 500;
    private static final int MOST_IDLE = 16;
    /** Idle blocks take no more than this part of the machine's memory. */
    private static final int IDLE_PART = 8;
    /** A block is used for a smaller value where it is not much too large. */
    private static final long SLACK_BYTES = 1 << 20;
    /** Looking for freed blocks may take this part of a writer's time. */
    private static final int SEARCH_PART = 50;

    /** In pieces of which size images from elsewhere are written. */
    private static final long RECEIVED_BYTES = 1 << 20;

    private static volatile Store current = new Store();

    private final int pid = Unistd.getpid();
    private final boolean isForkedChild = Unistd.isForkedChild();
    /** The values that can be read. Guarded by this. */
    private final Map<Token.Shared, OwnedBlock> live = new HashMap<>();
    /** Freed blocks, the one that was freed last at the front. Guarded by this. */
    private final Deque<Idle> idle = new ArrayDeque<>();
    /** Takes care of the rest; null where there is nothing to take care of. Guarded by this. */
    private @Nullable Thread caretaker;
    /** When to look for freed blocks again. Guarded by this. */
    private long nextSearch = System.nanoTime();

    private record Idle(OwnedBlock block, long since) {}

    private Store() {
    }

    /** This process's own. */
    static Store current() {
        Store store = current;
        return store.pid == Unistd.getpid() ? store : forked();
    }

    private static synchronized Store forked() {
        if (current.pid != Unistd.getpid()) {
            current = new Store(); // what the other holds is the parent's
        }
        return current;
    }

    /** Writes a value to a block. */
    Token.Shared write(ImageWriter image, WriteOptions options) {
        Token.Shared token = Token.Shared.random();
        image.stamp(token.high(), token.low(), options.reads());
        OwnedBlock block = takeIdle(image.byteSize());
        while (block != null && !rewrite(block, image, token, options)) {
            block = takeIdle(image.byteSize());
        }
        if (block == null) {
            block = Shortage.mended(() -> writeFresh(image, token, options));
        }
        synchronized (this) {
            live.put(token, block);
            startCaretaker();
        }
        return token;
    }

    static {
        Shortage.whenShort(() -> current().trim() > 0); // what is kept warm may be what is missing
    }

    private static OwnedBlock writeFresh(ImageWriter image, Token.Shared token, WriteOptions options) {
        long byteSize = Math.max(image.byteSize(), RawBlocks.HEAD_BYTES);
        OwnedBlock block = RawBlocks.standard().create(byteSize, BlockKind.VALUE);
        boolean done = false;
        try {
            image.writeTo(ImageLayout.LIVE, block::write);
            if (image.byteSize() < byteSize) {
                block.write(MemorySegment.ofArray(new byte[(int) (byteSize - image.byteSize())]), image.byteSize());
            }
            CrashPoint.reached();
            block.publish(token.blockName(), options.lifetime());
            done = true;
            return block;
        } finally {
            if (!done) {
                block.closeUnshared();
            }
        }
    }

    /** Puts a value into a block of which nobody may look at the content; false where that has lost its name or memory. */
    private static boolean rewrite(OwnedBlock block, ImageWriter image, Token.Shared token, WriteOptions options) {
        boolean done = false;
        try {
            if (!block.isWhole()) {
                return false;
            }
            MemorySegment body = block.body();
            CrashPoint.reached();
            image.writeTo(ImageLayout.WRITING,
                    (from, at) -> MemorySegment.copy(from, 0, body, at, from.byteSize()));
            CrashPoint.reached();
            ImageLayout.stateRelease(body, ImageLayout.LIVE); // SYNC: viewed
            CrashPoint.reached();
            done = block.rename(token.blockName(), options.lifetime());
            if (done) {
                block.admitViews();
            }
            return done;
        } finally {
            if (!done) {
                discard(block);
            }
        }
    }

    /** An idle block of about a size that nobody looks at, and may look at from now on; or null. */
    private synchronized @Nullable OwnedBlock takeIdle(long byteSize) {
        findFreed(false);
        for (Iterator<Idle> candidates = idle.iterator(); candidates.hasNext();) {
            OwnedBlock block = candidates.next().block;
            long size = block.byteSize();
            if (size >= byteSize && size <= Math.max(2 * byteSize, byteSize + SLACK_BYTES) && block.excludeViews()) {
                candidates.remove();
                return block;
            }
        }
        return null;
    }

    /** Ends a value of this process's, or of another's. */
    boolean free(Token.Shared token) {
        OwnedBlock own;
        synchronized (this) {
            own = live.remove(token);
        }
        if (own != null) {
            try {
                return own.isWhole() && endQuietly(own);
            } finally {
                retire(List.of(own));
            }
        }
        RawBlock block = view(token);
        if (block == null) {
            return false;
        }
        try {
            return end(block);
        } finally {
            block.closeUnshared();
        }
    }

    /** Attaches to the block of a value that can be read; null where there is none. */
    static @Nullable RawBlock view(Token.Shared token) {
        return RawBlocks.standard().view(token.blockName(), BlockKind.VALUE, head -> {
            boolean same = ImageLayout.longPlain(head, ImageLayout.ID_HIGH_AT) == token.high()
                    && ImageLayout.longPlain(head, ImageLayout.ID_LOW_AT) == token.low();
            // A damaged image is for the reader to complain about.
            boolean damaged = ImageLayout.longPlain(head, ImageLayout.MAGIC_AT) != ImageLayout.MAGIC;
            return damaged || (same && ImageLayout.stateAcquire(head) == ImageLayout.LIVE // SYNC: viewed
                    && ImageLayout.readsVolatile(head) != 0);
        });
    }

    /** Writes the image of a value that comes from elsewhere, which nobody takes care of, and attaches to its block. */
    static RawBlock receive(String name, Token.Shared token, long byteSize, InputStream in) throws IOException {
        if (byteSize < ImageLayout.HEADER_BYTES) {
            throw new IncompatibleBlockException(byteSize + " bytes are not the value of " + Token.shown(name));
        }
        OwnedBlock block = RawBlocks.standard().create(Math.max(byteSize, RawBlocks.HEAD_BYTES), BlockKind.VALUE);
        try {
            byte[] piece = new byte[(int) Math.clamp(byteSize, 0, RECEIVED_BYTES)];
            for (long at = 0; at < byteSize; at += piece.length) {
                int length = (int) Math.min(piece.length, byteSize - at);
                if (in.readNBytes(piece, 0, length) < length) {
                    throw new EOFException("the value of " + Token.shown(name) + " ends before its " + byteSize
                            + " bytes have come");
                }
                MemorySegment from = MemorySegment.ofArray(piece).asSlice(0, length);
                if (at == 0 && (ImageLayout.longPlain(from, ImageLayout.ID_HIGH_AT) != token.high()
                        || ImageLayout.longPlain(from, ImageLayout.ID_LOW_AT) != token.low())) {
                    throw new IncompatibleBlockException("what came is not the value of " + Token.shown(name));
                }
                block.write(from, at);
            }
            CrashPoint.reached();
            return publish(block, name, token);
        } finally {
            block.closeUnshared();
        }
    }

    /** Gives a block the name of its value, and attaches to what has that name then: another may have been first. */
    private static RawBlock publish(OwnedBlock block, String name, Token.Shared token) {
        CleaveException refusal = null;
        try {
            block.publish(token.blockName(), Lifetime.ATTACHED);
        } catch (CleaveException e) {
            refusal = e;
        }
        RawBlock held = view(token); // before the maker lets go, or the block would go with it
        if (held != null) {
            return held;
        }
        throw refusal != null ? refusal
                : new BlockNotFoundException("the value of " + Token.shown(name) + " has been freed already");
    }

    /** Ends the value that a block holds; false where somebody else has. */
    static boolean end(RawBlock block) {
        boolean done = endQuietly(block);
        if (done && !block.isOwned()) {
            block.unlink();
        }
        return done;
    }

    /** Ends the value, whose block is its maker's concern. */
    private static boolean endQuietly(RawBlock block) {
        block.endWithHolders(); // first: a death between the two must not leave what stays and nobody can read
        CrashPoint.reached();
        // Read first: where the file has been cut short, reading is an InternalError, and a compare-and-set may find zeroes.
        boolean done = ImageLayout.stateAcquire(block.head()) == ImageLayout.LIVE
                && ImageLayout.casState(block.head(), ImageLayout.LIVE, ImageLayout.FREED);
        CrashPoint.reached();
        return done;
    }

    private synchronized void findFreed(boolean anyway) {
        long start = System.nanoTime();
        if (live.isEmpty() || (!anyway && start - nextSearch < 0)) {
            return;
        }
        for (Iterator<OwnedBlock> blocks = live.values().iterator(); blocks.hasNext();) {
            OwnedBlock block = blocks.next();
            // One that somebody has cut short cannot be asked any more; nobody can read it, and it is discarded as idle.
            if (!block.isWhole() || isOver(block.head())) {
                blocks.remove();
                idle.addFirst(new Idle(block, start));
            }
        }
        long end = System.nanoTime();
        nextSearch = end + SEARCH_PART * (end - start);
    }

    /** Whether nobody can read a value any more. Its last reader may have been killed before it could say so. */
    private static boolean isOver(MemorySegment head) {
        return ImageLayout.stateAcquire(head) == ImageLayout.FREED || ImageLayout.readsVolatile(head) == 0;
    }

    /** Keeps the memory of freed values, within bounds. */
    private void retire(List<OwnedBlock> freed) {
        synchronized (this) {
            long now = System.nanoTime();
            freed.forEach(block -> idle.addFirst(new Idle(block, now)));
            startCaretaker(); // it may have found neither live nor idle blocks, and gone
        }
        discardBeyond(isForkedChild ? 0 : MOST_IDLE, Bounds.MOST_IDLE_BYTES, IDLE_NANOS);
    }

    /** Gives up idle blocks, but for some that were freed last; returns how many. */
    private int discardBeyond(int count, long byteSize, long nanos) {
        List<OwnedBlock> surplus = new ArrayList<>();
        synchronized (this) {
            long now = System.nanoTime();
            long kept = 0;
            long keptBytes = 0;
            for (Iterator<Idle> blocks = idle.iterator(); blocks.hasNext();) {
                Idle next = blocks.next();
                keptBytes += next.block.byteSize();
                kept++;
                if (kept > count || keptBytes > byteSize || now - next.since > nanos) {
                    keptBytes -= next.block.byteSize();
                    kept--;
                    blocks.remove();
                    surplus.add(next.block);
                }
            }
            notifyAll(); // the caretaker may be done
        }
        RuntimeException failure = null;
        for (OwnedBlock block : surplus) {
            try {
                discard(block);
            } catch (RuntimeException e) {
                failure = e; // the others are to be given up nevertheless
            }
        }
        if (failure != null) {
            throw failure;
        }
        return surplus.size();
    }

    private static void discard(OwnedBlock block) {
        try {
            block.unlink();
        } finally {
            block.closeUnshared();
        }
    }

    /** Gives up all idle blocks; returns how many. */
    int trim() {
        findFreed(true);
        return discardBeyond(0, 0, 0);
    }

    private synchronized void startCaretaker() {
        if (caretaker == null && !isForkedChild) {
            // It is nobody's in particular, and must not keep the class loader of whoever was first to write.
            caretaker = Thread.ofPlatform().daemon().inheritInheritableThreadLocals(false).name("cleave-share")
                    .start(this::takeCare);
        }
    }

    private void takeCare() {
        while (awaitRound()) {
            try {
                findFreed(true);
                discardBeyond(MOST_IDLE, Bounds.MOST_IDLE_BYTES, IDLE_NANOS);
            } catch (RuntimeException ignored) {
                // Nobody is there to be told. What was given up is given up, the rest has another round.
            }
        }
    }

    /** Waits for the next round; false where there is nothing left to take care of. */
    private synchronized boolean awaitRound() {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(ROUND_MILLIS);
        try {
            for (long left = ROUND_MILLIS; left > 0; left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime())) {
                if (live.isEmpty() && idle.isEmpty()) {
                    caretaker = null;
                    return false;
                }
                wait(left);
            }
            return true;
        } catch (InterruptedException e) {
            caretaker = null; // nobody of ours does that; the next write starts another
            return false;
        }
    }

    /** Counts a read of a value that can be read so many times; returns how many are left, -1 where none was. */
    static long countRead(RawBlock block) {
        MemorySegment head = block.head();
        while (true) {
            long left = ImageLayout.readsVolatile(head);
            if (left <= 0) {
                return -1;
            }
            if (left == 1) {
                block.endWithHolders(); // first: a death behind the count must not leave what stays and nobody can read
                CrashPoint.reached();
            }
            if (ImageLayout.casReads(head, left, left - 1)) {
                CrashPoint.reached();
                return left - 1;
            }
        }
    }

    /** Found out when memory is first kept. */
    private static final class Bounds {
        static final long MOST_IDLE_BYTES = mostIdleBytes();

        private static long mostIdleBytes() {
            long machine = ProcFs.memoryField("/proc/meminfo", "MemTotal");
            long limit = Cpus.memoryLimit();
            return (limit < 0 ? machine : Math.min(machine, limit)) / IDLE_PART;
        }
    }
}
