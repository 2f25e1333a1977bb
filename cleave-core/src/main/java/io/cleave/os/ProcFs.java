package io.cleave.os;

import java.io.File;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** {@code /proc}: what the kernel tells about processes and threads. Reading is one open, one read, one close. */
public final class ProcFs {
    private static final int SMALL = 1024;
    private static final int PF_EXITING = 4;
    /** The smallest page that a fault can be for; on a system with larger ones the figure is a lower bound. */
    private static final long PAGE_BYTES = 4096;

    /**
     * The fields of {@code /proc/PID/stat} that matter here.
     *
     * @param state R, S, D, Z, T and so on; see proc(5)
     * @param parent the parent's pid
     * @param flags the kernel's {@code PF_} flags
     * @param minorFaults page faults that needed no disk
     * @param cpuTicks user and system time, in ticks of 10 ms as a rule
     * @param startTicks when it started, in ticks since boot
     */
    public record ProcessStatus(char state, int parent, long flags, long minorFaults, long cpuTicks, long startTicks) {
        /**
         * Whether the process has ended, perhaps without being waited for yet.
         *
         * @return true for a zombie or a dead process
         */
        public boolean hasEnded() {
            return state == 'Z' || state == 'X' || state == 'x';
        }

        /**
         * Whether the thread is on its way out, or has ended.
         *
         * @return true where it will not return to its program
         */
        public boolean isExiting() {
            return (flags & PF_EXITING) != 0;
        }
    }

    private ProcFs() {
    }

    /**
     * Reads the beginning of a file.
     *
     * @param path a path
     * @param limit the most bytes to read
     * @return the text, or null where it could not be read
     * @throws SystemCallException where no descriptor is to be had, which says nothing about the file
     */
    public static @Nullable String read(String path, int limit) {
        int fd = Fcntl.open(path, Fcntl.O_RDONLY, 0);
        if (fd == -Errno.EMFILE || fd == -Errno.ENFILE) {
            throw new SystemCallException("open(" + path + ")", -fd, "");
        }
        if (fd < 0) {
            return null;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(limit);
            long length = 0;
            while (length < limit) {
                long n = Unistd.read(fd, buffer.asSlice(length));
                if (n < 0) {
                    return null;
                }
                if (n == 0) {
                    break;
                }
                length += n;
            }
            byte[] bytes = buffer.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
            return new String(bytes, StandardCharsets.ISO_8859_1);
        } finally {
            Unistd.close(fd);
        }
    }

    /**
     * Reads a short file of one line.
     *
     * @param path a path
     * @return its text without blanks around it, or null where it could not be read
     */
    public static @Nullable String line(String path) {
        String text = read(path, SMALL);
        return text == null ? null : text.strip();
    }

    /**
     * Reads {@code /proc/PID/stat}.
     *
     * @param directory the process's or thread's directory, such as {@code /proc/17} or {@code /proc/self/task/18}
     * @return the status, or null where there is no such process or it cannot be read
     */
    public static @Nullable ProcessStatus status(String directory) {
        String stat = read(directory + "/stat", SMALL);
        if (stat == null) {
            return null;
        }
        int end = stat.lastIndexOf(')'); // a name may hold blanks and brackets
        String[] fields = stat.substring(end + 2).split(" "); // fields[0] is field 3
        if (end < 0 || fields.length < 20) {
            return null;
        }
        return new ProcessStatus(fields[0].charAt(0), Integer.parseInt(fields[1]), Long.parseLong(fields[6]),
                Long.parseLong(fields[7]),
                Long.parseLong(fields[11]) + Long.parseLong(fields[12]), Long.parseLong(fields[19]));
    }

    /**
     * How long a thread of this process has been ready to run and had no processor, since it began.
     *
     * @param tid its number in the kernel
     * @return nanoseconds; 0 where that cannot be told
     */
    public static long runDelayNanos(int tid) {
        try {
            String times = tid <= 0 ? null : line("/proc/self/task/" + tid + "/schedstat");
            String[] fields = times == null ? new String[0] : times.split(" ");
            return fields.length < 2 ? 0 : Long.parseLong(fields[1]);
        } catch (SystemCallException e) { // no descriptor is left
            return 0;
        }
    }

    /**
     * Whether a thread of this process has a signal blocked, so that it does not get it.
     *
     * @param tid its number in the kernel
     * @param signal the signal
     * @return false where it has not, or that cannot be told
     */
    public static boolean isBlocking(int tid, int signal) {
        String text = read("/proc/self/task/" + tid + "/status", 8 * SMALL);
        String field = "\nSigBlk:\t";
        int at = text == null ? -1 : text.indexOf(field);
        if (text == null || at < 0) {
            return false;
        }
        int from = at + field.length();
        return (Long.parseUnsignedLong(text, from, from + 16, 16) >>> (signal - 1) & 1) != 0;
    }

    /**
     * Whether {@code /proc} numbers processes as the calling process's own pid namespace does.
     *
     * @return false where it is mounted for another one, or cannot be read
     */
    public static boolean isOwnNamespace() {
        String stat = read("/proc/self/stat", SMALL);
        return stat != null && stat.startsWith(Unistd.getpid() + " ");
    }

    /**
     * The threads of a process.
     *
     * @param pid the process
     * @return their ids, ascending; empty where there is no such process
     */
    public static int[] threads(int pid) {
        return numbers("/proc/" + pid + "/task");
    }

    /**
     * The file descriptors that the calling process has open.
     *
     * @return their numbers, ascending
     */
    public static int[] openFiles() {
        return numbers("/proc/self/fd");
    }

    private static int[] numbers(String directory) {
        String[] names = new File(directory).list();
        if (names == null) {
            return new int[0];
        }
        int[] numbers = new int[names.length];
        int count = 0;
        for (String name : names) {
            if (Character.isDigit(name.charAt(0))) {
                numbers[count] = Integer.parseInt(name);
                count++;
            }
        }
        numbers = Arrays.copyOf(numbers, count);
        Arrays.sort(numbers);
        return numbers;
    }

    /**
     * A sum over the mappings of a process.
     *
     * @param pid the process
     * @param field such as {@code "Private_Dirty"}
     * @return bytes, or -1 where it cannot be read
     */
    public static long smapsRollup(int pid, String field) {
        String text = read("/proc/" + pid + "/smaps_rollup", 4 * SMALL);
        return text == null ? -1 : kib(text, field);
    }

    /**
     * How much memory a process has written or newly allocated since it was forked, page by page. The kernel keeps no
     * such figure, but two that it cannot exceed: private dirty memory, which also counts pages that the process left
     * alone and its parent has written since; and page faults, which also count pages that were only read.
     *
     * @param pid a forked process
     * @return bytes, or -1 where it cannot be read
     */
    public static long bytesDirtied(int pid) {
        String text = read("/proc/" + pid + "/smaps_rollup", 4 * SMALL);
        ProcessStatus status = status("/proc/" + pid);
        if (text == null || status == null) {
            return -1;
        }
        long dirty = kib(text, "Private_Dirty");
        boolean huge = kib(text, "AnonHugePages") > 0; // a fault may then be for 2 MiB
        return huge ? dirty : Math.min(dirty, status.minorFaults() * PAGE_BYTES);
    }

    /**
     * A field of {@code /proc/meminfo} or {@code /proc/PID/status}.
     *
     * @param path the file
     * @param field such as {@code "MemAvailable"}
     * @return bytes, or -1 where it cannot be read
     */
    public static long memoryField(String path, String field) {
        String text = read(path, 8 * SMALL);
        return text == null ? -1 : kib(text, field);
    }

    /**
     * A field of {@code /proc/PID/status} that is a bare number.
     *
     * @param path the file
     * @param field such as {@code "voluntary_ctxt_switches"}
     * @return the number, or -1 where it cannot be read
     */
    public static long number(String path, String field) {
        String text = read(path, 8 * SMALL);
        return text == null ? -1 : value(text, field);
    }

    private static long kib(String text, String field) {
        long value = value(text, field);
        return value < 0 ? -1 : value * 1024;
    }

    private static long value(String text, String field) {
        int start = text.startsWith(field + ":") ? 0 : text.indexOf("\n" + field + ":") + 1;
        if (start == 0 && !text.startsWith(field + ":")) {
            return -1;
        }
        int at = start + field.length() + 1;
        int end = text.indexOf('\n', at);
        String[] words = text.substring(at, end < 0 ? text.length() : end).strip().split("\\s+");
        return Long.parseLong(words[0]);
    }
}
