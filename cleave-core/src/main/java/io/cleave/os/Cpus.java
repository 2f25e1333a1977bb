package io.cleave.os;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How many processors this process may use: the affinity mask, and the quota of its control groups (version 2). */
public final class Cpus {
    private static final String ROOT = "/sys/fs/cgroup";

    private Cpus() {
    }

    /**
     * How many processes can usefully compute at once.
     *
     * @return the processors in the affinity mask, or the cgroup's quota rounded up where that is less; at least 1
     */
    public static int usable() {
        int affinity = Sched.sched_getaffinity();
        int cpus = affinity > 0 ? affinity : Runtime.getRuntime().availableProcessors();
        double quota = quota();
        return Math.max(1, quota > 0 ? (int) Math.min(cpus, Math.ceil(quota)) : cpus);
    }

    /**
     * The tightest quota among this process's control group and those above it.
     *
     * @return processors' worth of time, or 0 where there is no limit
     */
    public static double quota() {
        double tightest = 0;
        for (String directory : groups()) {
            double quota = parse(ProcFs.line(directory + "/cpu.max"));
            if (quota > 0 && (tightest == 0 || quota < tightest)) {
                tightest = quota;
            }
        }
        return tightest;
    }

    /**
     * The tightest memory limit among this process's control group and those above it.
     *
     * @return bytes, or -1 where there is no limit
     */
    public static long memoryLimit() {
        long tightest = -1;
        for (String directory : groups()) {
            String text = ProcFs.line(directory + "/memory.max");
            if (text != null && !text.equals("max") && !text.isEmpty()) {
                long limit = Long.parseLong(text);
                tightest = tightest < 0 ? limit : Math.min(tightest, limit);
            }
        }
        return tightest;
    }

    /** The quota that a line of {@code cpu.max} states, such as {@code "150000 100000"}; 0 where it is "max". */
    static double parse(@Nullable String line) {
        if (line == null || line.isEmpty() || line.startsWith("max")) {
            return 0;
        }
        String[] words = line.split(" ");
        return Double.parseDouble(words[0]) / (words.length > 1 ? Double.parseDouble(words[1]) : 100_000);
    }

    private static List<String> groups() {
        String table = ProcFs.read("/proc/self/cgroup", 4096);
        return table == null ? List.of() : groupsOf(table);
    }

    /** The directories of the version 2 group in a {@code /proc/PID/cgroup} table, from the group up to the root. */
    static List<String> groupsOf(String table) {
        String path = table.lines().filter(line -> line.startsWith("0::/")).map(line -> line.substring(3)).findFirst()
                .orElse("/");
        List<String> directories = new ArrayList<>();
        while (path.length() > 1) {
            directories.add(ROOT + path);
            path = path.substring(0, Math.max(1, path.lastIndexOf('/')));
        }
        directories.add(ROOT);
        return directories;
    }
}
