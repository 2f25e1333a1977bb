package io.cleave.memory;

import io.cleave.AllocationException;
import io.cleave.CleaveException;
import io.cleave.IncompatibleBlockException;
import io.cleave.os.CrashPoint;
import io.cleave.os.Errno;
import io.cleave.os.Fcntl;
import io.cleave.os.Mman;
import io.cleave.os.Stat;
import io.cleave.os.Stat.FileStatus;
import io.cleave.os.SystemCallException;
import io.cleave.os.Unistd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One open description of a block's file, with the locks that say who is attached.
 *
 * <h2>Overview</h2>
 *
 * Two bytes of the file's lock table carry the whole protocol. Locks belong to an open file description, so that each
 * handle counts by itself and the kernel gives up those of a process that dies, however it dies.
 *
 * <pre>
 * lock         held shared by             held exclusive by
 * ATTACHED     each handle, all its life  who found nobody attached and is about to remove the name
 * NAME         nobody                     who is about to unlink, while it compares the name with its file
 * </pre>
 *
 * The mapping is made from another description, which is closed at once: a mapping keeps its description and thereby
 * the locks of that, and a forked child inherits every mapping. So a child counts as attached only while it has the
 * descriptor itself.
 *
 * <p>
 * <b>create</b>: unnamed file, its pages reserved, header written, lock ATTACHED shared, and only then linkat(2), which
 * fails where the name is taken: one of many creators wins. Killed before linkat, nothing is left, as the kernel frees
 * unnamed files. Killed after it, a complete block is left that nobody is attached to: an orphan. It can never be seen
 * half made, nor without its creator's lock.
 *
 * <p>
 * <b>open</b>: open the path; ask who holds ATTACHED.
 * <ul>
 * <li>Shared by somebody: take it shared, then look whether the path still names this file. If so, nobody can remove
 * the name any more without finding this lock (SYNC: attached). If not, or if the lock is refused, a removal was under
 * way: begin again.
 * <li>Exclusive: a removal is under way: begin again.
 * <li>Nobody, persistent: as with shared.
 * <li>Nobody, not persistent: an orphan; remove it, begin again.
 * </ul>
 * Every shared lock was taken at sight of another, the creator's in the end, so an orphan never comes back to life.
 * Killed anywhere here, the lock goes with the process, and the block is what it was or an orphan.
 *
 * <p>
 * <b>close</b>: give the shared lock up; then try to take ATTACHED exclusive; with it, remove the name.
 * <ul>
 * <li>Two closers cannot both leave the block: each tries after its own lock is gone, so the one that tries last meets
 * no shared lock of the other. If it is refused by an exclusive one, the holder of that is removing the name.
 * <li>A failed opener closes in the same way, because a closer may have been refused on its account.
 * <li>Nobody's block is removed while attached: the exclusive lock excludes all shared ones, and until it ends every
 * opener is refused and looks at the path again after the name is gone.
 * <li>Killed between any of these steps: an orphan, or nothing.
 * </ul>
 *
 * <p>
 * <b>Held objects.</b> A block whose content says that somebody holds the object in it, or has died holding it, keeps
 * its name ({@link Holders}): closers and sweepers look once they have ATTACHED exclusive, and leave it; openers
 * attach to it as to a persistent one, and get it with its content. At the normal end of a JVM, whose other threads
 * still run, the last of its handles that is not for reading only takes ATTACHED exclusive by converting its shared
 * lock, makes sure by {@link Holders#seal} that no thread can come to hold the object any more, and removes the name;
 * where somebody holds it, or another process is attached, it keeps its lock until the process has ended.
 *
 * <p>
 * <b>Removing the name</b>, by closers, sweepers and unlink() alike: take NAME exclusive, compare the path's inode with
 * this file's, unlink. A new block can bear the name only after this file has lost it, which nobody does without NAME
 * of this file; so between comparison and unlink the path cannot come to name another (SYNC: name).
 *
 * <p>
 * <b>Rewriting.</b> Two more bytes serve blocks whose content is written once and then looked at:
 *
 * <pre>
 * lock         held shared by             held exclusive by
 * VIEWED       who looks at the content   the block's maker, while it writes other content
 * OWNED        the block's maker          nobody
 * </pre>
 *
 * The maker rewrites a block that it keeps attached: VIEWED exclusive, write, rename(2), VIEWED given up. Who looks at
 * it takes VIEWED shared after ATTACHED, and then makes sure that the content is the one that it came for: it may have
 * opened the file by its former name. So content never changes under a view, and what is seen through a new name is
 * complete (SYNC: viewed). A maker that is killed at it leaves an orphan, as everybody else is only passing through.
 */
final class BlockFile implements AutoCloseable {
    /** The byte that stands for being attached. */
    static final long ATTACHED_BYTE = 0;
    /** The byte that stands for the right to unlink the name. */
    private static final long NAME_BYTE = 1;
    /** The byte that stands for looking at the content. */
    private static final long VIEWED_BYTE = 2;
    /** The byte that stands for having made the block and taking care of it. */
    private static final long OWNED_BYTE = 3;

    private static final int PRIVATE_MODE = 0600;
    private static final int GROUP_MODE = 0660;

    private final int fd;
    private final int pid = Unistd.getpid();
    /** Where its name is or will be; null for a block that has none. Changed by {@link #name} and {@link #rename}. */
    private volatile @Nullable String path;
    private final FileStatus status;
    /** Guarded by this. */
    private boolean closed;
    /** Whether this description holds VIEWED shared. */
    private boolean isViewing;
    /** How many share this description, each of whom leaves it; 0 when the last one has. Guarded by this. */
    private int users = 1;
    /** What follows when the last one has left; guarded by this. */
    private @Nullable Runnable whenLeft;
    /** Whether it never gets a name, so that nobody else can come to truncate it; it is sealed, too. */
    private boolean isAnonymous;
    /** What the length of a mapping is a multiple of: more than a byte for a file of huge pages. */
    private long granule = 1;

    /** What {@link #tryAttach} came to. */
    enum Attempt {
        /** The shared lock is held and the path names this file. */
        ATTACHED,
        /** It was an orphan, and its name has been removed; or its name had been removed before. */
        GONE,
        /** Somebody else is about to remove its name. */
        BUSY
    }

    /** Says whether a header is what an opener wants, by throwing where it is not. */
    interface Demand {
        void check(BlockHeader header);
    }

    private BlockFile(int fd, @Nullable String path) {
        this.fd = fd;
        this.path = path;
        try {
            this.status = Stat.fstat(fd);
        } catch (RuntimeException e) {
            Unistd.close(fd);
            throw e;
        }
    }

    /** An unnamed file in a directory, which gets the name {@code path} by {@link #link}. */
    static BlockFile unnamed(String directory, @Nullable String path, BlockAccess access) {
        int fd = Fcntl.open(directory, Fcntl.O_TMPFILE | Fcntl.O_RDWR, PRIVATE_MODE);
        if (fd == -Errno.EOPNOTSUPP || fd == -Errno.EISDIR) {
            throw new SystemCallException("open(" + directory + ", O_TMPFILE)", -fd, "blocks need a file system with "
                    + "unnamed files, such as tmpfs, ext4 or xfs; name a directory of one in CLEAVE_DIR");
        }
        refuseWhenFull(fd, directory);
        SystemCallException.check(fd, "open(" + directory + ", O_TMPFILE)",
                "blocks need a directory that this user may write to; name one in CLEAVE_DIR");
        BlockFile file = new BlockFile(fd, path);
        if (access == BlockAccess.GROUP) {
            int result = Fcntl.fchmod(fd, GROUP_MODE); // which the umask has no part in
            if (result < 0) {
                file.close();
                throw new SystemCallException("fchmod(660)", -result, "");
            }
        }
        return file;
    }

    /**
     * A file that never gets a name, of huge pages.
     *
     * @return the file, or null where the system has none to give
     */
    static @Nullable BlockFile anonymousHuge(long fileBytes) {
        long page = HugePages.byteSize();
        long length = HugePages.rounded(fileBytes);
        int fd = page <= 0 || length <= 0 ? -1
                : Mman.memfd_create("cleave", Mman.MFD_CLOEXEC | Mman.MFD_ALLOW_SEALING | Mman.MFD_HUGETLB);
        if (fd < 0) {
            return null;
        }
        BlockFile file = new BlockFile(fd, null);
        file.isAnonymous = true;
        file.granule = page;
        boolean done = false;
        try {
            int result;
            do {
                result = Fcntl.fallocate(fd, 0, 0, length); // reserves them, so that no store can fail for want of one
            } while (result == -Errno.EINTR);
            if (result < 0) {
                return null;
            }
            file.seal();
            done = true;
            return file;
        } finally {
            if (!done) {
                file.close();
            }
        }
    }

    /** A file that never gets a name. */
    static BlockFile anonymous() {
        int fd = Mman.memfd_create("cleave", Mman.MFD_CLOEXEC | Mman.MFD_ALLOW_SEALING);
        BlockFile file = new BlockFile(SystemCallException.check(fd, "memfd_create", "where a seccomp profile forbids "
                + "it (see cleave doctor), allow it, or make a block with a name"), null);
        file.isAnonymous = true;
        return file;
    }

    /**
     * Opens the file that a path names, without any lock.
     *
     * @return the file, or null where nothing bears that name
     * @throws IncompatibleBlockException where it is not a regular file that this user alone, or its group, may access
     */
    static @Nullable BlockFile existing(String path, BlockAccess access) {
        return existing(path, access, Fcntl.O_RDWR);
    }

    /** Opens a file only to look at it, which nobody who watches it takes for a change. */
    static @Nullable BlockFile glance(String path) {
        return existing(path, BlockAccess.GROUP, Fcntl.O_RDONLY);
    }

    private static @Nullable BlockFile existing(String path, BlockAccess access, int mode) {
        FileStatus found = lookAt(path);
        if (found == null) {
            return null;
        }
        String fault = access.faultOf(found);
        if (!fault.isEmpty()) {
            throw new IncompatibleBlockException(path + " is no block of yours: " + fault);
        }
        int fd = Fcntl.open(path, mode | Fcntl.O_NOFOLLOW | Fcntl.O_NONBLOCK, 0);
        if (fd == -Errno.ENOENT) {
            return null;
        }
        BlockFile file = new BlockFile(SystemCallException.check(fd, "open(" + path + ")",
                "only its owner and, where it was made for them, members of its group may open a block"), path);
        fault = access.faultOf(file.status); // another file may have taken the name since
        if (!fault.isEmpty()) {
            file.close();
            throw new IncompatibleBlockException(path + " is no block of yours: " + fault);
        }
        return file;
    }

    /** What the path names now, links not followed; null where it names nothing. */
    static @Nullable FileStatus lookAt(String path) {
        FileStatus[] into = new FileStatus[1];
        int result = Stat.lstat(path, into);
        if (result == -Errno.ENOENT) {
            return null;
        }
        SystemCallException.check(result, "statx(" + path + ")", "");
        return into[0];
    }

    /** Gives the file its pages: header and user's bytes. */
    void reserve(long fileBytes, @Nullable String directory) {
        BlockSpace.reserve(fd, 0, fileBytes, directory);
        if (path == null) {
            seal();
        }
    }

    /**
     * Gives a part of the file its pages, while nobody closes the descriptor.
     *
     * @throws IllegalStateException where it is closed
     */
    synchronized void reserve(long at, long bytes, String directory) {
        if (closed) {
            throw new IllegalStateException(path + " is closed; open it again");
        }
        if (reservedBytes() < at + bytes) { // else it has all of them, unless it is a copy with holes
            BlockSpace.check(bytes, directory);
        }
        BlockSpace.reserve(fd, at, bytes, directory);
    }

    /** How many bytes of the file have memory. */
    synchronized long reservedBytes() {
        return closed ? 0 : Stat.fstat(fd).allocatedBytes();
    }

    /** Whether it is the parent's of this process, which has been forked: its descriptor may be another file's here. */
    boolean isInherited() {
        return pid != Unistd.getpid();
    }

    private void seal() {
        int seals = Fcntl.F_SEAL_SHRINK | Fcntl.F_SEAL_GROW | Fcntl.F_SEAL_SEAL;
        SystemCallException.check(Fcntl.fcntl(fd, Fcntl.F_ADD_SEALS, seals), "fcntl(F_ADD_SEALS)", "");
    }

    /** The descriptor, for who maps the file. */
    int descriptor() {
        return fd;
    }

    /** A length rounded up to what a mapping's length is a multiple of. */
    long mappedLength(long fileBytes) {
        return granule == 1 ? fileBytes : HugePages.rounded(fileBytes);
    }

    /** Attaches to a file that has no name yet, so that nobody can be in the way. */
    void attachFresh() {
        if (!lock(ATTACHED_BYTE, Fcntl.F_RDLCK)) { // SYNC: attached
            throw new CleaveException("somebody has locked a block that has no name yet");
        }
    }

    /** Says which name {@link #link} is to give. */
    void name(String path) {
        this.path = path;
    }

    /** Gives an empty file its size; memory it gets when it is written. */
    void extend(long fileBytes) {
        int result = Unistd.ftruncate(fd, fileBytes);
        if (result == -Errno.EFBIG || result == -Errno.EINVAL) {
            throw new AllocationException("a file of " + fileBytes + " bytes is more than the file system of " + path
                    + " or the limit of this process (ulimit -f) admits; ask for less");
        }
        SystemCallException.check(result, "ftruncate(" + fileBytes + " bytes)", "");
    }

    /** Writes to a file that has no name yet. */
    void write(MemorySegment from, long at, long fileBytes, String directory) {
        BlockSpace.write(fd, from, at, fileBytes, directory);
    }

    /**
     * Gives a complete and locked file its name.
     *
     * @return false where another file bears it
     */
    boolean link() {
        String name = Objects.requireNonNull(path);
        int result = Unistd.linkat("/proc/self/fd/" + fd, name, Fcntl.AT_SYMLINK_FOLLOW);
        if (result == -Errno.EEXIST) {
            return false;
        }
        refuseWhenFull(result, name);
        SystemCallException.check(result, "linkat(" + name + ")", "");
        return true;
    }

    private static void refuseWhenFull(int result, String path) {
        if (result == -Errno.ENOSPC || result == -Errno.EDQUOT) {
            throw new AllocationException("the file system of " + path + " has no room for another file ("
                    + Errno.describe(-result) + "); remove files there, or name another directory in CLEAVE_DIR");
        }
    }

    /**
     * Reads the header by read(2), which, unlike a look into a mapping, a short file cannot harm.
     *
     * @return the header, with zeroes for what a short file has not; null where it does not begin as a block does
     */
    @Nullable BlockHeader readHeader() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(BlockLayout.FIELD_BYTES, Long.BYTES);
            Unistd.pread(fd, buffer, 0);
            BlockHeader header = BlockHeader.read(buffer);
            return header.magic() == BlockLayout.MAGIC ? header : null;
        }
    }

    /** Whether others can truncate the file. */
    boolean canBeCut() {
        return !isAnonymous;
    }

    @Override
    public String toString() {
        String name = path;
        return name == null ? "a block without a name" : name;
    }

    /** Whether the file has not been cut short, so that what is mapped of it is there. */
    boolean isWhole(long fileBytes) {
        return Stat.fstat(fd).byteSize() >= fileBytes;
    }

    /** Refuses a file that has been cut short since its header was read. */
    void requireWhole(BlockHeader header) {
        if (!isWhole(BlockLayout.HEADER_BYTES + header.byteSize())) {
            throw new IncompatibleBlockException(path + " cannot be used any more: somebody has cut it short to "
                    + Stat.fstat(fd).byteSize() + " bytes; nobody may truncate a block");
        }
    }

    /** Fills a buffer from the file; false where the file is too short. */
    boolean read(MemorySegment buffer, long at) {
        return Unistd.pread(fd, buffer, at) == buffer.byteSize();
    }

    /** The header of a block that can be used; an {@link IncompatibleBlockException} says why it cannot. */
    BlockHeader usableHeader() {
        BlockHeader header = readHeader();
        String fault = faultOf(header);
        if (header == null || !fault.isEmpty()) {
            String remedy = header == null ? "; nothing shows that it is Cleave's, so move it away by hand, or choose "
                    + "another name" : header.isOtherVersion() ? "" : "; Cleanup.run() removes damaged blocks";
            throw new IncompatibleBlockException(path + " cannot be used: " + fault + remedy);
        }
        return header;
    }

    /** Why this file with this header is no block that this code can use; empty where it is one. */
    String faultOf(@Nullable BlockHeader header) {
        return header == null ? "it has " + status.byteSize() + " bytes and does not begin with Cleave's magic number"
                : header.fault(status.byteSize());
    }

    /** The first steps of open, see above. Whatever it comes to but ATTACHED, {@link #close} is what is left to do. */
    Attempt tryAttach(BlockHeader header, Demand demand) {
        int holder = attachedLock();
        if (holder == Fcntl.F_WRLCK) {
            return Attempt.BUSY;
        }
        if (holder == Fcntl.F_UNLCK && !header.isPersistent() && !isHeld()) {
            return removeIfUnused() ? Attempt.GONE : Attempt.BUSY;
        }
        demand.check(header);
        if (!lock(ATTACHED_BYTE, Fcntl.F_RDLCK)) { // SYNC: attached
            return Attempt.BUSY;
        }
        CrashPoint.reached();
        if (isNamed()) {
            return Attempt.ATTACHED;
        }
        leave(header.isPersistent());
        return Attempt.GONE;
    }

    /**
     * Who holds the ATTACHED lock besides this description.
     *
     * @return {@link Fcntl#F_RDLCK}: handles; {@link Fcntl#F_WRLCK}: a remover; {@link Fcntl#F_UNLCK}: nobody
     */
    int attachedLock() {
        return SystemCallException.check(Fcntl.testLock(fd, Fcntl.F_WRLCK, ATTACHED_BYTE, 1), "fcntl(F_OFD_GETLK)", "");
    }

    /** Begins to look at the content; false where it is being rewritten. */
    boolean beginView() {
        isViewing = lock(VIEWED_BYTE, Fcntl.F_RDLCK); // SYNC: viewed
        return isViewing;
    }

    /** Keeps others from looking at the content, which is about to be rewritten; false where somebody does. */
    boolean excludeViews() {
        return lock(VIEWED_BYTE, Fcntl.F_WRLCK); // SYNC: viewed
    }

    /** Lets others look at what has been rewritten. */
    void admitViews() {
        unlock(VIEWED_BYTE);
    }

    /** Says that this process takes care of the block, which it has made. */
    void own() {
        if (!lock(OWNED_BYTE, Fcntl.F_RDLCK)) {
            throw new CleaveException("somebody has locked a block that has no name yet");
        }
    }

    /** Whether the block's maker takes care of it. */
    boolean isOwned() {
        return SystemCallException.check(Fcntl.testLock(fd, Fcntl.F_WRLCK, OWNED_BYTE, 1), "fcntl(F_OFD_GETLK)",
                "") != Fcntl.F_UNLCK;
    }

    /**
     * Has this description, with its locks, serve for one more, who has to {@link #leave} it, too.
     *
     * @return false where all have left it, or where it is the parent's of a forked child
     */
    synchronized boolean join() {
        if (users == 0 || pid != Unistd.getpid()) {
            return false;
        }
        users++;
        return true;
    }

    /** Says what is to follow when the last one has left. */
    synchronized void whenLeft(Runnable then) {
        whenLeft = then;
    }

    private synchronized boolean isLastToLeave() {
        if (closed) {
            return false; // its descriptor may be another file's by now
        }
        users--;
        if (users == 0 && whenLeft != null) {
            whenLeft.run();
        }
        return users == 0;
    }

    /**
     * Gives up the shared lock, unless others have joined; where nobody else is attached and the block is not to stay,
     * removes its name.
     */
    void leave(boolean persistent) {
        if (!isLastToLeave()) {
            return;
        }
        try {
            if (isViewing) {
                unlock(VIEWED_BYTE); // SYNC: viewed
            }
            unlock(ATTACHED_BYTE);
            CrashPoint.reached();
            if (!persistent || hasBecomeTransient()) {
                removeAsLast();
            }
        } finally {
            close();
        }
    }

    private void removeAsLast() {
        try {
            removeIfUnused();
        } catch (SystemCallException e) {
            boolean forbidden = e.errno() == Errno.EPERM || e.errno() == Errno.EACCES;
            if (!forbidden || status.uid() == Unistd.geteuid()) {
                throw e;
            } // else it is for its owner to sweep, who alone may do so in a directory with the sticky bit
        }
    }

    /** Whether a block that was to stay has been freed since this process attached to it. */
    private boolean hasBecomeTransient() {
        BlockHeader now = readHeader();
        return now != null && now.lifetime() == Lifetime.ATTACHED.number();
    }

    /** Whether the block stays without anybody, as its header says now. */
    private boolean hasBecomePersistent() {
        BlockHeader now = readHeader();
        return now != null && now.fault(Stat.fstat(fd).byteSize()).isEmpty() && now.isPersistent();
    }

    /**
     * Removes the name where nobody is attached, and the block is not to stay: who called for it may have read the header
     * before the block was given other content and another lifetime.
     *
     * @return false where somebody is attached, or is doing the same, or it is to stay
     */
    boolean removeIfUnused() {
        if (!lock(ATTACHED_BYTE, Fcntl.F_WRLCK)) { // SYNC: attached; no opener gets past its shared lock from here on
            return false;
        }
        try {
            CrashPoint.reached();
            if (isHeld() || hasBecomePersistent()) {
                return false;
            }
            removeName();
        } finally {
            unlock(ATTACHED_BYTE);
        }
        return true;
    }

    /** Whether the content says that somebody holds what is in it. */
    boolean isHeld() {
        BlockHeader header = readHeader();
        if (header == null || !header.fault(Stat.fstat(fd).byteSize()).isEmpty()) {
            return false;
        }
        Holders holders = Holders.of(header);
        if (holders.byteSize() == 0) {
            return false;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment content = arena.allocate(holders.byteSize(), Long.BYTES);
            return read(content, BlockLayout.HEADER_BYTES) && holders.isHeld(content);
        }
    }

    /**
     * As {@link #leave}, at the end of a JVM whose threads still run, for its last handle on an object that can be held:
     * the lock stays until the process has ended, unless nobody can hold the object any more.
     */
    void leaveAtExit(Holders holders, MemorySegment content) {
        if (!lock(ATTACHED_BYTE, Fcntl.F_WRLCK)) { // SYNC: attached
            return; // others are attached
        }
        CrashPoint.reached();
        if (holders.seal(content)) {
            removeName();
        } else if (!lock(ATTACHED_BYTE, Fcntl.F_RDLCK)) {
            throw new CleaveException("a lock could not be made a weaker one");
        }
    }

    /** Unlinks the path if there is one and it names this file; afterwards it does not. */
    void removeName() {
        String name = path;
        if (name == null) {
            return;
        }
        Patience patience = new Patience(name);
        while (!lock(NAME_BYTE, Fcntl.F_WRLCK)) { // SYNC: name
            patience.nap();
        }
        try {
            CrashPoint.reached();
            if (isNamed()) {
                int result = Unistd.unlink(name);
                if (result != -Errno.ENOENT) {
                    SystemCallException.check(result, "unlink(" + name + ")",
                            "in a directory with the sticky bit, such as "
                                    + "/dev/shm, only its owner may remove a block; users of one group need a directory without "
                                    + "it in CLEAVE_DIR");
                }
                CrashPoint.reached();
            }
        } finally {
            unlock(NAME_BYTE);
        }
    }

    /**
     * Gives the file another name.
     *
     * @return false where its name has been taken away
     */
    boolean rename(String to) {
        String from = Objects.requireNonNull(path);
        Patience patience = new Patience(from);
        while (!lock(NAME_BYTE, Fcntl.F_WRLCK)) { // SYNC: name
            patience.nap();
        }
        try {
            if (!isNamed()) {
                return false;
            }
            SystemCallException.check(Unistd.rename(from, to), "rename(" + from + ", " + to + ")", "");
            path = to;
            CrashPoint.reached();
            return true;
        } finally {
            unlock(NAME_BYTE);
        }
    }

    /** Whether the path names this very file. */
    boolean isNamed() {
        String name = path;
        FileStatus now = name == null ? null : lookAt(name);
        return now != null && now.isSameFile(status);
    }

    private boolean lock(long at, int type) {
        int result = Fcntl.setLock(fd, type, at, 1);
        if (result == -Errno.EAGAIN || result == -Errno.EACCES) {
            return false;
        }
        SystemCallException.check(result, "fcntl(F_OFD_SETLK)", "");
        return true;
    }

    /** Ends a lock by its name, not only by closing: a child that is just being started may have the descriptor too. */
    private void unlock(long at) {
        SystemCallException.check(Fcntl.setLock(fd, Fcntl.F_UNLCK, at, 1), "fcntl(F_OFD_SETLK)", "");
    }

    /** The file as it was when it was opened; of a fresh one, all but the size is right. */
    FileStatus status() {
        return status;
    }

    /** Closes the descriptor, once. */
    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            Unistd.close(fd);
        }
    }
}
