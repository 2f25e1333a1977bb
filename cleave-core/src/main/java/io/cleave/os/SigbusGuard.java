package io.cleave.os;

import static io.cleave.os.Native.LONG;

import io.cleave.IncompatibleBlockException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.VarHandle;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * What keeps this JVM alive when somebody truncates a file that it has mapped: a handler of {@code SIGBUS} in machine code
 * ({@code sigbusguard.c}), and the table of the mappings that it is for.
 *
 * <h2>Overview</h2>
 *
 * HotSpot's own handler notes an {@link InternalError} for the thread, and goes on behind the instruction that failed. That
 * ends the JVM where HotSpot does not know the instruction (a load of an {@code int} into a {@code long}), where the code
 * is none of a method's ({@code mismatch}, compare-and-set in interpreted code), and where compiled code relies on what a load
 * cannot have left in its register (a byte as the index of an array of 256). So, for a fault in a mapping of the table, the
 * handler
 * <ol>
 * <li>marks the mapping, so that what Cleave does with it later is an error ({@link #requireIntact});
 * <li>shows HotSpot the instruction, or one nearby that it is known to know, so that it notes the error if it can;
 * <li>puts a page of zeroes there, of this mapping's own, and has the instruction repeated. Only where HotSpot goes on at the
 * end of a copy is that left to it.
 * </ol>
 * So who first meets a missing page gets an error, where one can be noted, and it holds zeroes from then on.
 * All other faults are HotSpot's, whose handler is called as if there were no other.
 *
 * <p>
 * The handler waits for no lock for long. A slot of the table has the end of its mapping written first when it is freed and last when it
 * is taken ({@code SYNC: slot}). A mapping leaves the table before it is unmapped. A forked child goes on with its copy of all.
 *
 * <p>
 * It is installed when the first file is mapped, which takes some 3 ms in a JVM that has just been started: there each class,
 * each lambda and each downcall of a shape of its own counts.
 */
public final class SigbusGuard {
    /** The property that switches it off, by the value {@code false}. */
    private static final String PROPERTY = "cleave.sigbusGuard";
    private static final String HOTSPOTS_HANDLER = "JVM_handle_linux_signal";
    private static final int SIGBUS = 7;

    /** More mappings than a process can have, unless {@code vm.max_map_count} was raised. */
    private static final long SLOTS = 1 << 17;
    /** As many threads may take a slot at once. */
    private static final long SPARE_SLOTS = 1 << 12;
    private static final long SLOT_BYTES = 32;
    private static final long FROM_AT = 0;
    private static final long TO_AT = 8;
    private static final long PROTECTION_AT = 16;
    private static final long SLOT_FAULTS_AT = 24;

    private static final long STATE_BYTES = 40;
    private static final long BEFORE_AT = 0;
    private static final long HOTSPOT_AT = 8;
    private static final long SLOTS_AT = 16;
    private static final long FAULTS_AT = 24;

    /** How many mappings of the table are marked, for a moment less. Raised by the handler. */
    private static final MemorySegment FAULTS = Arena.global().allocate(LONG);
    /** What is in the table, by its beginning. Without locks, as a forked child goes on with a copy. */
    private static final ConcurrentSkipListMap<Long, Watched> WATCHED = new ConcurrentSkipListMap<>();

    private static final class Watched {
        final long to;
        final MemorySegment slot;
        final Object file;

        Watched(long to, MemorySegment slot, Object file) {
            this.to = to;
            this.slot = slot;
            this.file = file;
        }
    }

    /** A slot that is free, and those that were free before it. */
    private static final class Free {
        final MemorySegment slot;
        final @Nullable Free next;

        Free(MemorySegment slot, @Nullable Free next) {
            this.slot = slot;
            this.next = next;
        }
    }

    private final long code;
    private final MemorySegment table;
    /** How many slots have ever been taken. */
    private final AtomicLong taken = new AtomicLong();
    private final AtomicReference<@Nullable Free> free = new AtomicReference<>();

    /** The one of this process, made when the first file is mapped. */
    private static final class Instance {
        static final @Nullable SigbusGuard GUARD;
        static final @Nullable String REFUSAL;

        static {
            SigbusGuard guard = null;
            String refusal = null;
            try {
                guard = new SigbusGuard();
            } catch (IOException | RuntimeException e) {
                refusal = String.valueOf(e.getMessage());
            }
            GUARD = guard;
            REFUSAL = refusal;
        }
    }

    private SigbusGuard() throws IOException {
        if ("false".equals(System.getProperty(PROPERTY))) {
            throw new UnsupportedOperationException("-D" + PROPERTY + "=false");
        }
        if (!System.getProperty("os.arch", "").equals("amd64")) {
            throw new UnsupportedOperationException(
                    "the processor is " + System.getProperty("os.arch") + ", and its machine code is for x86-64");
        }
        if (JvmOptions.checksJni()) {
            throw new UnsupportedOperationException("-Xcheck:jni complains of handlers that are not HotSpot's");
        }
        long hotSpot = hotSpotsHandler();
        Sigaction before = Sigaction.of(SIGBUS);
        checkHandler(before, hotSpot);
        long tableBytes = (SLOTS + SPARE_SLOTS) * SLOT_BYTES;
        table = Native.memory(Mman.checked(Mman.mmap(tableBytes, Mman.PROT_READ | Mman.PROT_WRITE,
                Mman.MAP_PRIVATE | Mman.MAP_ANONYMOUS | Mman.MAP_NORESERVE, -1, 0), tableBytes), tableBytes);
        code = MachineCode.map(SigbusGuardCode.BASE64, SigbusGuardCode.STATE, STATE_BYTES);
        MemorySegment state = Native.memory(code + SigbusGuardCode.STATE, STATE_BYTES);
        state.set(LONG, BEFORE_AT, before.handler());
        state.set(LONG, HOTSPOT_AT, hotSpot);
        state.set(LONG, SLOTS_AT, table.address());
        state.set(LONG, FAULTS_AT, FAULTS.address());
        Sigaction own = new Sigaction(code + SigbusGuardCode.SIGBUS, before.flags(), before.mask());
        if (!own.install(SIGBUS)) {
            throw new UnsupportedOperationException("the system refuses a handler of SIGBUS");
        }
    }

    /** What libjvm exports for handlers like this one. A program that has loaded it may keep its symbols to itself. */
    private static long hotSpotsHandler() {
        MemorySegment found = Native.findAnywhere(HOTSPOTS_HANDLER).orElse(null);
        return (found != null ? found
                : SymbolLookup.libraryLookup("libjvm.so", Arena.global()).findOrThrow(HOTSPOTS_HANDLER)).address();
    }

    /** The handler that is there has to be HotSpot's, which is to be had when this one does not know what to do. */
    private static void checkHandler(Sigaction action, long hotSpot) {
        if ((action.flags() & Sigaction.SA_SIGINFO) == 0 || !Native.isSameLibrary(action.handler(), hotSpot)) {
            throw new UnsupportedOperationException("another library handles SIGBUS");
        }
        if (Native.find("gnu_get_libc_version").isEmpty()) {
            throw new UnsupportedOperationException("the C library is not glibc");
        }
    }

    /**
     * Takes a mapping of a file that others can truncate into the table, until {@link Mman#munmap} ends it. Where the guard
     * cannot be had, or the table is full, nothing.
     *
     * @param address where the mapping begins
     * @param byteSize its length
     * @param protection {@link Mman#PROT_READ} and so on
     * @param file its {@code toString()} is what errors call it
     */
    public static void watch(long address, long byteSize, int protection, Object file) {
        SigbusGuard guard = Instance.GUARD;
        MemorySegment slot = guard == null ? null : guard.takeSlot();
        if (guard != null && slot != null) {
            Watched stale = WATCHED.put(address, new Watched(address + byteSize, slot, file));
            if (stale != null) { // somebody has unmapped it without a word
                guard.freeSlot(stale.slot);
            }
            slot.set(LONG, FROM_AT, address);
            slot.set(LONG, PROTECTION_AT, protection);
            unmark(slot); // again, as a fault in who had it last may have been under way
            setTo(slot, address + byteSize);
        }
    }

    private @Nullable MemorySegment takeSlot() {
        for (Free first = free.get(); first != null; first = free.get()) {
            if (free.compareAndSet(first, first.next)) {
                return first.slot;
            }
        }
        return taken.get() >= SLOTS ? null : table.asSlice(taken.getAndIncrement() * SLOT_BYTES, SLOT_BYTES);
    }

    /** By a fence, as a handle's release takes classes of its own, which cost more than all the rest. */
    private static void setTo(MemorySegment slot, long to) {
        VarHandle.releaseFence(); // SYNC: slot
        slot.set(LONG, TO_AT, to);
        VarHandle.storeStoreFence();
    }

    private void freeSlot(MemorySegment slot) {
        setTo(slot, 0);
        unmark(slot);
        Free first;
        do {
            first = free.get();
        } while (!free.compareAndSet(first, new Free(slot, first)));
    }

    /** Needed once there has been a fault. */
    private static final class Atomic {
        static final VarHandle WORD = LONG.varHandle();
    }

    private static void unmark(MemorySegment slot) {
        if (slot.get(LONG, SLOT_FAULTS_AT) != 0 && (long) Atomic.WORD.getAndSet(slot, SLOT_FAULTS_AT, 0L) != 0) {
            Atomic.WORD.getAndAdd(FAULTS, 0L, -1L);
        }
    }

    /** Takes a mapping out of the table, if it is there. */
    static void forget(long address) {
        Watched watched = WATCHED.remove(address);
        SigbusGuard guard = watched == null ? null : Instance.GUARD;
        if (watched != null && guard != null) {
            guard.freeSlot(watched.slot);
        }
    }

    /**
     * Throws where an access to a mapping has failed since it was made: what is read there may be zeroes, and what is written
     * may reach nobody. Costs one load, unless a mapping is there of which that is true.
     *
     * @param memory any part of it
     * @throws IncompatibleBlockException where it has
     */
    public static void requireIntact(MemorySegment memory) {
        if (FAULTS.get(LONG, 0) != 0) { // first: compiled code then does not look at the segment
            requireUnmarked(memory.address());
        }
    }

    private static void requireUnmarked(long address) {
        Watched marked = marked(address);
        if (marked != null) {
            throw new IncompatibleBlockException(marked.file
                    + " cannot be used any more through this handle: somebody has cut it short, and a part that was "
                    + "accessed was missing; nobody may truncate a block. Close the handle, and make the block anew");
        }
    }

    /**
     * Whether no access to a mapping has failed since it was made.
     *
     * @param address an address in it
     * @return false where one has
     */
    public static boolean isIntact(long address) {
        return FAULTS.get(LONG, 0) == 0 || marked(address) == null;
    }

    /**
     * How many mappings are there of which {@link #isIntact} is not true.
     *
     * @return 0 or more
     */
    public static long marked() {
        return FAULTS.get(LONG, 0);
    }

    /** The mapping of an address, where it is marked. */
    private static @Nullable Watched marked(long address) {
        Map.Entry<Long, Watched> entry = WATCHED.floorEntry(address);
        Watched watched = entry == null ? null : entry.getValue();
        return watched == null || address >= watched.to || watched.slot.get(LONG, SLOT_FAULTS_AT) == 0 ? null
                : watched;
    }

    /**
     * Why the guard is not there; asks for it first.
     *
     * @return the reason, or null where it is in force
     */
    public static @Nullable String refusal() {
        SigbusGuard guard = Instance.GUARD;
        if (guard == null) {
            return Instance.REFUSAL;
        }
        return Sigaction.of(SIGBUS).handler() == guard.code + SigbusGuardCode.SIGBUS ? null
                : "another library has taken SIGBUS since";
    }
}
