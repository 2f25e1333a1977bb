package io.cleave.memory;

import io.cleave.AllocationException;
import io.cleave.os.ControlGroup;
import io.cleave.os.Errno;
import io.cleave.os.Fcntl;
import io.cleave.os.Mman;
import io.cleave.os.ProcFs;
import io.cleave.os.Stat;
import io.cleave.os.SystemCallException;
import io.cleave.os.Unistd;
import java.lang.foreign.MemorySegment;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Room for blocks. All of a block's pages are reserved before it is mapped, because a store to a page that cannot be
 * had later would end the process by SIGBUS.
 */
final class BlockSpace {
    /** What one call reserves: few milliseconds' worth, as a signal that arrives makes the kernel start a call anew. */
    private static final long STEP_BYTES = 16L << 20;

    /** What one call writes: as long as it takes, nobody can collect garbage. */
    private static final long WRITE_BYTES = 256L << 10;

    private BlockSpace() {
    }

    /**
     * Gives a part of a file all of its pages that it does not have yet, and the file the size that it needs for that.
     * {@link #check} comes before.
     *
     * @param fd the file
     * @param from where the part begins
     * @param bytes its length
     * @param directory the file system that it lies on, null for a file in memory
     * @throws AllocationException where there is not that much
     */
    static void reserve(int fd, long from, long bytes, @Nullable String directory) {
        for (long at = from, end = from + bytes; at < end;) {
            long length = Math.min(STEP_BYTES, end - at);
            int result = Fcntl.fallocate(fd, 0, at, length);
            switch (-result) {
                case 0 -> at += length;
                case Errno.EINTR -> Thread.onSpinWait(); // a signal came: the same part again
                case Errno.ENOSPC, Errno.EDQUOT, Errno.EFBIG -> throw refused(bytes, directory);
                case Errno.ENOMEM -> throw refused(bytes, null);
                default -> throw new SystemCallException("fallocate(" + bytes + " bytes)", -result,
                        "name a directory of a local file system, such as /dev/shm, in CLEAVE_DIR");
            }
        }
    }

    /**
     * Gives a part of a mapped file its pages by way of the mapping, for who has not the file itself.
     *
     * @param part whole pages of it
     * @param directory the file system that it lies on
     * @throws AllocationException where there is not that much
     */
    static void populate(MemorySegment part, String directory) {
        int result;
        do {
            result = Mman.madvise(part, Mman.MADV_POPULATE_WRITE);
        } while (result == -Errno.EINTR || result == -Errno.EAGAIN);
        switch (-result) {
            case 0 -> Thread.onSpinWait();
            case Errno.EFAULT -> throw refused(part.byteSize(), directory);
            case Errno.ENOMEM -> throw refused(part.byteSize(), null);
            default -> throw new SystemCallException("madvise(MADV_POPULATE_WRITE, " + part.byteSize() + " bytes)",
                    -result, "a forked child grows what its parent has opened in this way, which needs Linux 5.14; let "
                            + "the child open it by its name");
        }
    }

    /**
     * Writes into a file, which gets its pages thereby.
     *
     * @param fd the file
     * @param from what to write, in native memory or in the heap
     * @param at where in the file
     * @param fileBytes the size that the file is to have, for the message
     * @param directory the file system that it lies on
     * @throws AllocationException where there is no room for it
     */
    static void write(int fd, MemorySegment from, long at, long fileBytes, String directory) {
        long done = 0;
        while (done < from.byteSize()) {
            long length = Math.min(WRITE_BYTES, from.byteSize() - done);
            long result = Unistd.pwrite(fd, from.asSlice(done, length), at + done);
            if (result > 0) {
                done += result;
                continue;
            }
            switch ((int) -result) {
                case Errno.EINTR -> Thread.onSpinWait();
                case 0, Errno.ENOSPC, Errno.EDQUOT, Errno.EFBIG -> throw refused(fileBytes, directory);
                case Errno.ENOMEM -> throw refused(fileBytes, null);
                default -> throw new SystemCallException("pwrite(" + length + " bytes)", (int) -result, "");
            }
        }
    }

    /** Says at once what can be told of a file that will not fit. */
    static void check(long fileBytes, @Nullable String directory) {
        // Asking first spares others: a reservation that fails in the end has filled the device meanwhile, and one
        // that outgrows the machine's memory gets a process killed.
        Stat.FileSystemStatus device = directory == null ? null : Stat.statvfs(directory);
        if (device != null && device.byteSize() > 0 && fileBytes > device.availableBytes()) {
            throw refused(fileBytes, directory);
        }
        if (fileBytes < 0 || (isInMemory(directory) && !hasMemory(fileBytes))) {
            throw refused(fileBytes, null);
        }
    }

    private static boolean hasMemory(long fileBytes) {
        if (Headroom.covers(fileBytes)) {
            return true;
        }
        long available = availableMemory();
        if (fileBytes > available || groupShortOf(fileBytes) != null) {
            return false;
        }
        ControlGroup group = Group.current();
        Headroom.found(Math.min(available, group == null ? Long.MAX_VALUE : group.freeMemory()) - fileBytes);
        return true;
    }

    /** How much memory there was to spare a moment ago, so that making many small blocks does not mean asking each time. */
    private static final class Headroom {
        private static final long FRESH_NANOS = 100_000_000;
        /** What others may take in that time. */
        private static final long MARGIN_BYTES = 256L << 20;
        private static volatile @Nullable Headroom known;

        private final AtomicLong bytes;
        private final long since = System.nanoTime();

        private Headroom(long bytes) {
            this.bytes = new AtomicLong(bytes);
        }

        static void found(long bytes) {
            known = new Headroom(bytes);
        }

        static boolean covers(long fileBytes) {
            Headroom latest = known;
            return latest != null && System.nanoTime() - latest.since < FRESH_NANOS
                    && fileBytes <= latest.bytes.get() - MARGIN_BYTES
                    && latest.bytes.addAndGet(-fileBytes) >= MARGIN_BYTES;
        }
    }

    private static ControlGroup.@Nullable Memory groupShortOf(long fileBytes) {
        ControlGroup group = Group.current();
        return group == null ? null : group.shortOf(fileBytes);
    }

    /** The control group of this process's memory, looked up now and then, as few processes change theirs. */
    private static final class Group {
        private static final long FRESH_NANOS = 5_000_000_000L;
        private static volatile @Nullable Group known;

        private final @Nullable ControlGroup group = ControlGroup.of("memory");
        private final long since = System.nanoTime();

        static @Nullable ControlGroup current() {
            Group latest = known;
            if (latest == null || System.nanoTime() - latest.since > FRESH_NANOS) {
                latest = new Group();
                known = latest;
            }
            return latest.group;
        }
    }

    /** The error for a block of which {@code fileBytes} cannot be had, on a device or (null) in memory. */
    static AllocationException refused(long fileBytes, @Nullable String directory) {
        String asked = fileBytes < 0 ? "more than 2^63 bytes were asked for, "
                : bytes(fileBytes) + " were asked for, ";
        if (directory != null) {
            return new AllocationException(asked + bytes(Stat.statvfs(directory).availableBytes()) + " are free on "
                    + directory + "; close blocks and free values that nobody needs (cleave ls shows them), enlarge it "
                    + "(mount -o remount,size=...; docker run --shm-size=...), or name another directory in CLEAVE_DIR");
        }
        ControlGroup.Memory group = fileBytes < 0 ? null : groupShortOf(fileBytes);
        if (group == null) {
            return new AllocationException(
                    asked + bytes(availableMemory()) + " of memory are available on this machine; "
                            + "ask for less, or close blocks and free values that nobody needs");
        }
        return new AllocationException(asked + bytes(group.leftBytes()) + " are left to the control group "
                + group.directory() + ", which uses " + bytes(group.usedBytes()) + " of " + bytes(group.limitBytes())
                + " ("
                + group.file() + "), " + bytes(group.reclaimableBytes())
                + " of it reclaimable; ask for less, close blocks "
                + "that nobody needs, or raise the limit (docker run --memory=..., MemoryMax= of a systemd unit)");
    }

    private static String bytes(long count) {
        return String.format(Locale.ROOT, "%,d bytes (%.1f MiB)", count, count / 1048576.0);
    }

    private static boolean isInMemory(@Nullable String directory) {
        return directory == null || Stat.fileSystemType(directory) == Stat.TMPFS_MAGIC;
    }

    /** The machine's memory and swap that can be had now without ending a process, as far as the kernel tells. */
    private static long availableMemory() {
        long available = ProcFs.memoryField("/proc/meminfo", "MemAvailable");
        long swap = ProcFs.memoryField("/proc/meminfo", "SwapFree");
        return available < 0 ? Long.MAX_VALUE : available + Math.max(0, swap);
    }
}
