package io.cleave.bench.soundness;

import io.cleave.memory.SharedMemory;
import io.cleave.os.ProcFs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * What this process still has although all runs have ended.
 *
 * @param children processes
 * @param files named blocks of its making, and open descriptors of shared memory
 * @param threads threads of the library's
 */
record Leftovers(long children, long files, long threads) {
    static Leftovers now() {
        long self = ProcessHandle.current().pid();
        long children = ProcessHandle.current().children().count();
        long blocks = SharedMemory.list().stream().filter(block -> block.creatorPid() == self).count();
        long descriptors = Arrays.stream(ProcFs.openFiles()).filter(Leftovers::isSharedMemory).count();
        long threads = Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("cleave-")).count();
        return new Leftovers(children, blocks + descriptors, threads);
    }

    private static boolean isSharedMemory(int descriptor) {
        try {
            String target = Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor)).toString();
            return target.startsWith("/memfd:cleave") || target.startsWith("/dev/shm/cleave");
        } catch (IOException e) {
            return false; // closed in the meantime
        }
    }

    boolean isNothing() {
        return children + files + threads == 0;
    }
}
