package io.cleave.fission;

import com.sun.management.HotSpotDiagnosticMXBean;
import io.cleave.os.Unistd;
import io.cleave.os.WholeFork;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Finds out whether this JVM can be forked, and why not. */
final class SupportCheck {
    /** Set to false, it makes children of one thread, as they are where a whole fork cannot be had. */
    private static final boolean WHOLE_WANTED = !"false".equals(System.getProperty("cleave.fission.whole"));

    /** Why children are not whole JVMs, or null where they are. */
    private static volatile @Nullable String wholeRefusal = findWholeRefusal();

    private SupportCheck() {
    }

    static Support result() {
        return check();
    }

    /** Whether children are whole JVMs, rather than one thread with the memory of one. */
    static boolean isWhole() {
        return wholeRefusal == null;
    }

    /** From now on children have one thread, as whole forks fail for a reason that will not go away. */
    static void giveUpWhole(String reason) {
        wholeRefusal = reason;
    }

    private static @Nullable String findWholeRefusal() {
        if (!WHOLE_WANTED) {
            return "-Dcleave.fission.whole=false";
        }
        if (platform(System.getProperty("os.name", ""), System.getProperty("os.arch", ""),
                System.getProperty("java.vm.name", "")) != null) {
            return "this system or JVM cannot be forked at all";
        }
        List<String> collectors = collectors();
        String all = String.join(", ", collectors);
        if (collector(collectors) != null) {
            return "the collector is " + all;
        }
        String locking = flag("LockingMode");
        if (locking != null && !locking.equals("2")) {
            return "-XX:LockingMode=" + locking + " does not tell who is inside synchronized code";
        }
        return WholeFork.refusal(all.contains("G1") ? WholeFork.Collector.G1
                : all.contains("PS ") ? WholeFork.Collector.PARALLEL : WholeFork.Collector.SERIAL);
    }

    private static List<String> collectors() {
        return ManagementFactory.getGarbageCollectorMXBeans().stream().map(GarbageCollectorMXBean::getName).toList();
    }

    /** Throws where this JVM cannot be forked. */
    static void require() {
        if (result() instanceof Support.Unsupported(String reason)) {
            throw new UnsupportedOperationException("this JVM cannot be forked: " + reason);
        }
    }

    private static Support check() {
        String reason = reason();
        String notWhole = wholeRefusal;
        return reason == null ? new Support.Supported(notWhole == null, notWhole == null ? "" : notWhole)
                : new Support.Unsupported(reason);
    }

    private static @Nullable String reason() {
        String platform = platform(System.getProperty("os.name", ""), System.getProperty("os.arch", ""),
                System.getProperty("java.vm.name", ""));
        if (platform != null) {
            return platform;
        }
        if (Unistd.getpid() == 0) {
            return "the system does not say what process this is";
        }
        String collector = collector(collectors());
        return collector != null ? collector : flags();
    }

    /** Why fission does not work on a system or JVM, or null where it may. */
    static @Nullable String platform(String os, String arch, String vm) {
        if (!os.toLowerCase(Locale.ROOT).contains("linux")) {
            return "the operating system is " + os + ", and only Linux has the fork, futex and /proc that this needs";
        }
        if (!List.of("amd64", "x86_64", "aarch64").contains(arch)) {
            return "the processor is " + arch + "; x86-64 and AArch64 are supported";
        }
        if (!vm.contains("HotSpot") && !vm.contains("OpenJDK")) {
            return "the JVM is " + vm + "; only HotSpot's behaviour in a forked child is known, use an OpenJDK build";
        }
        return null;
    }

    /** Why a collector's heap cannot be forked, or null where it can. */
    static @Nullable String collector(List<String> names) {
        String all = String.join(", ", names);
        if (all.contains("ZGC")) {
            return "the collector is ZGC, whose heap is memory shared with every child: a child would write into its"
                    + " parent's objects; use -XX:+UseG1GC, -XX:+UseParallelGC or -XX:+UseSerialGC";
        }
        boolean known = all.contains("G1") || all.contains("PS ") || all.contains("Copy");
        if (!known || !Eden.isKnown()) {
            return "the collector (" + all
                    + ") has not been tried, and one whose threads work while the program runs may"
                    + " leave a child with a heap in mid-change;"
                    + " use -XX:+UseG1GC, -XX:+UseParallelGC or -XX:+UseSerialGC";
        }
        return null;
    }

    private static @Nullable String flags() {
        if (!isWhole() && !"true".equals(flag("BackgroundCompilation"))) {
            return "-XX:-BackgroundCompilation (or -Xcomp, -Xbatch) makes code wait for a compiler thread,"
                    + " and a child has none";
        }
        String heapFile = flag("AllocateHeapAt");
        if (heapFile != null && !heapFile.isEmpty()) {
            return "-XX:AllocateHeapAt=" + heapFile + " puts the heap in a file that every child would share";
        }
        return null;
    }

    private static @Nullable String flag(String name) {
        HotSpotDiagnosticMXBean bean = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
        try {
            return bean.getVMOption(name).getValue();
        } catch (IllegalArgumentException e) {
            return null; // this JVM has no such option
        }
    }
}
