package io.cleave.cli.doctor;

import io.cleave.os.Errno;
import io.cleave.os.SigbusGuard;
import io.cleave.os.Stat;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** Where memory comes from: the directory of shared blocks, huge pages, and how much the kernel promises. */
final class MemoryChecks {
    private static final String GROUP = "memory";
    private static final long ENOUGH_SHARED = 256L << 20;
    private static final String HUGE = "/sys/kernel/mm/transparent_hugepage/";

    private MemoryChecks() {
    }

    static List<Check> run() {
        String meminfo = SystemFiles.read("/proc/meminfo").orElse("");
        List<Check> checks = new ArrayList<>();
        checks.add(available(meminfo));
        checks.addAll(blocks(Objects.requireNonNullElse(System.getenv("CLEAVE_DIR"), "/dev/shm")));
        checks.add(truncation(SigbusGuard.refusal()));
        checks.add(overcommit(SystemFiles.read("/proc/sys/vm/overcommit_memory").orElse("")));
        checks.add(hugeHeap(SystemFiles.read(HUGE + "enabled").flatMap(SystemFiles::chosen).orElse("")));
        checks.add(transparentHuge("huge pages for blocks", HUGE + "shmem_enabled",
                "large blocks are mapped page by page"));
        long reserved = SystemFiles.memory(meminfo, "HugePages_Total").orElse(0);
        checks.add(Check.ok(GROUP, "reserved huge pages", reserved == 0 ? "none"
                : reserved + " of " + Texts.bytes(SystemFiles.memory(meminfo, "Hugepagesize").orElse(0))));
        return checks;
    }

    private static Check available(String meminfo) {
        OptionalLong total = SystemFiles.memory(meminfo, "MemTotal");
        OptionalLong free = SystemFiles.memory(meminfo, "MemAvailable");
        OptionalLong swap = SystemFiles.memory(meminfo, "SwapTotal");
        return Check.ok(GROUP, "memory", Texts.bytes(total.orElse(0)) + ", " + Texts.bytes(free.orElse(0))
                + " available, swap " + Texts.bytes(swap.orElse(0)));
    }

    private static List<Check> blocks(String directory) {
        String name = "blocks in " + directory;
        String elsewhere = "name a directory on a tmpfs in CLEAVE_DIR";
        Optional<SystemFiles.Mount> mount = SystemFiles.mountOf(
                SystemFiles.read("/proc/self/mountinfo").orElse(""), directory);
        Stat.FileSystemStatus status;
        try {
            status = Stat.statvfs(directory);
        } catch (RuntimeException e) {
            return List.of(Check.missing(GROUP, name, "not usable: " + e.getMessage(), elsewhere));
        }
        String options = mount.map(found -> found.type() + ", " + String.join(",", found.options())).orElse("unknown");
        String value = Texts.bytes(status.byteSize()) + ", " + Texts.bytes(status.availableBytes()) + " free, "
                + options;
        int unnamed = KernelChecks.unnamedFile(directory);
        return List.of(space(name, value, mount, status), Check.of(unnamed >= 0, Check.Status.MISSING, GROUP,
                "O_TMPFILE there", unnamed >= 0 ? "works" : Errno.describe(-unnamed), elsewhere));
    }

    private static Check space(String name, String value, Optional<SystemFiles.Mount> mount,
            Stat.FileSystemStatus status) {
        if (mount.filter(found -> found.options().contains("ro")).isPresent()) {
            return Check.missing(GROUP, name, value, "it is mounted read-only: name another directory in CLEAVE_DIR");
        }
        if (mount.filter(found -> !found.type().equals("tmpfs")).isPresent()) {
            return Check.warn(GROUP, name, value, "it is not in memory but on a disk: " + "set CLEAVE_DIR=/dev/shm");
        }
        return Check.of(status.availableBytes() >= ENOUGH_SHARED, Check.Status.WARN, GROUP, name, value,
                "enlarge it (mount -o remount,size=2g; docker run --shm-size=2g) or remove blocks (cleave cleanup)");
    }

    /** Whether a JVM survives that a block is truncated under it. */
    static Check truncation(@Nullable String refusal) {
        return refusal == null ? Check.ok(GROUP, "guard of truncated blocks", "in force")
                : Check.warn(GROUP, "guard of truncated blocks", "none: " + refusal,
                        "who truncates a block may end the JVMs that use it");
    }

    /** The kernel's readiness to promise more memory than there is, by {@code vm.overcommit_memory}. */
    static Check overcommit(String mode) {
        return switch (mode) {
            case "0" -> Check.ok(GROUP, "overcommit", "0, by judgement");
            case "1" -> Check.ok(GROUP, "overcommit", "1, always");
            case "2" -> Check.warn(GROUP, "overcommit", "2, never",
                    "the fork of a large heap may be refused: sysctl vm.overcommit_memory=0");
            default -> Check.warn(GROUP, "overcommit", "unknown", "/proc/sys/vm/overcommit_memory cannot be read");
        };
    }

    /** Whether heaps lie in huge pages, by the kernel's mode, and what that is to a fork. */
    static Check hugeHeap(String mode) {
        String name = "huge pages for the heap";
        String cost = "a fork copies the page tables of the heap: of 1 GiB in about 15 ms, in huge pages in 0.6 ms";
        return switch (mode) {
            case "always" -> Check.ok(GROUP, name, "always: forks of a large heap are fast");
            case "madvise" -> Check.ok(GROUP, name,
                    "madvise: with -XX:+UseTransparentHugePages the fork of 1 GiB of heap takes 0.6 ms rather than 15");
            case "" -> Check.warn(GROUP, name, "not in this kernel", cost);
            default -> Check.warn(GROUP, name, mode,
                    cost + ": echo madvise to " + HUGE + "enabled, and start java with -XX:+UseTransparentHugePages");
        };
    }

    private static Check transparentHuge(String name, String path, String cost) {
        Optional<String> mode = SystemFiles.read(path).flatMap(SystemFiles::chosen);
        boolean off = mode.isEmpty() || mode.get().equals("never") || mode.get().equals("deny");
        return Check.of(!off, Check.Status.WARN, GROUP, name, mode.orElse("not in this kernel"),
                cost + (mode.isEmpty() ? "" : ": echo advise or madvise to " + path));
    }
}
