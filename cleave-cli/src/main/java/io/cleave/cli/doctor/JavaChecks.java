package io.cleave.cli.doctor;

import io.cleave.fission.Fission;
import io.cleave.fission.Support;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** What this JVM is. */
final class JavaChecks {
    private static final String GROUP = "java";
    private static final int NEEDED = 25;

    private JavaChecks() {
    }

    static List<Check> run() {
        return List.of(version(), machine(), collector(), heap(), nativeAccess(), fission());
    }

    private static Check version() {
        Runtime.Version version = Runtime.version();
        String vendor = System.getProperty("java.vendor", "unknown vendor");
        return Check.of(version.feature() >= NEEDED, Check.Status.MISSING, GROUP, "version", version + ", " + vendor,
                "install a JDK " + NEEDED + " or later");
    }

    private static Check machine() {
        String name = System.getProperty("java.vm.name", "unknown");
        return Check.of(!name.contains("OpenJ9"), Check.Status.MISSING, GROUP, "virtual machine", name,
                "use a JDK with the HotSpot virtual machine: Cleave's forks are made for it");
    }

    private static Check collector() {
        String names = ManagementFactory.getGarbageCollectorMXBeans().stream().map(GarbageCollectorMXBean::getName)
                .collect(Collectors.joining(", "));
        return Check.of(isKnown(names), Check.Status.WARN, GROUP, "collector", names,
                "use -XX:+UseG1GC, -XX:+UseParallelGC or -XX:+UseSerialGC");
    }

    /** Whether a child forked under a collector with these bean names computes reliably. */
    static boolean isKnown(String names) {
        return names.startsWith("G1 ") || names.startsWith("PS ") || names.startsWith("Copy");
    }

    private static Check heap() {
        Optional<MemoryPoolMXBean> eden = ManagementFactory.getMemoryPoolMXBeans().stream()
                .filter(pool -> pool.getName().contains("Eden")).findFirst();
        String size = "at most " + Texts.bytes(Runtime.getRuntime().maxMemory());
        return Check.ok(GROUP, "heap",
                eden.map(pool -> size + ", Eden now " + Texts.bytes(pool.getUsage().getCommitted())).orElse(size));
    }

    private static Check nativeAccess() {
        boolean enabled = Fission.class.getModule().isNativeAccessEnabled();
        return Check.of(enabled, Check.Status.WARN, GROUP, "native access", enabled ? "enabled" : "not enabled",
                "start java with --enable-native-access=io.cleave (or =ALL-UNNAMED on the class path)");
    }

    private static Check fission() {
        return switch (Fission.support()) {
            case Support.Supported(boolean isWhole, String reason) -> isWhole
                    ? Check.ok(GROUP, "fork of this JVM", "supported: children are whole JVMs")
                    : Check.ok(GROUP, "fork of this JVM", "supported, with children of one thread: " + reason);
            case Support.Unsupported(String reason) -> Check.missing(GROUP, "fork of this JVM", "not supported",
                    reason);
        };
    }
}
