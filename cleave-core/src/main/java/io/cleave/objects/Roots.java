package io.cleave.objects;

import io.cleave.CleaveException;
import io.cleave.HeapFullException;
import io.cleave.IncompatibleBlockException;
import io.cleave.heap.Change;
import io.cleave.heap.Check;
import io.cleave.heap.Heap;
import io.cleave.heap.HeapMemory;
import io.cleave.memory.raw.Shortage;
import io.cleave.owner.Gate;
import io.cleave.owner.ParticipantsLayout;
import io.cleave.owner.Patience;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The directory of a heap: what its names lead to.
 *
 * <h2>Overview</h2>
 *
 * A table of chained entries, which one lock guards. Each change raises {@code begun} as its first word and
 * {@code ended} as its last. Who looks something up takes no lock: it reads {@code ended}, follows the chain, and takes
 * what it has found if {@code begun} is the same number then. A change that had begun before and has not ended makes
 * {@code begun} the greater one from the start; one that began later raised it before it stored anything else. What is
 * read in between may be rubbish, and is followed only where it lies in the heap's memory.
 *
 * <p>
 * <b>Dropping.</b> One change takes the name away, marks the header, and puts the entry into the list of the dropped. What
 * belongs to the structure is freed after that, in changes of its own, by who holds the sweep lock; the last of them takes
 * the entry out of the list, and frees it and the header. Who dies in the middle leaves the rest to the next who drops
 * something or makes something new. Structures that were in it become {@link LooseStructures} by that.
 */
final class Roots {
    /** How often to look again before the lock is taken. */
    private static final int LOOKS = 1000;
    private static final long NAP_NANOS = 100_000;
    /** How long one that cannot take the lock looks for a moment without a change. */
    private static final int MOST_NAPS = 50_000;
    private static final int LONGEST_NAME = 1000;

    private final String heapName;
    private final Heap heap;
    private final HeapMemory memory;
    private final boolean isReadOnly;
    private final LooseStructures loose;
    /** No chain of entries is longer. */
    private final long mostSteps;

    /** Makes what a name is to lead to. */
    interface Maker {
        /**
         * Allocates a structure as part of a change, and fills it.
         *
         * @return its header
         */
        long make(Change change);
    }

    /** The directory of a heap whose memory is the caller's. */
    Roots(String heapName, Heap heap, boolean isReadOnly) {
        this(heapName, new LooseStructures(heap, new Gate()), isReadOnly);
    }

    /**
     * The directory of a heap, for who is inside its gate.
     *
     * @param loose of the same handle
     */
    Roots(String heapName, LooseStructures loose, boolean isReadOnly) {
        this.heapName = heapName;
        this.heap = loose.heap();
        this.memory = heap.memory();
        this.isReadOnly = isReadOnly;
        this.loose = loose;
        this.mostSteps = heap.usage().maximumBytes() / RootLayout.TEXT_IN_ENTRY;
    }

    private static byte[] bytes(String name) {
        try {
            ByteBuffer encoded = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(name));
            byte[] bytes = new byte[encoded.remaining()];
            encoded.get(bytes);
            if (bytes.length >= 1 && bytes.length <= LONGEST_NAME) {
                return bytes;
            }
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("\"" + name + "\" cannot be a name: it has half of a surrogate pair", e);
        }
        throw new IllegalArgumentException("a name in a heap has 1 to " + LONGEST_NAME + " bytes in UTF-8, not so \""
                + (name.length() > LONGEST_NAME ? name.substring(0, LONGEST_NAME) + "..." : name) + "\"");
    }

    private long word(int root) {
        return memory.getAcquire(heap.rootAt(root));
    }

    /** Reads while others may be changing what is read, until nobody was. */
    private <T extends @Nullable Object> T consistently(Supplier<T> read) {
        for (int look = 0;; look++) {
            long ended = word(RootLayout.ENDED); // SYNC: roots
            T result = read.get();
            VarHandle.loadLoadFence(); // what was read before, and begun after
            if (word(RootLayout.BEGUN) == ended) { // SYNC: roots
                return result;
            }
            if (look >= LOOKS && !isReadOnly) {
                return locked(read); // somebody may have died or been stopped in the middle
            }
            if (look >= LOOKS && isBegunByNobody()) {
                throw new IncompatibleBlockException("the names of heap \"" + heapName + "\" are damaged: "
                        + word(RootLayout.BEGUN) + " changes were begun, " + word(RootLayout.ENDED)
                        + " ended, and nobody makes one; verify the heap, and make a new one");
            }
            if (look >= LOOKS + MOST_NAPS) {
                throw new CleaveException("heap \"" + heapName
                        + "\" has been in the middle of a change of its names for "
                        + "seconds, as somebody who made it was stopped or killed; open it for writing, which mends that");
            }
            if (look < LOOKS) {
                Thread.onSpinWait();
            } else {
                Patience.nap(NAP_NANOS);
            }
        }
    }

    /** Whether a change has begun and not ended although the lock, which who makes or has left one has, was free meanwhile. */
    private boolean isBegunByNobody() {
        long ended = word(RootLayout.ENDED);
        long begun = word(RootLayout.BEGUN);
        return begun != ended && (word(RootLayout.LOCK) & ParticipantsLayout.OWNER) == 0
                && word(RootLayout.BEGUN) == begun && word(RootLayout.ENDED) == ended;
    }

    private <T extends @Nullable Object> T locked(Supplier<T> read) {
        heap.locks().lock(heap.rootAt(RootLayout.LOCK));
        try {
            return read.get();
        } finally {
            heap.locks().unlock(heap.rootAt(RootLayout.LOCK));
        }
    }

    /** What a name leads to; null where it leads to nothing. */
    @Nullable Root find(String name) {
        byte[] bytes = bytes(name);
        Found found = consistently(() -> found(entry(bytes)));
        return found == null ? null : found.sound(heapName);
    }

    /** What a name leads to, and whether the header is there that it was made with: it has its name as long as it is. */
    private record Found(Root root, boolean isSound) {
        Root sound(String heapName) {
            if (!isSound) {
                throw new IncompatibleBlockException("heap \"" + heapName + "\" is damaged: \"" + root.name()
                        + "\" leads to " + root.header()
                        + ", which is not the header that it was made with; verify the "
                        + "heap, and make a new one");
            }
            return root;
        }
    }

    private @Nullable Found found(long entry) {
        if (entry == 0) {
            return null;
        }
        Root root = RootLayout.root(memory, entry);
        return new Found(root, isHeader(root, false));
    }

    /** Whether a root leads to a header that is its own, and has been dropped or not. */
    private boolean isHeader(Root root, boolean isDropped) {
        return root.header() % Heap.HEADER_BYTES == 0 && memory.isCommitted(root.header(), Heap.HEADER_BYTES)
                && memory.getAcquire(root.header()) == root.generation()
                && RootLayout.isDropped(memory, root.header()) == isDropped;
    }

    /** The entry of a name, 0 where there is none, or what was read is rubbish. */
    private long entry(byte[] name) {
        long table = word(RootLayout.TABLE);
        if (table == 0) {
            return 0;
        }
        long entry = memory.getAcquire(RootLayout.bucketAt(table, name));
        long steps = 0;
        while (entry != 0 && RootLayout.isReadable(memory, entry) && steps++ < mostSteps) {
            if (RootLayout.isNamed(memory, entry, name)) {
                return entry;
            }
            entry = memory.getAcquire(entry + RootLayout.NEXT_IN_ENTRY);
        }
        return 0;
    }

    /** All names and what they lead to, in the order of the names. */
    List<Root> list() {
        return consistently(() -> {
            List<Root> roots = new ArrayList<>();
            Set<Long> met = new HashSet<>();
            long table = word(RootLayout.TABLE);
            for (int bucket = 0; table != 0 && bucket < RootLayout.BUCKETS; bucket++) {
                long entry = memory.getAcquire(table + bucket * (long) Long.BYTES);
                while (entry != 0 && RootLayout.isReadable(memory, entry) && met.add(entry)) {
                    roots.add(RootLayout.root(memory, entry));
                    entry = memory.getAcquire(entry + RootLayout.NEXT_IN_ENTRY);
                }
            }
            roots.sort(Comparator.comparing(Root::name));
            return roots;
        });
    }

    /**
     * What a name leads to, which is made where it leads to nothing.
     *
     * @throws IncompatibleBlockException where it leads to something of another type
     */
    Root findOrMake(String name, RootType type, Maker maker) {
        Root found = find(name);
        if (found == null) {
            refuseReadOnly();
            sweepBriefly();
            try {
                found = findOrMakeLocked(name, type, maker);
            } catch (HeapFullException e) {
                if (!heap.makeRoom()) {
                    throw e;
                }
                found = findOrMakeLocked(name, type, maker);
            }
        }
        check(found, type);
        return found;
    }

    private Root findOrMakeLocked(String name, RootType type, Maker maker) {
        return locked(() -> {
            Found there = found(entry(bytes(name)));
            return there != null ? there.sound(heapName) : make(name, type, maker);
        });
    }

    private Root make(String name, RootType type, Maker maker) {
        byte[] nameBytes = bytes(name);
        byte[] description = type.description().getBytes(StandardCharsets.UTF_8);
        if (description.length > RootLayout.MOST_TEXT) {
            throw new IllegalArgumentException("the types of \"" + name + "\" have names of " + description.length
                    + " bytes in all, more than " + RootLayout.MOST_TEXT);
        }
        try (Change change = heap.change()) {
            long header = maker.make(change);
            RootLayout.header(memory, header, type);
            long generation = change.generation(header);
            long entry = change.allocate(RootLayout.entryBytes(nameBytes, description));
            RootLayout.entry(memory, entry, header, generation, type, nameBytes, description);
            begin(change);
            long table = word(RootLayout.TABLE);
            if (table == 0) {
                table = change.allocateZeroed(RootLayout.TABLE_BYTES);
                change.set(heap.rootAt(RootLayout.TABLE), table);
            }
            long bucketAt = RootLayout.bucketAt(table, nameBytes);
            memory.setPlain(entry + RootLayout.NEXT_IN_ENTRY, memory.getPlain(bucketAt));
            change.set(bucketAt, entry);
            end(change);
            change.commit();
            return new Root(name, type.kind().number(), header, generation, type.fingerprint(), type.description());
        }
    }

    private void begin(Change change) {
        change.set(heap.rootAt(RootLayout.BEGUN), word(RootLayout.BEGUN) + 1); // SYNC: roots
    }

    private void end(Change change) {
        change.set(heap.rootAt(RootLayout.ENDED), word(RootLayout.ENDED) + 1); // SYNC: roots
    }

    /** Refuses what is not of a type. */
    void check(Root found, RootType type) {
        if (found.kind() != type.kind().number() || found.fingerprint() != type.fingerprint()) {
            throw new IncompatibleBlockException("\"" + found.name() + "\" in heap \"" + heapName + "\" is "
                    + found.description() + ", not " + type.description()
                    + "; open it as that, or choose another name");
        }
    }

    /** Refuses a change through a handle for reading only. */
    void refuseReadOnly() {
        if (isReadOnly) {
            throw new UnsupportedOperationException("heap \"" + heapName
                    + "\" was opened for reading only; open it without withReadOnly to change something");
        }
    }

    /**
     * Takes a name away, and frees what it led to.
     *
     * @return false where it led to nothing
     */
    boolean drop(String name) {
        refuseReadOnly();
        byte[] bytes = bytes(name);
        boolean isDropped = locked(() -> {
            long entry = entry(bytes);
            if (entry != 0) {
                unlink(entry, bytes);
            }
            return entry != 0;
        });
        sweepAll();
        return isDropped;
    }

    private void unlink(long entry, byte[] name) {
        int kind = RootLayout.kind(memory, entry);
        if (RootKind.of(kind) == null) {
            throw new IncompatibleBlockException(
                    "a structure of kind " + kind + ", unknown to this Cleave: let the version "
                            + "that made it drop it");
        }
        long beforeAt = before(RootLayout.bucketAt(word(RootLayout.TABLE), name), entry);
        long header = memory.getPlain(entry + RootLayout.HEADER_IN_ENTRY);
        try (Change change = heap.change()) {
            begin(change);
            change.set(beforeAt, memory.getPlain(entry + RootLayout.NEXT_IN_ENTRY));
            change.set(entry + RootLayout.NEXT_IN_ENTRY, word(RootLayout.DROPPED));
            change.set(heap.rootAt(RootLayout.DROPPED), entry);
            change.set(header + RootLayout.KIND_IN_HEADER, kind | RootLayout.IS_DROPPED);
            end(change);
            change.commit();
        }
    }

    /** Frees a part of what was dropped, for who wants something else: damage there is none of his errors. */
    private void sweepBriefly() {
        try {
            SweepLimit limit = SweepLimit.brief();
            sweepNamed(limit);
            if (!loose.isInside()) {
                loose.sweep(limit);
            }
        } catch (IncompatibleBlockException e) {
            Thread.onSpinWait(); // a drop reports it
        }
    }

    /**
     * Frees all that was dropped, and what was in it, but for what somebody is using.
     *
     * @throws IncompatibleBlockException where something of it is damaged
     */
    private void sweepAll() {
        if (loose.isInside()) {
            sweepNamed(SweepLimit.all()); // the rest comes when the operation is over, and its locks are free
        } else {
            sweepNamed(SweepLimit.allPatiently());
            loose.sweepAll(SweepLimit.allPatiently());
        }
    }

    /** Frees all that was dropped where the heap is full; false where there was nothing. */
    boolean makeRoom() {
        boolean isAny = word(RootLayout.DROPPED) != 0 || !loose.lists().areEmpty();
        if (isAny) {
            sweepWithoutWaiting();
            if (loose.holders().haveDropped() && Shortage.collect()) {
                sweepWithoutWaiting(); // what only handles have kept that nobody refers to
            }
        }
        return isAny;
    }

    private void sweepWithoutWaiting() {
        try {
            sweepNamed(SweepLimit.all());
            loose.sweepAll(SweepLimit.all());
        } catch (IncompatibleBlockException e) {
            Thread.onSpinWait(); // a drop reports it
        }
    }

    /** Frees what was dropped by its name, unless another is at it. */
    private void sweepNamed(SweepLimit limit) {
        if (word(RootLayout.DROPPED) == 0 || !heap.locks().tryLock(heap.rootAt(RootLayout.SWEEP_LOCK))) {
            return;
        }
        try {
            long next;
            for (long entry = word(RootLayout.DROPPED); entry != 0 && !limit.isReached(); entry = next) {
                next = memory.getPlain(entry + RootLayout.NEXT_IN_ENTRY); // only who has the lock takes entries out
                RootKind kind = RootKind.of(RootLayout.kind(memory, entry));
                long header = memory.getPlain(entry + RootLayout.HEADER_IN_ENTRY);
                if (kind != null && kind.structure().dismantle(heap, header, limit)) {
                    free(entry, header);
                } // a kind that is unknown is another version's, which sweeps it
            }
        } finally {
            heap.locks().unlock(heap.rootAt(RootLayout.SWEEP_LOCK));
        }
    }

    /** Takes an entry out of the list of the dropped, whose head may have got others before it. */
    private void free(long entry, long header) {
        heap.locks().lock(heap.rootAt(RootLayout.LOCK));
        try (Change change = heap.change()) {
            long beforeAt = before(heap.rootAt(RootLayout.DROPPED), entry);
            begin(change);
            change.set(beforeAt, memory.getPlain(entry + RootLayout.NEXT_IN_ENTRY));
            change.free(entry);
            change.free(header);
            end(change);
            change.commit();
        } finally {
            heap.locks().unlock(heap.rootAt(RootLayout.LOCK));
        }
    }

    /** Where a list has the word that leads to an entry. */
    private long before(long firstAt, long entry) {
        long at = firstAt;
        for (long steps = 0; memory.getPlain(at) != entry; steps++) {
            if (memory.getPlain(at) == 0 || steps > mostSteps) {
                throw new IncompatibleBlockException("the names of heap \"" + heapName + "\" are damaged: the entry at "
                        + entry + " is not in its list; verify the heap, and make a new one");
            }
            at = memory.getPlain(at) + RootLayout.NEXT_IN_ENTRY;
        }
        return at;
    }

    /** Names all blocks that can be reached by names, and those that are being made or about to be freed. */
    void walk(Check check) {
        long table = word(RootLayout.TABLE);
        if (table != 0 && check.reached(table) != 0) {
            for (int bucket = 0; bucket < RootLayout.BUCKETS; bucket++) {
                walk(memory.getPlain(table + bucket * (long) Long.BYTES), check, false);
            }
        }
        walk(word(RootLayout.DROPPED), check, true);
        loose.lists().walk(check);
        if (word(RootLayout.BEGUN) != word(RootLayout.ENDED)) {
            check.fault(
                    "the directory of names is in the middle of a change: " + word(RootLayout.BEGUN) + " were begun, "
                            + word(RootLayout.ENDED) + " ended");
        }
    }

    private void walk(long first, Check check, boolean isDropped) {
        for (long entry = first; entry != 0
                && check.reached(entry) != 0; entry = memory.getPlain(entry + RootLayout.NEXT_IN_ENTRY)) {
            if (!RootLayout.isReadable(memory, entry)) {
                check.fault("the entry of a name at " + entry + " cannot be read");
                return;
            }
            Root root = RootLayout.root(memory, entry);
            RootKind kind = RootKind.of(root.kind());
            if (kind == null) {
                check.fault("\"" + root.name() + "\" is of kind " + root.kind() + ", unknown to this Cleave");
            } else {
                if (!isHeader(root, isDropped)) {
                    check.fault(
                            "\"" + root.name() + "\" leads to " + root.header() + ", which is not the header that it "
                                    + "was made with");
                } else {
                    kind.structure().walk(heap, root.header(), check);
                }
            }
        }
    }
}
