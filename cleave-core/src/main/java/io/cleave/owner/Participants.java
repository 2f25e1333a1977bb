package io.cleave.owner;

import io.cleave.CleaveException;
import io.cleave.IncompatibleBlockException;
import io.cleave.memory.raw.OwnerIdentity;
import io.cleave.os.CrashPoint;
import io.cleave.os.Errno;
import io.cleave.os.Fcntl;
import io.cleave.os.Mman;
import io.cleave.os.ProcessIdentity;
import io.cleave.os.SigbusGuard;
import io.cleave.os.Stat;
import io.cleave.os.SystemCallException;
import io.cleave.os.Unistd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;

/**
 * The processes that hold locks, told from all that have had or will have their number, and whether they live.
 *
 * <h2>Overview</h2>
 *
 * One file for each directory of blocks and user holds a table of slots. A process takes a slot by an exclusive lock on
 * the byte of the slot's number, and keeps that lock for its life: the lock belongs to the open file description, and
 * the kernel ends it when the process ends, however it ends. It then counts the slot's generation up. Slot and
 * generation are the process; a lock word holds them beside the number of the thread.
 *
 * <p>
 * <b>An owner is dead</b> where its slot has another generation by now, or where nobody holds the slot's lock. A process
 * that takes over a slot locks it first and counts after: between the two the dead owner seems alive, until the next
 * look. It never is the other way round: the generation of a living process does not change.
 *
 * <p>
 * <b>A sign that comes sooner.</b> The kernel frees the memory of a process before it ends its locks, which takes a
 * tenth of a second for each gigabyte or so. So a process that still has its lock is asked for by pid, too, where that
 * means anything here: see {@link ProcessIdentity#isExiting}. That is looked at rarely, as it costs some system calls.
 * The fields that it needs may be those of the slot's next process already; then that one's exit is taken for a sign of
 * the former's, which has ended before it.
 *
 * <p>
 * <b>Which table.</b> Whoever looks an owner up in another table than the one that the owner is in would take the living
 * for dead. So each object that names owners has a word for the seed of its table, the stamp, which the first that
 * attaches sets ({@link #join}); with another stamp there, nobody attaches. A process whose own table has lost its name
 * stamps nothing any more, as nobody else could come to know that table.
 *
 * <p>
 * <b>A forked child</b> has the memory of its parent but is not its parent. What a process knows about itself lies in a
 * page that the kernel fills with zeroes in a child: the child, when it first needs an identity, finds none and takes a
 * slot of its own. It finds its parent's threads' locks held by another process.
 *
 * <p>
 * The file stays when all have ended, as the words that name its slots may.
 */
public final class Participants {
    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
    private static final int PRIVATE_MODE = 0600;
    private static final long NAP_NANOS = 10_000;
    /** How long a process that had its lock and did not seem to exit is not asked for by its pid again. */
    private static final long REST_NANOS = Patience.SLICE_NANOS / 4;

    /** One word: the calling process in the form of {@link ParticipantsLayout#PROCESS}, 0 where it has no slot yet. */
    private static final MemorySegment SELF = wipedOnFork();

    /** The pid of the process that is taking a slot, 0 where none is. A child may find its parent's. */
    private static final AtomicInteger REGISTRAR = new AtomicInteger();

    /** The table, and the descriptor that holds the slot's lock. Written by the registrar, before SELF. */
    private static volatile @Nullable Registry registry;

    private record Registry(MemorySegment table, int fd) {
        long seed() {
            return ParticipantsLayout.seedAcquire(table);
        }
    }

    /** By slot, the process that was seen to exit. Written by whoever sees it. */
    private static final AtomicLongArray EXITING = new AtomicLongArray(ParticipantsLayout.SLOTS + 1);
    /** By slot, when its process was last asked for by its pid. A hint, so races do no harm. */
    private static final AtomicLongArray ASKED = new AtomicLongArray(ParticipantsLayout.SLOTS + 1);

    private Participants() {
    }

    private static MemorySegment wipedOnFork() {
        MemorySegment page = Mman.map(Arena.global(), 4096, Mman.PROT_READ | Mman.PROT_WRITE,
                Mman.MAP_PRIVATE | Mman.MAP_ANONYMOUS, -1, 0);
        SystemCallException.check(Mman.madvise(page, Mman.MADV_WIPEONFORK), "madvise(MADV_WIPEONFORK)",
                "locks need Linux 4.14 or later, to tell a forked child from its parent");
        return page;
    }

    /** The calling thread as an owner: never 0, the three lowest bits clear. */
    public static long me() {
        return process() | (Thread.currentThread().threadId()
                & (ParticipantsLayout.THREADS / 2 - 1)) << ParticipantsLayout.THREAD_SHIFT;
    }

    /** An owner of its own, which is no thread and has not been one before: the upper half of the numbers. */
    public static long newOwner() {
        long number = NEXT_OWNER.getAndIncrement() & (ParticipantsLayout.THREADS / 2 - 1);
        return process() | (ParticipantsLayout.THREADS / 2 + number) << ParticipantsLayout.THREAD_SHIFT;
    }

    private static final AtomicLong NEXT_OWNER = new AtomicLong();

    /** The calling process: slot and generation, never 0. */
    public static long process() {
        long process = (long) LONG.getAcquire(SELF, 0L);
        return process != 0 ? process : register();
    }

    /**
     * Makes sure that an object's owners and the calling process's are those of one table.
     *
     * @param memory where the object lies
     * @param at where its stamp lies, zero in a fresh one
     * @param type what it is, for messages
     * @throws IncompatibleBlockException where its owners are those of another table, or it is fresh and can only be read
     * @throws CleaveException where it is fresh, and the table of this process has lost its name
     */
    public static void join(MemorySegment memory, long at, Class<?> type) {
        process();
        Registry known = known();
        long stamp = (long) LONG.getAcquire(memory, at);
        if (stamp == 0) {
            if (memory.isReadOnly()) {
                throw new IncompatibleBlockException("this " + type.getSimpleName() + " does not say by which table of "
                        + "participants its owners are known, as the first that uses it does, and it can only be read: "
                        + "it is damaged, or nobody has used it yet; open it for writing once, or remove it");
            }
            refuseWithoutName(known);
            stamp = ParticipantsLayout.longOnce(memory, at, known.seed());
        }
        if (stamp != known.seed()) {
            throw new IncompatibleBlockException("the owners of this " + type.getSimpleName()
                    + " are known by the table of participants " + Long.toHexString(stamp) + ", this process by table "
                    + Long.toHexString(known.seed()) + " in " + path() + ", so neither could tell whether the other "
                    + "lives: run all processes that share it as one user with one CLEAVE_DIR; where that file was "
                    + "removed or made anew, end all that use it, then remove the block or fill its memory with zeroes");
        }
    }

    private static void refuseWithoutName(Registry known) {
        if (Stat.fstat(known.fd).links() == 0) {
            throw new CleaveException("the table of participants that this process uses, " + path() + ", was removed "
                    + "while it runs, so no process that starts later could share a new object with it; start this "
                    + "process again, and keep that file (RemoveIPC=no in logind.conf, no tmpfiles rule for it)");
        }
    }

    /** Whether the process of an owner has ended, or will run nothing of a user's any more. */
    public static boolean isDead(long owner) {
        long process = owner & ParticipantsLayout.PROCESS;
        if (process == process() || process == 0) {
            return false; // 0: see SEALED in the layout
        }
        Registry known = known();
        int slot = ParticipantsLayout.slot(owner);
        if (process != ParticipantsLayout.process(slot,
                known.seed() + ParticipantsLayout.countAcquire(known.table, slot))) {
            return true;
        }
        if (EXITING.get(slot) == process) {
            return true;
        }
        int held = Fcntl.testLock(known.fd, Fcntl.F_WRLCK, slot, 1);
        return SystemCallException.check(held, "fcntl(F_OFD_GETLK)", "") == Fcntl.F_UNLCK
                || isExiting(known, slot, process);
    }

    private static boolean isExiting(Registry known, int slot, long process) {
        long now = System.nanoTime();
        long asked = ASKED.get(slot);
        if (asked != 0 && now - asked < REST_NANOS) {
            return false;
        }
        ASKED.set(slot, now);
        try {
            boolean isExiting = ParticipantsLayout.identityOpaque(known.table, slot).isExiting();
            if (isExiting) {
                EXITING.set(slot, process);
            }
            return isExiting;
        } catch (SystemCallException e) {
            if (e.isOutOfDescriptors()) {
                return false; // the kernel's lock will tell, a little later
            }
            throw e;
        }
    }

    /** Whether an owner is of the calling process. */
    public static boolean isOwn(long owner) {
        return (owner & ParticipantsLayout.PROCESS) == process();
    }

    /**
     * Refuses what belongs to another process: a forked child has its parent's handles and none of what it holds.
     *
     * @throws IllegalMonitorStateException where it does
     */
    public static void checkOwn(long owner) {
        if (!isOwn(owner)) {
            throw new IllegalMonitorStateException("this belongs to process " + pid(owner) + ", of which this one is a "
                    + "copy: a forked child does not hold what its parent holds");
        }
    }

    /** The pid of an owner's process, as its own pid namespace has it. */
    public static int pid(long owner) {
        process();
        return ParticipantsLayout.pidOpaque(known().table, ParticipantsLayout.slot(owner));
    }

    /** An owner, for messages. Its process is looked up in the table of the calling process. */
    public static String describe(long owner) {
        if ((owner & ParticipantsLayout.PROCESS) == 0) {
            return "this JVM, which is about to end";
        }
        long number = (owner & ~ParticipantsLayout.PROCESS) >>> ParticipantsLayout.THREAD_SHIFT;
        String who = number < ParticipantsLayout.THREADS / 2 ? "thread " + number
                : "asynchronous hold " + (number - ParticipantsLayout.THREADS / 2);
        return who + " of process " + pid(owner);
    }

    private static Registry known() {
        Registry known = registry;
        if (known == null) {
            throw new IllegalStateException("no process is registered");
        }
        SigbusGuard.requireIntact(known.table);
        return known;
    }

    private static long register() {
        int pid = Unistd.getpid();
        while (true) {
            int registrar = REGISTRAR.get();
            if (registrar != pid && REGISTRAR.compareAndSet(registrar, pid)) {
                break;
            }
            Patience.nap(NAP_NANOS); // another thread of this process is at it, perhaps a virtual one
            long process = (long) LONG.getAcquire(SELF, 0L);
            if (process != 0) {
                return process;
            }
        }
        try {
            long process = (long) LONG.getAcquire(SELF, 0L);
            if (process == 0) {
                process = open();
                OwnerIdentity.process(process);
                LONG.setRelease(SELF, 0L, process);
            }
            return process;
        } finally {
            REGISTRAR.set(0);
        }
    }

    /** Takes a slot, from the making of the file on; where that fails nothing stays open. */
    private static long open() {
        Path file = path();
        int fd = openFile(file);
        boolean done = false;
        Registry inherited = registry; // a forked child's: the mapping is good, the descriptor may not be
        Arena arena = inherited == null ? Arena.ofShared() : Arena.global();
        try {
            MemorySegment table = inherited == null ? map(arena, file, fd) : checkInherited(inherited, file, fd);
            long process = takeSlot(table, fd);
            registry = new Registry(table, fd);
            done = true;
            return process;
        } finally {
            if (!done) {
                Unistd.close(fd);
                if (inherited == null) {
                    arena.close();
                }
            }
        }
    }

    /** A child goes on with its parent's table, if the path still names it. */
    private static MemorySegment checkInherited(Registry inherited, Path file, int fd) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment seed = arena.allocate(Long.BYTES, Long.BYTES);
            if (Unistd.pread(fd, seed, ParticipantsLayout.SEED_AT) != Long.BYTES
                    || (long) LONG.get(seed, 0L) != inherited.seed()) {
                throw new CleaveException("the table of participants of this forked child's parent, " + file
                        + ", was removed or replaced while the parent runs, so the child cannot join it; start the "
                        + "parent again, and keep that file (RemoveIPC=no in logind.conf, no tmpfiles rule for it)");
            }
        }
        return inherited.table;
    }

    private static Path path() {
        String directory = System.getenv("CLEAVE_DIR");
        return Path.of(directory == null || directory.isEmpty() ? "/dev/shm" : directory).toAbsolutePath()
                .resolve("cleave-participants.v3." + Integer.toUnsignedString(Unistd.geteuid()));
    }

    private static int openFile(Path file) {
        int fd = Fcntl.open(file.toString(), Fcntl.O_RDWR | Fcntl.O_CREAT | Fcntl.O_NOFOLLOW, PRIVATE_MODE);
        SystemCallException.check(fd, "open(" + file + ")", "locks need a file there that this user may write "
                + "to, to know whose processes live; name another directory in CLEAVE_DIR");
        CrashPoint.reached();
        return fd;
    }

    /** Maps the file from a description of its own, because a mapping keeps the locks of its description. */
    private static MemorySegment map(Arena arena, Path file, int fd) {
        Stat.FileStatus status = Stat.fstat(fd);
        if (status.uid() != Unistd.geteuid() || (status.mode() & 077) != 0 || !status.isRegular()) {
            throw new CleaveException(file + " must be a regular file of this user's with mode 600; delete it while "
                    + "no process uses locks");
        }
        int reserved = Fcntl.fallocate(fd, 0, 0, ParticipantsLayout.FILE_BYTES);
        SystemCallException.check(
                reserved == -Errno.EINTR ? Fcntl.fallocate(fd, 0, 0, ParticipantsLayout.FILE_BYTES) : reserved,
                "fallocate(" + file + ", " + ParticipantsLayout.FILE_BYTES + " bytes)", "free some space there");
        CrashPoint.reached();
        int second = SystemCallException.check(Fcntl.reopen(fd, Fcntl.O_RDWR), "open(/proc/self/fd/" + fd + ")",
                "locks need /proc to be mounted, and a free file descriptor (ulimit -n)");
        try {
            MemorySegment table = Mman.map(arena, ParticipantsLayout.FILE_BYTES, Mman.PROT_READ | Mman.PROT_WRITE,
                    Mman.MAP_SHARED, second, 0);
            SigbusGuard.watch(table.address(), table.byteSize(), Mman.PROT_READ | Mman.PROT_WRITE, file);
            long magic = ParticipantsLayout.longOnce(table, ParticipantsLayout.MAGIC_AT, ParticipantsLayout.MAGIC);
            if (magic != ParticipantsLayout.MAGIC) {
                throw new CleaveException(
                        file + " begins with " + Long.toHexString(magic) + ", this Cleave reads files "
                                + "that begin with " + Long.toHexString(ParticipantsLayout.MAGIC)
                                + "; delete it while no process uses locks");
            }
            if (ParticipantsLayout.seedAcquire(table) == 0) {
                ParticipantsLayout.longOnce(table, ParticipantsLayout.SEED_AT, new SecureRandom().nextLong() | 1);
            }
            return table;
        } finally {
            Unistd.close(second);
        }
    }

    private static long takeSlot(MemorySegment table, int fd) {
        int first = ParticipantsLayout.nextIncrement(table);
        for (int i = 0; i < ParticipantsLayout.SLOTS; i++) {
            int slot = Integer.remainderUnsigned(first + i, ParticipantsLayout.SLOTS) + 1;
            int result = Fcntl.setLock(fd, Fcntl.F_WRLCK, slot, 1);
            if (result == -Errno.EAGAIN || result == -Errno.EACCES) {
                continue;
            }
            SystemCallException.check(result, "fcntl(F_OFD_SETLK)", "");
            CrashPoint.reached();
            long count = ParticipantsLayout.countAcquire(table, slot) + 1;
            ParticipantsLayout.identityOpaque(table, slot, ProcessIdentity.current());
            ParticipantsLayout.countRelease(table, slot, count);
            return ParticipantsLayout.process(slot, ParticipantsLayout.seedAcquire(table) + count);
        }
        throw new CleaveException(
                "all " + ParticipantsLayout.SLOTS + " slots for processes that use locks are taken in "
                        + path() + "; end some of them, or give some a CLEAVE_DIR of their own");
    }
}
