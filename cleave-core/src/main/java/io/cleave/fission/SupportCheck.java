package io.cleave.fission;

import io.cleave.fork.WholeSupport;
import io.cleave.os.Unistd;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Finds out whether this JVM can be forked, and why not. */
final class SupportCheck {
    private SupportCheck() {
    }

    static Support result() {
        return check();
    }

    /** Throws where this JVM cannot be forked. */
    static void require() {
        if (result() instanceof Support.Unsupported(String reason)) {
            throw new UnsupportedOperationException("this JVM cannot be forked: " + reason);
        }
    }

    private static Support check() {
        String reason = reason();
        String notWhole = WholeSupport.refusal();
        return reason == null ? new Support.Supported(notWhole == null, notWhole == null ? "" : notWhole)
                : new Support.Unsupported(reason);
    }

    private static @Nullable String reason() {
        String platform = WholeSupport.platform(System.getProperty("os.name", ""), System.getProperty("os.arch", ""),
                System.getProperty("java.vm.name", ""));
        if (platform != null) {
            return platform;
        }
        if (Unistd.getpid() == 0) {
            return "the system does not say what process this is";
        }
        String collector = collector(WholeSupport.collectors());
        return collector != null ? collector : flags();
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
        if (!WholeSupport.isThere() && !"true".equals(WholeSupport.flag("BackgroundCompilation"))) {
            return "-XX:-BackgroundCompilation (or -Xcomp, -Xbatch) makes code wait for a compiler thread,"
                    + " and a child has none";
        }
        String heapFile = WholeSupport.flag("AllocateHeapAt");
        if (heapFile != null && !heapFile.isEmpty()) {
            return "-XX:AllocateHeapAt=" + heapFile + " puts the heap in a file that every child would share";
        }
        return null;
    }
}
