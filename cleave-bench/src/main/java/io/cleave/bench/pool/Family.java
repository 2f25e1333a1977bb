package io.cleave.bench.pool;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The processes of one run: those that have its directory in their environment, which they inherit from each other. */
final class Family {
    private final String mark;

    /** The family of a directory that {@code CLEAVE_DIR} names. */
    Family(String directory) {
        mark = "CLEAVE_DIR=" + directory + "\0";
    }

    /** Whether a process lives, is no zombie, and is of this run: nobody else is ever killed. */
    boolean has(long pid) {
        try {
            String environment = Files.readString(Path.of("/proc/" + pid + "/environ"), StandardCharsets.ISO_8859_1);
            return ("\0" + environment).contains("\0" + mark);
        } catch (IOException e) {
            return false; // it has ended, or is another user's
        }
    }

    /** All that live, but for the calling process. */
    List<ProcessHandle> others() {
        long self = ProcessHandle.current().pid();
        return ProcessHandle.allProcesses().filter(process -> process.pid() != self && has(process.pid())).toList();
    }

    /** Those that are still there after a while. */
    List<ProcessHandle> othersAfter(int seconds) throws InterruptedException {
        long deadline = System.nanoTime() + seconds * 1_000_000_000L;
        List<ProcessHandle> others = others();
        while (!others.isEmpty() && System.nanoTime() - deadline < 0) {
            Thread.sleep(20);
            others = others();
        }
        return others;
    }
}
