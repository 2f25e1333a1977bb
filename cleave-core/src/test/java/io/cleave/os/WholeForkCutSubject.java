package io.cleave.os;

import io.cleave.os.WholeFork.Cut;
import io.cleave.testing.Exhaustive;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/**
 * A JVM whose whole forks are cut short in the middle, at one step after the other, until there is no such step. Where the
 * parent is to die or to stop, the parent is a forked child itself, so that the next one costs no start of a JVM; its
 * children come to this JVM when it dies, which so sees whether they end.
 */
public final class WholeForkCutSubject {
    private static final int THREADS = 3;
    private static final int MOST_STEPS = 400;
    private static final int NO_SUCH_STEP = 77;
    private static final int RIGHT = 0;
    private static final int WRONG = 1;
    private static final int WUNTRACED = 2;
    private static final int SIGCONT = 18;
    private static final int SIGSTOP = 19;
    private static final int STOPPED = 0x7f;
    private static final int PR_SET_CHILD_SUBREAPER = 36;
    private static final int PAGE = 4096;
    private static final long LONGEST_NANOS = 20_000_000_000L;
    /** Longer than the second after which parked threads look whether they have waited for long enough. */
    private static final int NAP_MILLIS = 1700;
    /** Parents that nap or stand still at a time. */
    private static final int TOGETHER = 12;
    /** One step in so many is played with those, which is slow: in an exhaustive run each. */
    private static final int STRIDE = Exhaustive.IS_ON ? 1 : 3;

    private static final long BYTES_LEFT = 16 << 10;

    /** Each process has a line of 64 bytes: what its threads count, and what it has to say. */
    private static MemorySegment shared = MemorySegment.NULL;
    private static final AtomicLongArray COUNTS = new AtomicLongArray(THREADS * 8);

    private WholeForkCutSubject() {
    }

    /** Arguments: what happens, and on which side. */
    public static void main(String[] args) throws Throwable {
        String refusal = WholeFork.refusal(WholeFork.Collector.SERIAL);
        if (refusal != null) {
            System.out.println("refused " + refusal);
            return;
        }
        shared = Mman.map(Arena.global(), PAGE, Mman.PROT_READ | Mman.PROT_WRITE, Mman.MAP_SHARED | Mman.MAP_ANONYMOUS,
                -1,
                0);
        Signals.prctl(PR_SET_CHILD_SUBREAPER, 1);
        long workers = IntStream.range(0, 100_000).parallel().asLongStream().sum(); // they go on in the child
        check(workers > 0, "a wrong sum");
        int steps = switch (args[0]) {
            case "kill-child" -> cutChildren(Cut.KILL);
            case "stop-child" -> cutChildren(Cut.STOP);
            case "fail-child" -> cutChildren(Cut.FAIL);
            case "fail-parent" -> fail(Integer.parseInt(args[1]));
            case "fail-all" -> failAll();
            case "forbidden" -> forbid();
            case "stolen" -> steal();
            case "kill-parent" -> cutParents(Cut.KILL, 1, 1);
            case "stop-parent" -> cutParents(Cut.STOP, TOGETHER, STRIDE);
            case "nap-parent" -> cutParents(Cut.NAP, TOGETHER, STRIDE);
            case "nap-parent-really" -> napOnce();
            case "processes" -> limitProcesses();
            case "memory" -> limitMemory();
            default -> throw new IllegalArgumentException(args[0]);
        };
        System.out.println("steps " + steps);
    }

    private static void check(boolean right, String otherwise) {
        if (!right) {
            System.out.println("wrong " + otherwise);
            throw new IllegalStateException(otherwise);
        }
    }

    private static void startThreads() {
        for (int i = 0; i < THREADS; i++) {
            int at = 8 * i;
            Thread.ofPlatform().daemon().start(() -> {
                while (true) {
                    COUNTS.incrementAndGet(at);
                    LockSupport.parkNanos(100_000);
                }
            });
        }
    }

    /** Whether all threads of the program move. */
    private static boolean doAllMove() {
        long deadline = System.nanoTime() + LONGEST_NANOS;
        for (int i = 0; i < THREADS; i++) {
            long before = COUNTS.get(8 * i);
            while (COUNTS.get(8 * i) == before) {
                if (System.nanoTime() > deadline) {
                    return false;
                }
                LockSupport.parkNanos(50_000);
            }
        }
        return true;
    }

    /** Children that die, stop, or fail to become whole, one after the other. */
    private static int cutChildren(Cut cut) throws InterruptedException {
        startThreads();
        for (int step = 1; step < MOST_STEPS; step++) {
            WholeFork.cut(cut, -step, Errno.EAGAIN);
            int pid = WholeFork.fork();
            if (pid == 0) {
                boolean isCut = WholeFork.steps() >= step;
                beWhole(isCut ? RIGHT : NO_SUCH_STEP);
            }
            WholeFork.cut(Cut.NONE, 0, 0);
            check(pid > 0, "no fork at step " + step + ": " + WholeFork.describe(pid));
            check(doAllMove(), "a thread stands still after step " + step);
            int status = await(pid, WUNTRACED);
            if (status == NO_SUCH_STEP << 8) {
                checkNextFork(step);
                return step - 1;
            }
            switch (cut) {
                case KILL -> check(status == Signals.SIGKILL, Signals.describe(status) + " at step " + step);
                case FAIL ->
                    check(status == WholeFork.EXIT_NOT_WHOLE << 8, Signals.describe(status) + " at step " + step);
                default -> {
                    check((status & 0xff) == STOPPED, "no stop but " + Signals.describe(status) + " at step " + step);
                    checkNextFork(step);
                    Signals.kill(pid, step % 2 == 0 ? SIGCONT : Signals.SIGKILL);
                    int end = await(pid, 0);
                    check(end == (step % 2 == 0 ? 0 : Signals.SIGKILL), Signals.describe(end) + " after step " + step);
                }
            }
            checkNextFork(step);
        }
        throw new IllegalStateException("endless steps");
    }

    /** System calls of the parent's that fail. */
    private static int fail(int errno) throws InterruptedException {
        startThreads();
        for (int call = 1; call < MOST_STEPS; call++) {
            WholeFork.cut(Cut.FAIL, call, errno);
            int pid = WholeFork.fork();
            if (pid == 0) {
                beWhole(RIGHT);
            }
            boolean isCut = WholeFork.steps() >= call;
            WholeFork.cut(Cut.NONE, 0, 0);
            if (pid < 0) {
                System.out.println("not made " + call + " " + pid + " " + WholeFork.describe(pid));
            } else {
                check(await(pid, 0) == 0, "the child is not whole");
            }
            check(doAllMove(), "a thread stands still after call " + call);
            checkNextFork(call);
            if (!isCut) {
                return call - 1;
            }
        }
        throw new IllegalStateException("endless calls");
    }

    /** All system calls of a kind fail, as they do where a limit is reached. */
    private static int failAll() throws InterruptedException {
        startThreads();
        int[] errors = {Errno.EMFILE, Errno.EAGAIN, Errno.EAGAIN, Errno.ENOMEM, Errno.ENOMEM, Errno.EAGAIN};
        for (int kind = 1; kind <= errors.length; kind++) {
            WholeFork.cut(Cut.FAIL_ALL, kind, errors[kind - 1]);
            int pid = WholeFork.fork();
            if (pid == 0) {
                beWhole(RIGHT);
            }
            WholeFork.cut(Cut.NONE, 0, 0);
            System.out.println(
                    kind + " " + (pid < 0 ? pid + " " + WholeFork.describe(pid) : Signals.describe(await(pid, 0))));
            check(doAllMove(), "a thread stands still after calls of kind " + kind);
            checkNextFork(kind);
        }
        return errors.length;
    }

    /** A filter of system calls forbids to signal. */
    private static int forbid() throws InterruptedException {
        startThreads();
        WholeFork.cut(Cut.FAIL_ALL, 2, Errno.EPERM);
        int pid = WholeFork.fork();
        if (pid == 0) {
            beWhole(WRONG);
        }
        WholeFork.cut(Cut.NONE, 0, 0);
        System.out.println("2 " + pid + " " + WholeFork.describe(pid) + (WholeFork.isForGood(pid) ? " for good" : ""));
        check(doAllMove(), "a thread stands still");
        checkNextFork(1);
        return 1;
    }

    /** Somebody gives the signal, by which threads are parked, its default action, which is to end the process. */
    private static int steal() throws Throwable {
        startThreads();
        MethodHandle signal = Native.plain("signal", FunctionDescriptor.of(Native.LONG, Native.INT, Native.LONG));
        long before = (long) signal.invokeExact(WholeFork.signal(), 0L);
        check(before != 0, "the signal was nobody's");
        int pid = WholeFork.fork();
        if (pid == 0) {
            beWhole(WRONG);
        }
        System.out.println(pid + " " + WholeFork.describe(pid) + (WholeFork.isForGood(pid) ? " for good" : ""));
        check(doAllMove(), "a thread stands still");
        return 1;
    }

    private static void checkNextFork(int step) throws InterruptedException {
        int pid = WholeFork.fork();
        if (pid == 0) {
            beWhole(RIGHT);
        }
        check(pid > 0, "no next fork after step " + step + ": " + WholeFork.describe(pid));
        int status = await(pid, 0);
        check(status == 0, "the next child after step " + step + " " + Signals.describe(status));
        check(doAllMove(), "a thread stands still after the next fork after step " + step);
    }

    /** Collects garbage and runs a thread, which takes all of a JVM. */
    private static void beWhole(int status) {
        int result = WRONG;
        try {
            System.gc();
            int[] seen = new int[1];
            Thread thread = new Thread(() -> seen[0] = 1);
            thread.start();
            thread.join();
            result = seen[0] == 1 ? status : WRONG;
        } catch (InterruptedException | RuntimeException | Error e) {
            System.out.println("wrong in the child: " + e);
        } finally {
            Unistd._exit(result);
        }
    }

    private static int await(int pid, int options) throws InterruptedException {
        long deadline = System.nanoTime() + LONGEST_NANOS;
        while (true) {
            long result = Signals.waitpid(pid, Signals.WNOHANG | options);
            if (result < 0) {
                throw new IllegalStateException("waitpid: " + result);
            }
            if (result != 0) {
                return (int) result;
            }
            if (System.nanoTime() > deadline) {
                String state = ProcFs.line("/proc/" + pid + "/stat");
                Signals.kill(pid, Signals.SIGKILL);
                check(false, "process " + pid + " hangs: " + state);
            }
            Thread.sleep(1);
        }
    }

    /** Forks as the parent of each cut in turn, several at a time. */
    private static int cutParents(Cut cut, int together, int stride) throws InterruptedException {
        int retried = 0;
        int last = 0;
        for (int step = 1; step < MOST_STEPS; step += together * stride) {
            List<Integer> parents = new ArrayList<>();
            for (int i = 0; i < together; i++) {
                int pid = WholeFork.fork();
                if (pid == 0) {
                    beParent(cut, step + i * stride, i);
                }
                check(pid > 0, "no parent: " + WholeFork.describe(pid));
                parents.add(pid);
            }
            boolean isEnd = false;
            if (cut == Cut.STOP) {
                for (int i = 0; i < together; i++) {
                    int status = await(parents.get(i), WUNTRACED);
                    isEnd |= status == NO_SUCH_STEP << 8;
                    check(status >> 8 == NO_SUCH_STEP || status == (SIGSTOP << 8 | STOPPED), "no stop but "
                            + Signals.describe(status) + " at step " + (step + i * stride));
                    if (status >> 8 == NO_SUCH_STEP) {
                        parents.set(i, 0);
                    }
                }
                Thread.sleep(step == 1 ? 3500 : 50);
                parents.stream().filter(pid -> pid > 0).forEach(pid -> Signals.kill(pid, SIGCONT));
            }
            for (int i = 0; i < together; i++) {
                if (parents.get(i) == 0) {
                    continue;
                }
                int status = await(parents.get(i), 0);
                retried += shared.get(ValueLayout.JAVA_INT, 64L * i) > 0 ? 1 : 0;
                if (status == NO_SUCH_STEP << 8) {
                    isEnd = true;
                } else {
                    last = step + i * stride;
                    check(status == (cut == Cut.KILL ? Signals.SIGKILL : RIGHT),
                            "the parent " + Signals.describe(status) + " at step " + (step + i * stride));
                }
            }
            awaitNobody(step);
            if (isEnd) {
                System.out.println("retried " + retried);
                return last;
            }
        }
        throw new IllegalStateException("endless steps");
    }

    /** Waits until all children of those that have died are gone, too. */
    private static void awaitNobody(int step) throws InterruptedException {
        long deadline = System.nanoTime() + LONGEST_NANOS;
        long result = 0;
        while (result != -Errno.ECHILD) {
            result = Signals.waitpid(-1, Signals.WNOHANG);
            if (result > 0) {
                int status = (int) result;
                check(status == Signals.SIGKILL || status == 90 << 8 || status == WholeFork.EXIT_NOT_WHOLE << 8,
                        "an orphan " + Signals.describe(status) + " after step " + step);
            } else if (result == 0) {
                check(System.nanoTime() < deadline, "an orphan lives on after step " + step);
                Thread.sleep(1);
            }
        }
    }

    private static void beParent(Cut cut, int step, int place) {
        int result = WRONG;
        try {
            startThreads();
            check(doAllMove(), "the parent's threads do not start");
            if (cut == Cut.NAP) {
                WholeFork.patience(0, 0);
            }
            WholeFork.cut(cut, step, NAP_MILLIS);
            result = goOn(WholeFork.fork(), cut, step, place);
        } catch (InterruptedException | RuntimeException | Error e) {
            System.out.println("wrong in the parent at step " + step + ": " + e);
        } finally {
            Unistd._exit(result);
        }
    }

    /** In the parent whose fork is cut, if it lives, and in its child. */
    private static int goOn(int pid, Cut cut, int step, int place) throws InterruptedException {
        if (pid == 0) {
            if (cut == Cut.KILL) {
                Thread.sleep(LONGEST_NANOS / 1_000_000 * 2); // the death of its parent ends it
                return WRONG;
            }
            WholeFork.cut(Cut.NONE, 0, 0);
            beWhole(RIGHT);
        }
        boolean isCut = WholeFork.steps() >= step;
        WholeFork.cut(Cut.NONE, 0, 0);
        shared.set(ValueLayout.JAVA_INT, 64L * place, (int) WholeFork.retries());
        check(pid > 0, "no fork at step " + step + ": " + WholeFork.describe(pid));
        check(doAllMove(), "a thread stands still after step " + step);
        if (!isCut) {
            Signals.kill(pid, Signals.SIGKILL);
            await(pid, 0);
            return NO_SUCH_STEP;
        }
        int status = await(pid, 0);
        check(status == 0, "the child at step " + step + " " + Signals.describe(status));
        check(Signals.waitpid(-1, Signals.WNOHANG) == -Errno.ECHILD, "another child at step " + step);
        checkNextFork(step);
        return RIGHT;
    }

    /** As long as it really takes, in the middle of the signals. */
    private static int napOnce() throws InterruptedException {
        startThreads();
        checkNextFork(0); // from then on it is known whose the threads are
        WholeFork.cut(Cut.NAP, 12, 3500);
        int pid = WholeFork.fork();
        if (pid == 0) {
            WholeFork.cut(Cut.NONE, 0, 0);
            beWhole(RIGHT);
        }
        WholeFork.cut(Cut.NONE, 0, 0);
        check(pid > 0 && await(pid, 0) == 0, "no child");
        System.out.println("retried " + (WholeFork.retries() > 0 ? 1 : 0));
        check(doAllMove(), "a thread stands still");
        checkNextFork(0);
        return 1;
    }

    /** As one who may have so many threads more: none, one, two, and so on. */
    private static int limitProcesses() throws Throwable {
        startThreads();
        checkNextFork(0); // loads all classes, while the files can be read
        if (!ProcessLimits.becomeNobody()) {
            System.out.println("only root can become nobody");
            return 0;
        }
        int refused = 0;
        int broken = 0;
        int made = 0;
        for (int more = 0; made < 3 && more < MOST_STEPS; more++) {
            ProcessLimits.limit(ProcessLimits.RLIMIT_NPROC, ProcessLimits.threads() + more);
            int pid = WholeFork.fork();
            if (pid == 0) {
                Unistd._exit(RIGHT); // a thread of its own would be one too many
            }
            ProcessLimits.limit(ProcessLimits.RLIMIT_NPROC, -1);
            check(doAllMove(), "a thread stands still");
            if (pid < 0) {
                check(pid == -Errno.EAGAIN, WholeFork.describe(pid));
                refused++;
                continue;
            }
            int status = await(pid, 0);
            check(status == 0 || status == WholeFork.EXIT_NOT_WHOLE << 8, Signals.describe(status));
            made += status == 0 ? 1 : 0;
            broken += status == 0 ? 0 : 1;
        }
        System.out.println("refused " + (refused > 0) + " broken " + (broken > 3) + " made " + made);
        checkNextFork(0);
        return refused + broken;
    }

    private static int limitMemory() throws Throwable {
        startThreads();
        checkNextFork(0);
        long before = ProcFs.memoryField("/proc/self/status", "VmSize:");
        ProcessLimits.limit(ProcessLimits.RLIMIT_AS, before + BYTES_LEFT);
        int pid = WholeFork.fork();
        if (pid == 0) {
            Unistd._exit(RIGHT);
        }
        ProcessLimits.limit(ProcessLimits.RLIMIT_AS, -1);
        check(doAllMove(), "a thread stands still");
        int status = pid < 0 ? pid : await(pid, 0);
        check(status == -Errno.ENOMEM || status == WholeFork.EXIT_NOT_WHOLE << 8,
                "made in too little memory: " + status);
        checkNextFork(0);
        return 1;
    }
}
