package io.cleave.bench;

import io.cleave.os.Cpus;
import io.cleave.os.ProcFs;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What a result was measured on, as far as it can be told; the figures mean little without it. */
final class Machine {
    private static final String GOVERNOR = "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor";
    private static final String HUGE_PAGES = "/sys/kernel/mm/transparent_hugepage/enabled";

    private Machine() {
    }

    static Map<String, @Nullable Object> fields() {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("cpus", Cpus.usable());
        putIfKnown(fields, "cpu", cpuModel());
        fields.put("jdk", System.getProperty("java.version"));
        fields.put("vm", System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version"));
        fields.put("collectors", ManagementFactory.getGarbageCollectorMXBeans().stream()
                .map(GarbageCollectorMXBean::getName).collect(Collectors.joining(", ")));
        fields.put("kernel", System.getProperty("os.version"));
        fields.put("arch", System.getProperty("os.arch"));
        fields.put("memory_mib", ProcFs.memoryField("/proc/meminfo", "MemTotal") >> 20);
        putIfKnown(fields, "governor", ProcFs.line(GOVERNOR));
        putIfKnown(fields, "huge_pages", chosen(ProcFs.line(HUGE_PAGES)));
        double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
        if (load >= 0) {
            fields.put("load", Json.rounded(load));
        }
        return fields;
    }

    /** The machine in one line. */
    static String text() {
        double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
        return Cpus.usable() + " processors, JDK " + System.getProperty("java.version") + ", Linux "
                + System.getProperty("os.version") + ", " + (ProcFs.memoryField("/proc/meminfo", "MemTotal") >> 30)
                + " GiB" + (load >= 0 ? ", load " + Numbers.text(load) : "");
    }

    private static void putIfKnown(Map<String, @Nullable Object> fields, String name, @Nullable String value) {
        if (value != null && !value.isEmpty()) {
            fields.put(name, value);
        }
    }

    private static @Nullable String cpuModel() {
        String text = ProcFs.read("/proc/cpuinfo", 4096);
        return text == null ? null
                : text.lines().filter(line -> line.startsWith("model name"))
                        .map(line -> line.substring(line.indexOf(':') + 1).strip()).findFirst().orElse(null);
    }

    /** The word in brackets, where the kernel lists all that could be chosen. */
    static @Nullable String chosen(@Nullable String line) {
        int open = line == null ? -1 : line.indexOf('[');
        int close = line == null ? -1 : line.indexOf(']');
        return line == null || open < 0 || close < open ? null : line.substring(open + 1, close);
    }
}
