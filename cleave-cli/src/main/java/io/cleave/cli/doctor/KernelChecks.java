package io.cleave.cli.doctor;

import io.cleave.os.Errno;
import io.cleave.os.Fcntl;
import io.cleave.os.Futex;
import io.cleave.os.Mman;
import io.cleave.os.Signals;
import io.cleave.os.Unistd;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What the kernel can do. Each call is tried, because a container may forbid what the kernel has. */
final class KernelChecks {
    private static final String GROUP = "kernel";
    private static final int HIGHEST_FILE = Integer.MAX_VALUE;

    private KernelChecks() {
    }

    static List<Check> run() {
        List<Check> checks = new ArrayList<>();
        checks.add(Check.ok(GROUP, "version", System.getProperty("os.name") + " " + System.getProperty("os.version")
                + ", " + System.getProperty("os.arch")));
        checks.add(call("memfd_create", "3.17", Check.Status.MISSING, memfd()));
        checks.add(call("futex_waitv", "5.16", Check.Status.WARN, futexWaitv()));
        checks.add(call("close_range", "5.9", Check.Status.WARN, Unistd.close_range(HIGHEST_FILE, HIGHEST_FILE, 0)));
        checks.add(call("pidfd_open", "5.3", Check.Status.WARN, pidfd()));
        checks.add(ptraceScope());
        checks.add(childSyscall());
        return checks;
    }

    private static Check call(String name, String since, Check.Status otherwise, int result) {
        return Check.of(result >= 0, otherwise, GROUP, name, result >= 0 ? "works" : Errno.describe(-result),
                "it needs Linux " + since + " or later, and a container whose seccomp profile allows it");
    }

    private static int memfd() {
        return closed(Mman.memfd_create("cleave-doctor", Mman.MFD_CLOEXEC));
    }

    private static int pidfd() {
        return closed(Signals.pidfd_open(Unistd.getpid()));
    }

    private static int closed(int fd) {
        return fd < 0 ? fd : Unistd.close(fd);
    }

    /** Asks to sleep while a word is 1, which it is not: a kernel that knows the call says EAGAIN. */
    private static int futexWaitv() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment word = arena.allocate(Integer.BYTES, Integer.BYTES);
            MemorySegment vector = arena.allocate(Futex.WAITV_ENTRY_BYTES, Long.BYTES);
            Futex.setEntry(vector, 0, word.address(), 1);
            int result = Futex.waitv(vector, 1, System.nanoTime() + 1_000_000);
            return result == -Errno.EAGAIN ? 0 : result;
        }
    }

    private static Check ptraceScope() {
        Optional<String> scope = SystemFiles.read("/proc/sys/kernel/yama/ptrace_scope");
        if (scope.isEmpty()) {
            return Check.ok(GROUP, "ptrace scope", "not restricted");
        }
        boolean well = scope.get().equals("0") || scope.get().equals("1");
        return Check.of(well, Check.Status.WARN, GROUP, "ptrace scope", scope.get(),
                "sysctl kernel.yama.ptrace_scope=1 lets a process look at its own children");
    }

    /** Whether a child's system call can be read, which the proof of a deadlock needs. */
    private static Check childSyscall() {
        String name = "/proc/PID/syscall";
        Process child;
        try {
            child = new ProcessBuilder("sleep", "10").start();
        } catch (IOException e) {
            return Check.warn(GROUP, name, "not tried: no sleep command", "install coreutils to have it tried");
        }
        try {
            Optional<String> text = SystemFiles.read("/proc/" + child.pid() + "/syscall");
            return Check.of(text.isPresent(), Check.Status.WARN, GROUP, name,
                    text.isPresent() ? "readable for own children" : "not readable for own children",
                    "a hung child is then recognised without proof, by its idleness; allow ptrace of own children "
                            + "(docker run --cap-add=SYS_PTRACE, kernel.yama.ptrace_scope at most 1)");
        } finally {
            child.destroyForcibly();
        }
    }

    /** Whether unnamed files can be made in a directory, and locked as blocks are. */
    static int unnamedFile(String directory) {
        int fd = Fcntl.open(directory, Fcntl.O_TMPFILE | Fcntl.O_RDWR, 0600);
        if (fd < 0) {
            return fd;
        }
        int result = Fcntl.setLock(fd, Fcntl.F_WRLCK, 0, 1);
        Unistd.close(fd);
        return result;
    }
}
