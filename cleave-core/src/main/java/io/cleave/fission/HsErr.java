package io.cleave.fission;

import java.nio.file.Files;
import java.nio.file.Path;

/** The report that HotSpot leaves when it crashes. */
final class HsErr {
    private HsErr() {
    }

    /** Where the report of a process is, as the end of a sentence; empty where there is none. */
    static String describe(int pid) {
        Path report = Path.of("hs_err_pid" + pid + ".log").toAbsolutePath();
        return Files.exists(report) ? "; see " + report : "";
    }
}
