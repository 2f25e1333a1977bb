package io.cleave.cli.doctor;

import io.cleave.os.Cpus;
import io.cleave.os.Sched;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/** How much of the machine this process may use. */
final class LimitChecks {
    private static final String GROUP = "limits";
    private static final long FEW_PROCESSES = 256;
    private static final long FEW_FILES = 1024;
    private static final long LITTLE_LOCKED = 8L << 20;

    private LimitChecks() {
    }

    static List<Check> run() {
        List<Check> checks = new ArrayList<>();
        int usable = Cpus.usable();
        checks.add(Check.of(usable > 1, Check.Status.WARN, GROUP, "processors",
                Sched.sched_getaffinity() + " by affinity, " + usable + " usable",
                "with one processor nothing runs in parallel: widen the affinity mask (taskset) or the quota"));
        checks.addAll(groups(ControlGroup.current()));
        String limits = SystemFiles.read("/proc/self/limits").orElse("");
        checks.add(count("processes", SystemFiles.softLimit(limits, "Max processes"), FEW_PROCESSES, "ulimit -u"));
        checks.add(count("open files", SystemFiles.softLimit(limits, "Max open files"), FEW_FILES, "ulimit -n"));
        OptionalLong locked = SystemFiles.softLimit(limits, "Max locked memory");
        checks.add(Check.of(locked.isEmpty() || locked.getAsLong() >= LITTLE_LOCKED, Check.Status.WARN, GROUP,
                "locked memory", Texts.limit(locked), "blocks cannot be pinned in memory: raise ulimit -l"));
        return checks;
    }

    static List<Check> groups(Optional<ControlGroup> group) {
        if (group.isEmpty()) {
            return List.of(Check.warn(GROUP, "control group", "no version 2 group that controls anything",
                    "limits of a version 1 group are not seen by Cleave: where there are any, set the number of "
                            + "children yourself"));
        }
        OptionalDouble processors = group.get().processors();
        OptionalLong tasks = group.get().limit("pids.max");
        return List.of(
                Check.ok(GROUP, "cpu.max",
                        processors.isPresent()
                                ? String.format(Locale.ROOT, "%.2f processors", processors.getAsDouble())
                                : "no limit"),
                Check.ok(GROUP, "memory.max", Texts.limit(group.get().limit("memory.max"))),
                Check.of(tasks.isEmpty() || tasks.getAsLong() >= FEW_PROCESSES, Check.Status.WARN, GROUP, "pids.max",
                        tasks.isPresent() ? Long.toString(tasks.getAsLong()) : "no limit",
                        "every thread of a JVM counts: raise it (docker run --pids-limit=4096)"));
    }

    private static Check count(String name, OptionalLong limit, long few, String how) {
        return Check.of(limit.isEmpty() || limit.getAsLong() >= few, Check.Status.WARN, GROUP, name,
                limit.isPresent() ? Long.toString(limit.getAsLong()) : "no limit", "raise it with " + how);
    }
}
