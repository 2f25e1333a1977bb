package io.cleave.fission;

import io.cleave.os.Futex;
import io.cleave.os.ProcFs;
import java.io.File;
import org.jspecify.annotations.Nullable;

/**
 * The question whether a child can ever go on, asked twice, some time apart.
 *
 * <p>
 * A process of one thread that sleeps in a futex wait which is private and has no deadline can never be woken: nobody
 * outside the process reaches that futex, and nobody inside is left. That is a proof, not a time-out. A child with
 * threads of its own, or one that waits on a pipe or a shared futex, is outside it, and is left alone here: only a
 * time-out for items ends it.
 *
 * <p>
 * Some of HotSpot's own tables are guarded by locks for which a thread waits by spinning and napping for microseconds. A
 * child that meets one of those held at the fork sleeps and wakes many thousand times a second, for ever. Java code does
 * not nap in this way, but native code might; so a child that is never seen doing anything else for
 * {@link #SPINNING_NANOS} is given up without a proof, and counted apart.
 *
 * <p>
 * Where {@code /proc/PID/syscall} cannot be read (a hardened kernel or container), a child that sleeps and uses no
 * processor time for {@link #UNPROVEN_NANOS} is given up without a proof, and counted apart.
 */
final class DeadlockProof {
    /** How long a child may sleep where the proof is out of reach. */
    static final long UNPROVEN_NANOS = 10_000_000_000L;
    /** How long a child may spin and nap. */
    static final long SPINNING_NANOS = 500_000_000L;
    /** So many naps in a second are no accident. */
    private static final long MOST_NAPS_PER_SECOND = 500;
    /** What lies at least between the two looks. */
    private static final long APART_NANOS = 1_000_000;

    private static final String NANOSLEEP = Futex.clockNanosleepNumber() + " ";

    /** What is known of a child. */
    enum Verdict {
        /** It may go on. */
        OPEN,
        /** It can never go on. */
        PROVEN,
        /** It has slept for long, and no proof can be had. */
        UNPROVEN
    }

    private final int pid;
    /** When a child outside the proof was seen to use the processor; meaningful where {@link #lastTicks} is not -1. */
    private long idleSince;
    private long lastTicks = -1;
    /** Since when the child has been seen only computing or napping; 0 where it has not. */
    private long spinningSince;
    private long napsBefore;

    DeadlockProof(int pid) {
        this.pid = pid;
    }

    /** Forgets what was seen: the child has shown life. */
    void refute() {
        lastTicks = -1;
        spinningSince = 0;
    }

    /**
     * Looks at the child, and again where it seems unable to go on.
     *
     * @param now a moment of {@link System#nanoTime()}
     * @return what is known
     */
    Verdict look(long now) {
        String call = ProcFs.line("/proc/" + pid + "/syscall");
        if (call == null) {
            return lookWithoutProof(now);
        }
        String wait = endlessWait(call);
        if (wait.isEmpty()) {
            return isSpinning(call, now) ? Verdict.UNPROVEN : Verdict.OPEN;
        }
        Nap.of(APART_NANOS);
        String again = ProcFs.line("/proc/" + pid + "/syscall");
        return again != null && wait.equals(endlessWait(again)) ? Verdict.PROVEN : Verdict.OPEN;
    }

    /** Whether the last look, made without the means for a proof, found no sign of life. */
    boolean isSuspicious() {
        return lastTicks >= 0;
    }

    private boolean isSpinning(String call, long now) {
        if (!call.equals("running") && !isNap(call)) {
            spinningSince = 0;
            return false;
        }
        if (spinningSince != 0 && now - spinningSince < SPINNING_NANOS) {
            return false;
        }
        long naps = ProcFs.number("/proc/" + pid + "/status", "voluntary_ctxt_switches");
        long since = spinningSince;
        long before = napsBefore;
        spinningSince = now;
        napsBefore = naps;
        return since != 0 && (naps - before) * 1e9 / (now - since) > MOST_NAPS_PER_SECOND;
    }

    /** The wait that a child of one thread cannot leave, with how often it has slept and woken so far; else empty. */
    private String endlessWait(String call) {
        return isEndlessPrivateWait(call) && isAlone() ? call + " " + switches() : "";
    }

    /**
     * Whether a line of {@code /proc/PID/syscall} is a futex wait that is private and has no deadline.
     *
     * @param line number, six arguments, stack pointer and program counter; or "running"
     */
    static boolean isEndlessPrivateWait(String line) {
        String[] fields = line.split(" ");
        if (fields.length < 7 || !fields[0].equals(Long.toString(Futex.number()))) {
            return false;
        }
        long operation = argument(fields[2]) & 0xffff_ffffL;
        long command = operation & ~(Futex.FUTEX_PRIVATE_FLAG | Futex.FUTEX_CLOCK_REALTIME);
        boolean waits = command == Futex.FUTEX_WAIT || command == Futex.FUTEX_WAIT_BITSET
                || command == Futex.FUTEX_LOCK_PI;
        return waits && (operation & Futex.FUTEX_PRIVATE_FLAG) != 0 && argument(fields[4]) == 0;
    }

    /** Whether a line of {@code /proc/PID/syscall} is a nap. */
    static boolean isNap(String line) {
        return line.startsWith(NANOSLEEP);
    }

    private static long argument(String field) {
        return Long.parseUnsignedLong(field.substring(2), 16);
    }

    private boolean isAlone() {
        String[] tasks = new File("/proc/" + pid + "/task").list();
        return tasks != null && tasks.length == 1;
    }

    /** How often the child has slept and woken; equal numbers at two looks mean that it has not moved between them. */
    private String switches() {
        String status = ProcFs.read("/proc/" + pid + "/status", 4096);
        int at = status == null ? -1 : status.indexOf("voluntary_ctxt_switches:");
        return at < 0 || status == null ? "" : status.substring(at);
    }

    private Verdict lookWithoutProof(long now) {
        ProcFs.ProcessStatus status = ProcFs.status("/proc/" + pid);
        if (status == null || status.state() != 'S' || status.cpuTicks() != lastTicks) {
            lastTicks = status == null ? -1 : status.cpuTicks();
            idleSince = now;
            return Verdict.OPEN;
        }
        return now - idleSince > UNPROVEN_NANOS ? Verdict.UNPROVEN : Verdict.OPEN;
    }
}
