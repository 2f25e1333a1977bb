package io.cleave.sync;

import io.cleave.CleaveException;
import io.cleave.os.CrashPoint;
import io.cleave.os.Errno;
import io.cleave.os.Fcntl;
import io.cleave.os.Mman;
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
 * look. It never is the other way round: the generation of a living process does not change. Pids do not matter (one is
 * kept in the slot for messages), so their reuse, zombies and pid namespaces do not either.
 *
 * <p>
 * <b>A forked child</b> has the memory of its parent but is not its parent. What a process knows about itself lies in a
 * page that the kernel fills with zeroes in a child: the child, when it first needs an identity, finds none and takes a
 * slot of its own. It finds its parent's threads' locks held by another process. A child that keeps its parent's
 * descriptors keeps its parent's slot locked until it ends, too.
 *
 * <p>
 * The file stays when all have ended, as the words that name its slots may. Whoever deletes it while processes run
 * splits them into those that know the old one and those that know the new one, and neither take the other for alive.
 */
final class Participants {
    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
    private static final int PRIVATE_MODE = 0600;

    /** One word: the calling process in the form of {@link ParticipantsLayout#PROCESS}, 0 where it has no slot yet. */
    private static final MemorySegment SELF = wipedOnFork();

    /** The pid of the process that is taking a slot, 0 where none is. A child may find its parent's. */
    private static final AtomicInteger REGISTRAR = new AtomicInteger();

    /** The table, and the descriptor that holds the slot's lock. Written by the registrar, before SELF. */
    private static volatile @Nullable Registry registry;

    private record Registry(MemorySegment table, int fd) {}

    private Participants() {
    }

    private static MemorySegment wipedOnFork() {
        MemorySegment page = Mman.map(Arena.global(), 4096, Mman.PROT_READ | Mman.PROT_WRITE,
                Mman.MAP_PRIVATE | Mman.MAP_ANONYMOUS, -1, 0);
        SystemCallException.check(Mman.madvise(page, Mman.MADV_WIPEONFORK), "madvise(MADV_WIPEONFORK)",
                "locks need Linux 4.14 or later, to tell a forked child from its parent");
        return page;
    }

    /** The calling thread as an owner: never 0, the two lowest bits clear. */
    static long me() {
        return process() | (Thread.currentThread().threadId()
                & (ParticipantsLayout.THREADS - 1)) << ParticipantsLayout.THREAD_SHIFT;
    }

    /** The calling process: slot and generation, never 0. */
    static long process() {
        long process = (long) LONG.getAcquire(SELF, 0L);
        return process != 0 ? process : register();
    }

    /** Whether the process of an owner has ended. */
    static boolean isDead(long owner) {
        long process = owner & ParticipantsLayout.PROCESS;
        if (process == process()) {
            return false;
        }
        Registry known = known();
        int slot = ParticipantsLayout.slot(owner);
        long generation = ParticipantsLayout.seedAcquire(known.table)
                + ParticipantsLayout.countAcquire(known.table, slot);
        if (process != ParticipantsLayout.process(slot, generation)) {
            return true;
        }
        int held = Fcntl.testLock(known.fd, Fcntl.F_WRLCK, slot, 1);
        return SystemCallException.check(held, "fcntl(F_OFD_GETLK)", "") == Fcntl.F_UNLCK;
    }

    /** The pid of an owner's process, as its own pid namespace has it. */
    static int pid(long owner) {
        process();
        return ParticipantsLayout.pidOpaque(known().table, ParticipantsLayout.slot(owner));
    }

    private static Registry known() {
        Registry known = registry;
        if (known == null) {
            throw new IllegalStateException("no process is registered");
        }
        return known;
    }

    private static long register() {
        int pid = Unistd.getpid();
        while (true) {
            int registrar = REGISTRAR.get();
            if (registrar != pid && REGISTRAR.compareAndSet(registrar, pid)) {
                break;
            }
            Thread.onSpinWait(); // another thread of this process is at it, which takes microseconds
            long process = (long) LONG.getAcquire(SELF, 0L);
            if (process != 0) {
                return process;
            }
        }
        try {
            long process = (long) LONG.getAcquire(SELF, 0L);
            if (process == 0) {
                process = takeSlot(open());
                LONG.setRelease(SELF, 0L, process);
            }
            return process;
        } finally {
            REGISTRAR.set(0);
        }
    }

    private static Registry open() {
        Path file = path();
        int fd = openFile(file);
        boolean done = false;
        try {
            Registry inherited = registry; // a forked child's: the mapping is good, the descriptor may not be
            Registry opened = new Registry(inherited == null ? map(file, fd) : inherited.table, fd);
            registry = opened;
            done = true;
            return opened;
        } finally {
            if (!done) {
                Unistd.close(fd);
            }
        }
    }

    private static Path path() {
        String directory = System.getenv("CLEAVE_DIR");
        return Path.of(directory == null || directory.isEmpty() ? "/dev/shm" : directory).toAbsolutePath()
                .resolve("cleave-participants." + Integer.toUnsignedString(Unistd.geteuid()));
    }

    private static int openFile(Path file) {
        int fd = Fcntl.open(file.toString(), Fcntl.O_RDWR | Fcntl.O_CREAT | Fcntl.O_NOFOLLOW, PRIVATE_MODE);
        SystemCallException.check(fd, "open(" + file + ")", "locks need a file there that this user may write "
                + "to, to know whose processes live; name another directory in CLEAVE_DIR");
        CrashPoint.reached();
        return fd;
    }

    /** Maps the file from a description of its own, because a mapping keeps the locks of its description. */
    private static MemorySegment map(Path file, int fd) {
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
        int second = SystemCallException.check(Fcntl.reopen(fd, Fcntl.O_RDWR), "open(/proc/self/fd/" + fd + ")", "");
        try {
            MemorySegment table = Mman.map(Arena.global(), ParticipantsLayout.FILE_BYTES,
                    Mman.PROT_READ | Mman.PROT_WRITE, Mman.MAP_SHARED, second, 0);
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

    private static long takeSlot(Registry opened) {
        MemorySegment table = opened.table;
        int first = ParticipantsLayout.nextIncrement(table);
        for (int i = 0; i < ParticipantsLayout.SLOTS; i++) {
            int slot = Integer.remainderUnsigned(first + i, ParticipantsLayout.SLOTS) + 1;
            int result = Fcntl.setLock(opened.fd, Fcntl.F_WRLCK, slot, 1);
            if (result == -Errno.EAGAIN || result == -Errno.EACCES) {
                continue;
            }
            SystemCallException.check(result, "fcntl(F_OFD_SETLK)", "");
            CrashPoint.reached();
            long count = ParticipantsLayout.countAcquire(table, slot) + 1;
            ParticipantsLayout.pidOpaque(table, slot, Unistd.getpid());
            ParticipantsLayout.countRelease(table, slot, count);
            return ParticipantsLayout.process(slot, ParticipantsLayout.seedAcquire(table) + count);
        }
        throw new CleaveException(
                "all " + ParticipantsLayout.SLOTS + " slots for processes that use locks are taken in "
                        + path());
    }
}
