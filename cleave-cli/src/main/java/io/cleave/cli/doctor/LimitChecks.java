package io.cleave.cli.doctor;

import io.cleave.os.ControlGroup;
import io.cleave.os.Cpus;
import io.cleave.os.Sched;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** How much of the machine this process may use. */
final class LimitChecks {
    private static final String GROUP = "limits";
    private static final long FEW_PROCESSES = 256;
    private static final long FEW_FILES = 1024;
    private static final long LITTLE_MEMORY = 256L << 20;
    private static final long LITTLE_LOCKED = 8L << 20;

    private LimitChecks() {
    }

    static List<Check> run() {
        List<Check> checks = new ArrayList<>();
        int usable = Cpus.usable();
        checks.add(Check.of(usable > 1, Check.Status.WARN, GROUP, "processors",
                Sched.sched_getaffinity() + " by affinity, " + usable + " usable",
                "with one processor nothing runs in parallel: widen the affinity mask (taskset) or the quota"));
        checks.addAll(groups(ControlGroup.of("cpu"), ControlGroup.of("memory"), ControlGroup.of("pids")));
        String limits = SystemFiles.read("/proc/self/limits").orElse("");
        checks.add(count("processes", SystemFiles.softLimit(limits, "Max processes"), FEW_PROCESSES, "ulimit -u"));
        checks.add(count("open files", SystemFiles.softLimit(limits, "Max open files"), FEW_FILES, "ulimit -n"));
        OptionalLong locked = SystemFiles.softLimit(limits, "Max locked memory");
        checks.add(Check.of(locked.isEmpty() || locked.getAsLong() >= LITTLE_LOCKED, Check.Status.WARN, GROUP,
                "locked memory", Texts.limit(locked), "blocks cannot be pinned in memory: raise ulimit -l"));
        return checks;
    }

    /** What control groups leave to this process, each of which is null where there is none. */
    static List<Check> groups(@Nullable ControlGroup cpu, @Nullable ControlGroup memory, @Nullable ControlGroup pids) {
        if (cpu == null && memory == null && pids == null) {
            return List.of(Check.ok(GROUP, "control group", "none, so that no limit is set by one"));
        }
        OptionalDouble processors = cpu == null ? OptionalDouble.empty() : cpu.processors();
        OptionalLong tasks = pids == null ? OptionalLong.empty() : pids.smallest("pids.max");
        return List.of(
                Check.ok(GROUP, "processor quota",
                        processors.isPresent()
                                ? String.format(Locale.ROOT, "%.2f processors", processors.getAsDouble())
                                : "no limit"),
                memory(memory),
                Check.of(tasks.isEmpty() || tasks.getAsLong() >= FEW_PROCESSES, Check.Status.WARN, GROUP, "pids.max",
                        tasks.isPresent() ? Long.toString(tasks.getAsLong()) : "no limit",
                        "every thread of a JVM counts: raise it (docker run --pids-limit=4096)"));
    }

    private static Check memory(@Nullable ControlGroup group) {
        String name = "memory of the group";
        OptionalLong limit = group == null ? OptionalLong.empty() : group.memoryLimit();
        if (group == null || limit.isEmpty()) {
            return Check.ok(GROUP, name, "no limit");
        }
        ControlGroup.Memory tight = group.shortOf(LITTLE_MEMORY);
        return Check.of(tight == null, Check.Status.WARN, GROUP, name,
                Texts.limit(limit) + (tight == null ? "" : ", " + Texts.bytes(tight.leftBytes()) + " left in "
                        + tight.directory()),
                "blocks count as the group's memory: raise the limit (docker run --memory=...)");
    }

    private static Check count(String name, OptionalLong limit, long few, String how) {
        return Check.of(limit.isEmpty() || limit.getAsLong() >= few, Check.Status.WARN, GROUP, name,
                limit.isPresent() ? Long.toString(limit.getAsLong()) : "no limit", "raise it with " + how);
    }
}
