package io.cleave.fork;

import com.sun.management.HotSpotDiagnosticMXBean;
import io.cleave.os.WholeFork;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Finds out whether children of this JVM are whole JVMs, and why not. */
public final class WholeSupport {
    /** Set to false, it makes children of one thread, as they are where a whole fork cannot be had. */
    private static final boolean IS_WANTED = !"false".equals(System.getProperty("cleave.fission.whole"));

    /** Why children are not whole JVMs, or null where they are. */
    private static volatile @Nullable String refusal = findRefusal();

    private WholeSupport() {
    }

    /**
     * Whether children are whole JVMs, rather than one thread with the memory of one.
     *
     * @return whether there is no {@link #refusal}
     */
    public static boolean isThere() {
        return refusal == null;
    }

    /**
     * Why children are not whole JVMs.
     *
     * @return the reason, or null where they are
     */
    public static @Nullable String refusal() {
        return refusal;
    }

    /**
     * From now on children have one thread, as whole forks fail for a reason that will not go away.
     *
     * @param reason why
     */
    public static void giveUp(String reason) {
        refusal = reason;
    }

    private static @Nullable String findRefusal() {
        if (!IS_WANTED) {
            return "-Dcleave.fission.whole=false";
        }
        String platform = platform(System.getProperty("os.name", ""), System.getProperty("os.arch", ""),
                System.getProperty("java.vm.name", ""));
        if (platform != null) {
            return platform;
        }
        String all = String.join(", ", collectors());
        boolean isKnown = all.contains("G1") || all.contains("PS ") || all.contains("Copy");
        if (all.contains("ZGC") || !isKnown) {
            return "the collector is " + all;
        }
        String heapFile = flag("AllocateHeapAt");
        if (heapFile != null && !heapFile.isEmpty()) {
            return "-XX:AllocateHeapAt=" + heapFile + " puts the heap in a file that every child would share";
        }
        if (isSet("UseLargePages") && !isSet("UseTransparentHugePages")) {
            return "-XX:+UseLargePages takes memory from a pool of huge pages, of which there may be none left for a child";
        }
        if (isSet("CheckJNICalls")) {
            return "-Xcheck:jni ends a JVM that hands on a reference to a virtual thread as a whole fork does";
        }
        String locking = flag("LockingMode");
        if (locking != null && !locking.equals("2")) {
            return "-XX:LockingMode=" + locking + " does not tell who is inside synchronized code";
        }
        return WholeFork.refusal(all.contains("G1") ? WholeFork.Collector.G1
                : all.contains("PS ") ? WholeFork.Collector.PARALLEL : WholeFork.Collector.SERIAL);
    }

    private static boolean isSet(String flag) {
        return "true".equals(flag(flag));
    }

    /**
     * What collects garbage in this JVM.
     *
     * @return the collectors' names
     */
    public static List<String> collectors() {
        return ManagementFactory.getGarbageCollectorMXBeans().stream().map(GarbageCollectorMXBean::getName).toList();
    }

    /**
     * Why no fork works on a system or JVM.
     *
     * @param os the operating system
     * @param arch the processor
     * @param vm the JVM
     * @return the reason, or null where it may
     */
    public static @Nullable String platform(String os, String arch, String vm) {
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

    /**
     * One of HotSpot's options.
     *
     * @param name its name
     * @return its value, or null where this JVM has none of the name
     */
    public static @Nullable String flag(String name) {
        HotSpotDiagnosticMXBean bean = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
        try {
            return bean.getVMOption(name).getValue();
        } catch (IllegalArgumentException e) {
            return null; // this JVM has no such option
        }
    }
}
