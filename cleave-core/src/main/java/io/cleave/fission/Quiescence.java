package io.cleave.fission;

import io.cleave.os.ProcFs;
import io.cleave.os.Unistd;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The moment at which a fork is least likely to copy a lock that somebody holds: when every thread of the JVM's own
 * (compilers, collectors, the VM thread) sleeps.
 *
 * <p>
 * Most hangs of forked children come from {@code MethodCompileQueue_lock}, held at the fork by a compiler thread that
 * the child does not have. A thread that sleeps may still hold a lock, so this makes hangs rare, not impossible; what
 * remains is recognised by {@link DeadlockProof}.
 */
final class Quiescence {
    /** The beginnings of the names that HotSpot gives to the threads that matter, as the kernel cuts them. */
    private static final List<String> OWN_THREADS = List.of("C1 CompilerThre", "C2 CompilerThre", "VM Thread", "G1 ",
            "GC Thread", "Parallel", "VM Operation");
    private static final long NAP_NANOS = 50_000;

    /** Thread id to whether it is one of the JVM's own. A thread's name is read once. */
    private final Map<Integer, Boolean> known = new HashMap<>();

    /**
     * Waits until all of the JVM's own threads sleep, at most for a while.
     *
     * @param patienceNanos how long to wait at most
     * @return whether they all slept
     */
    boolean await(long patienceNanos) {
        long deadline = System.nanoTime() + patienceNanos;
        int self = Unistd.getpid();
        while (!isQuiet(self)) {
            if (System.nanoTime() - deadline > 0) {
                return false;
            }
            Nap.of(NAP_NANOS);
        }
        return true;
    }

    private boolean isQuiet(int self) {
        for (int thread : ProcFs.threads(self)) {
            String directory = "/proc/self/task/" + thread;
            if (known.computeIfAbsent(thread, id -> isOwn(directory))) {
                ProcFs.ProcessStatus status = ProcFs.status(directory);
                if (status == null) {
                    known.remove(thread); // it has ended; its number may go to another
                } else if (status.state() != 'S') {
                    return false;
                }
            }
        }
        return true;
    }

    private static boolean isOwn(String directory) {
        String name = ProcFs.line(directory + "/comm");
        return name != null && OWN_THREADS.stream().anyMatch(name::startsWith);
    }
}
