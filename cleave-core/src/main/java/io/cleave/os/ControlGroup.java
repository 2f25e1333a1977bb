package io.cleave.os;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The control group that bounds a resource of this process, with those above it: a limit counts wherever it is set.
 * Versions 1 and 2 are understood, and machines that mount both, where each resource belongs to one of them. Where a
 * container shows only a part of the tree, what lies above that part cannot be seen.
 *
 * @param version 1 or 2
 * @param directories the group's directory and those above it, up to where they are mounted
 */
public record ControlGroup(int version, List<String> directories) {
    /** Version 1 writes a number of pages that no machine has for "no limit". */
    private static final long NO_LIMIT = 1L << 60;
    private static final int TABLE_LIMIT = 1 << 20;
    private static final int STAT_LIMIT = 1 << 14;
    private static final double DEFAULT_PERIOD = 100_000;
    /**
     * The limits of memory. A group beyond {@code memory.high} is throttled until nothing goes on, so that is one, too. What
     * version 1 calls memsw is memory and swap together.
     */
    private static final List<Limit> LIMITS_1 = List.of(
            new Limit("memory.limit_in_bytes", "memory.usage_in_bytes", true),
            new Limit("memory.memsw.limit_in_bytes", "memory.memsw.usage_in_bytes", false));
    private static final List<Limit> LIMITS_2 = List.of(new Limit("memory.max", "memory.current", true),
            new Limit("memory.high", "memory.current", true));

    /** The file with a limit, that with what counts against it, and whether what is swapped no longer does. */
    private record Limit(String file, String usedFile, boolean sparesSwap) {}

    /**
     * How much memory a group may have and has.
     *
     * @param directory the group's directory
     * @param file the file there that states the limit
     * @param limitBytes the limit
     * @param usedBytes what its processes, caches and files in memory take now
     * @param reclaimableBytes the part of that which the kernel can take back: file cache, and memory that can be swapped
     */
    public record Memory(String directory, String file, long limitBytes, long usedBytes, long reclaimableBytes) {
        /**
         * What is left of the limit.
         *
         * @return bytes, at least 0
         */
        public long leftBytes() {
            return Math.max(0, limitBytes - usedBytes + reclaimableBytes);
        }
    }

    /**
     * Makes a group of directories.
     *
     * @param version 1 or 2
     * @param directories the group's directory first
     */
    public ControlGroup {
        directories = List.copyOf(directories);
    }

    /**
     * The group of this process that a controller belongs to.
     *
     * @param controller {@code cpu}, {@code memory} or {@code pids}
     * @return the group, or null where no such file system is mounted
     */
    public static @Nullable ControlGroup of(String controller) {
        String mounts = ProcFs.read("/proc/self/mountinfo", TABLE_LIMIT);
        String table = ProcFs.read("/proc/self/cgroup", TABLE_LIMIT);
        return mounts == null || table == null ? null : of(controller, mounts, table);
    }

    /**
     * The same by the texts of {@code /proc/self/mountinfo} and {@code /proc/self/cgroup}.
     *
     * @param controller {@code cpu}, {@code memory} or {@code pids}
     * @param mounts what is mounted
     * @param table the process's groups
     * @return the group, or null where no such file system is mounted
     */
    public static @Nullable ControlGroup of(String controller, String mounts, String table) {
        String unified = null;
        for (String line : table.lines().toList()) {
            String[] fields = line.split(":", 3);
            if (fields.length == 3 && Arrays.asList(fields[1].split(",", -1)).contains(controller)) {
                return under(1, controller, mounts, fields[2]);
            }
            if (line.startsWith("0::")) {
                unified = fields[2];
            }
        }
        return unified == null ? null : under(2, "", mounts, unified);
    }

    /** The directories of a group, by the first mount that has its controller. */
    private static @Nullable ControlGroup under(int version, String controller, String mounts, String group) {
        for (String line : mounts.lines().toList()) {
            String[] halves = line.split(" - ", 2);
            String[] words = halves[0].split(" ", -1);
            String[] system = halves.length == 2 ? halves[1].split(" ", -1) : new String[0];
            if (words.length < 6 || system.length < 3 || !system[0].equals(version == 1 ? "cgroup" : "cgroup2")) {
                continue;
            }
            if (version == 2 || Arrays.asList(system[2].split(",", -1)).contains(controller)) {
                return new ControlGroup(version, upwards(unescaped(words[4]), below(unescaped(words[3]), group)));
            }
        }
        return null;
    }

    /** A group's path below the part of the tree that is mounted; empty where it lies outside. */
    private static String below(String root, String group) {
        if (root.equals("/")) {
            return group.startsWith("/..") ? "" : group;
        }
        return group.equals(root) || group.startsWith(root + "/") ? group.substring(root.length()) : "";
    }

    private static List<String> upwards(String place, String path) {
        List<String> directories = new ArrayList<>();
        for (String at = path; at.length() > 1; at = at.substring(0, at.lastIndexOf('/'))) {
            directories.add(place + at);
        }
        directories.add(place);
        return directories;
    }

    private static String unescaped(String path) {
        return path.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\");
    }

    /**
     * The tightest quota of processor time.
     *
     * @return processors' worth of time; empty where there is no limit
     */
    public OptionalDouble processors() {
        return directories.stream().mapToDouble(this::quota).filter(quota -> quota > 0).min();
    }

    private double quota(String directory) {
        if (version == 2) {
            return quota(ProcFs.line(directory + "/cpu.max"), null);
        }
        return quota(ProcFs.line(directory + "/cpu.cfs_quota_us"), ProcFs.line(directory + "/cpu.cfs_period_us"));
    }

    /** A quota such as {@code "150000 100000"}, or {@code "150000"} with a period of its own; 0 for none. */
    static double quota(@Nullable String text, @Nullable String period) {
        String[] words = text == null ? new String[0] : text.split("\\s+", -1);
        if (words.length == 0 || !isNumber(words[0])) {
            return 0; // "max", "-1", or not there
        }
        String per = words.length > 1 ? words[1] : period;
        double length = per != null && isNumber(per) ? Double.parseDouble(per) : DEFAULT_PERIOD;
        return length == 0 ? 0 : Double.parseDouble(words[0]) / length;
    }

    private static boolean isNumber(String word) {
        return !word.isEmpty() && word.length() < 19 && word.chars().allMatch(c -> c >= '0' && c <= '9');
    }

    /**
     * The smallest number among the files of a name, such as {@code pids.max}.
     *
     * @param file the name
     * @return the number; empty where there is no limit
     */
    public OptionalLong smallest(String file) {
        return directories.stream().mapToLong(directory -> number(directory + "/" + file))
                .filter(number -> number >= 0 && number < NO_LIMIT).min();
    }

    private static long number(String path) {
        String line = ProcFs.line(path);
        return line != null && isNumber(line) ? Long.parseLong(line) : -1;
    }

    /**
     * The tightest limit of memory.
     *
     * @return bytes; empty where there is no limit
     */
    public OptionalLong memoryLimit() {
        return limits().stream().map(limit -> smallest(limit.file)).flatMapToLong(OptionalLong::stream).min();
    }

    private List<Limit> limits() {
        return version == 2 ? LIMITS_2 : LIMITS_1;
    }

    /**
     * What the groups have left without anything being reclaimed, which is asked for quickly.
     *
     * @return bytes, {@link Long#MAX_VALUE} where there is no limit
     */
    public long freeMemory() {
        long least = Long.MAX_VALUE;
        for (String directory : directories) {
            for (Limit limit : limits()) {
                long most = number(directory + "/" + limit.file);
                if (most >= 0 && most < NO_LIMIT) {
                    least = Math.min(least, Math.max(0, most - number(directory + "/" + limit.usedFile)));
                }
            }
        }
        return least;
    }

    /**
     * A group that has less memory left than is asked for.
     *
     * @param bytes what is asked for
     * @return the group with the least left; null where each has enough
     */
    public @Nullable Memory shortOf(long bytes) {
        return shortOf(bytes, () -> Math.max(0, ProcFs.memoryField("/proc/meminfo", "SwapFree")));
    }

    /** The same where the machine has so much swap space left. */
    @Nullable Memory shortOf(long bytes, LongSupplier freeSwap) {
        Memory tightest = null;
        for (String directory : directories) {
            for (Limit limit : limits()) {
                tightest = tighter(tightest, shortOf(directory, limit, bytes, freeSwap));
            }
        }
        return tightest;
    }

    private static @Nullable Memory tighter(@Nullable Memory one, @Nullable Memory other) {
        return one == null || (other != null && other.leftBytes() < one.leftBytes()) ? other : one;
    }

    private @Nullable Memory shortOf(String directory, Limit limit, long bytes, LongSupplier freeSwap) {
        long most = number(directory + "/" + limit.file);
        long used = number(directory + "/" + limit.usedFile);
        if (most < 0 || most >= NO_LIMIT || used < 0 || bytes <= most - used) {
            return null; // the statistics below, which are dear, need not be asked for
        }
        long swappable = limit.sparesSwap ? swappable(directory, freeSwap.getAsLong()) : 0;
        Memory memory = new Memory(directory, limit.file, most, used, cached(directory) + swappable);
        return bytes <= memory.leftBytes() ? null : memory;
    }

    /** What the kernel can drop: cached files, of those in active use a half. Files in memory are not among them. */
    private long cached(String directory) {
        String text = ProcFs.read(directory + "/memory.stat", STAT_LIMIT);
        String prefix = version == 2 ? "" : "total_"; // of version 1 the bare names leave out the groups below
        return text == null ? 0
                : statistic(text, prefix + "inactive_file ") + statistic(text, prefix + "active_file ") / 2;
    }

    private static long statistic(String text, String name) {
        return text.lines().filter(line -> line.startsWith(name)).map(line -> line.substring(name.length()).strip())
                .filter(ControlGroup::isNumber).mapToLong(Long::parseLong).findFirst().orElse(0);
    }

    /** The swap space that the group may still use. Version 1 has no limit of that alone. */
    private long swappable(String directory, long free) {
        if (free == 0 || version == 1) {
            return free;
        }
        long limit = number(directory + "/memory.swap.max");
        long used = number(directory + "/memory.swap.current");
        return limit < 0 || used < 0 ? free : Math.min(free, Math.max(0, limit - used));
    }
}
