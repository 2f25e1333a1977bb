package io.cleave.fission;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The report that HotSpot leaves when it crashes. */
final class HsErr {
    /** File systems may date a file a little before the clock that a program reads. */
    private static final long TOLERANCE_MILLIS = 50;
    private static final String DEFAULT_NAME = "hs_err_pid%p.log";
    /** Where HotSpot writes it: to the first of these places that it can write to. */
    private static final List<Path> PLACES = places();

    private HsErr() {
    }

    private static List<Path> places() {
        Path usual = Path.of(DEFAULT_NAME).toAbsolutePath();
        Path last = Path.of("/tmp", DEFAULT_NAME);
        HotSpotDiagnosticMXBean hotSpot = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
        String wished = hotSpot == null ? "" : hotSpot.getVMOption("ErrorFile").getValue();
        return wished == null || wished.isEmpty() ? List.of(usual, last)
                : List.of(Path.of(wished).toAbsolutePath(), usual, last);
    }

    /**
     * The report of a process, which may be unfinished.
     *
     * @param pid the process
     * @param sinceMillis when the process was forked, in milliseconds since the epoch: an older report is another's
     * @return the report, or null where there is none or it went elsewhere
     */
    static @Nullable Path of(int pid, long sinceMillis) {
        for (Path place : PLACES) {
            Path report = Path.of(place.toString().replace("%p", Integer.toString(pid)));
            try {
                if (Files.getLastModifiedTime(report).toMillis() >= sinceMillis - TOLERANCE_MILLIS) {
                    return report;
                }
            } catch (IOException e) {
                // not here
            }
        }
        return null;
    }

    /** Where the report of a process is, as the end of a sentence; empty where there is none. */
    static String describe(@Nullable Path report) {
        return report == null ? "" : "; see " + report;
    }
}
