package io.cleave.os;

import static io.cleave.os.Native.INT;
import static io.cleave.os.Native.LONG;

import io.cleave.os.WholeForkPlan.Field;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Forks this JVM as a whole: the child has the JVM's own threads, too, so that it collects garbage, compiles, deoptimises
 * and starts threads like any other.
 *
 * <h2>Overview</h2>
 *
 * {@code fork()} copies one thread. HotSpot's others cannot be started anew in the child, because glibc's condition
 * variables and HotSpot's own state still count the old ones; but they can be <i>continued</i>. (Solaris had this as
 * {@code forkall()}.) All of it happens in one native call, in machine code of our own ({@code wholefork.c}), as from the
 * first parked thread to the release nothing may need any other thread:
 *
 * <ol>
 * <li>Java threads that the child shall not have are suspended by JVMTI, virtual ones included. The JVM's own go on, and so
 * do idle workers of executors and of {@link java.util.concurrent.ForkJoinPool}: they are resumed in the child.
 * <li>A signal parks every other thread of the process in a handler, which notes where its registers were saved.
 * <li>It is looked whether a thread that the child shall not have holds a monitor, or may hold malloc's lock. Then all are
 * let go, and it is tried again.
 * <li>The bare system call forks. Free parts of the heap are not copied, as the kernel gives the child zeroes there.
 * <li>In the child each kernel thread is made again, on its own copied stack and thread block, and returns from the same
 * signal frame. In the parent all are released, and resumed.
 * </ol>
 *
 * <p>
 * A mistake of ours cannot stop the caller's JVM for ever: parked threads go on by themselves after two seconds (after two
 * minutes, while the kernel copies), and the fork then counts as not made.
 *
 * <p>
 * One fork at a time; the caller's lock. The calling thread is a platform thread.
 */
public final class WholeFork {
    /** Exit code of a child that could not become whole; there is nothing of it but that. */
    public static final int EXIT_NOT_WHOLE = 89;

    private static final int SILENT = -1001;
    private static final int CHANGING = -1002;
    private static final int UNKNOWN = -1003;
    private static final int UNSAFE = -1004;
    private static final int LOCKED = -1005;
    private static final int TOO_MANY = -1006;
    private static final int LATE = -1007;
    private static final int REFUSED = -1008;
    private static final int CARRIERS = -1009;
    private static final int FRESH = -1010;
    private static final int SIGNALS = -1011;
    private static final int STOLEN = -1012;
    /** What lies between this and 0 is an errno. */
    private static final int LEAST_REASON = -1000;

    /** Parked threads go on by themselves after so many seconds, and after so many once the fork is under way. */
    private static final int PATIENCE_SECONDS = 2;
    private static final int PATIENCE_COMMITTED_SECONDS = 120;

    private static final int FIRST_ROOM = 1024;
    private static final int MOST_ROOM = 1 << 17;
    private static final int RANGES = 4096;
    private static final int BUFFER_BYTES = 1 << 16;
    private static final int MOST_TRIES = 60;
    private static final int MOST_SILENT = 2;
    private static final int MOST_SILENT_FORKS = 3;
    private static final long MOST_LOCK_PATIENCE = 100_000_000;
    /** The most time that an attempt takes for each nanosecond of patience, where processors are wanted by many. */
    private static final int MOST_DELAY = 50;
    private static final long LEAST_LOCK_PATIENCE = 2_000_000;
    private static final long LOCK_NAP_NANOS = 2_000_000;
    /** How long the moment is awaited at which nobody may hold a lock of the C library's; no fork is made without it. */
    private static final long UNSAFE_PATIENCE_NANOS = 300_000_000;

    private static @Nullable WholeFork instance;
    private static @Nullable String refusal;

    private final Arena arena = Arena.global();
    private final WholeForkPlan plan = new WholeForkPlan(arena);
    private final StoppedThreads stopped = new StoppedThreads(plan);
    private final NativeThreads natives = new NativeThreads(plan);
    private final Jvmti jvmti;
    private final MethodHandle fork;
    private final MethodHandle self;
    private final MethodHandle gettid;
    private int room;
    private int process;
    private int silentForks;
    /** The thread that blocked the signal at the last fork; 0 where there was none. */
    private int blocking;
    /**
     * How long, between the attempts, the moment is awaited at which no thread holds a lock or is inside a class's
     * initializer. Where it did not come, there are threads that do so all the time, and the next fork does not wait as
     * long. What a thread waits for a processor does not count, as it could not have come to that moment.
     */
    private long lockPatience = MOST_LOCK_PATIENCE;
    private long lockPatienceLeft;

    /** What collects garbage, as far as a fork has to know. */
    public enum Collector {
        /** Garbage First. */
        G1,
        /** The parallel collector. */
        PARALLEL,
        /** The serial collector. */
        SERIAL
    }

    /** What a test can let happen in the middle of a fork. */
    @SuppressWarnings("EnumOrdinal")
    public enum Cut {
        /** Nothing. */
        NONE,
        /** The process kills itself at a step. */
        KILL,
        /** The process stops itself at a step. */
        STOP,
        /** The forking thread does nothing for so many milliseconds, at a step. */
        NAP,
        /** A system call fails with an error number. */
        FAIL,
        /** All system calls of one kind do; the kinds are in {@code wholefork.c}. */
        FAIL_ALL
    }

    private WholeFork(Collector collector) throws Throwable {
        if (!System.getProperty("os.arch", "").equals("amd64")) {
            throw new UnsupportedOperationException("the processor is " + System.getProperty("os.arch")
                    + ", and the machine code of a whole fork is for x86-64");
        }
        HotSpotOffsets.describe(plan, arena, collector);
        jvmti = new Jvmti();
        plan.set(Field.JVMTI, jvmti.environment);
        self = Native.plain("pthread_self", FunctionDescriptor.of(LONG));
        gettid = Native.plain("gettid", FunctionDescriptor.of(INT));
        GlibcOffsets.describeThreadBlock(plan, (long) self.invokeExact(), (int) gettid.invokeExact());
        JavaMethods.describe(plan, arena, jvmti);
        GlibcOffsets.describeLibraries(plan, arena);
        plan.set(Field.TASKS, arena.allocateFrom("/proc/self/task").address());
        plan.set(Field.BUFFER, arena.allocate(BUFFER_BYTES, 8).address());
        plan.set(Field.BUFFER_BYTES, BUFFER_BYTES);
        long code = MachineCode.map(WholeForkCode.BASE64);
        plan.set(Field.JNI, jvmti.jni());
        TriedOffsets.describe(plan, code, collector);
        plan.set(Field.RANGES, arena.allocate((long) RANGES * WholeForkPlan.RANGE_BYTES, 8).address());
        plan.set(Field.RANGE_ROOM, RANGES);
        plan.set(Field.HUGE, isHugeOnDemand() ? 1 : 0);
        plan.set(Field.ATTEMPT, 1);
        plan.set(Field.PATIENCE, PATIENCE_SECONDS);
        plan.set(Field.PATIENCE_COMMITTED, PATIENCE_COMMITTED_SECONDS);
        makeRoom(FIRST_ROOM);
        plan.set(Field.SIGNAL, ParkSignal.install(code));
        fork = Native.pointer(MemorySegment.ofAddress(code + WholeForkCode.WHOLE_FORK),
                FunctionDescriptor.of(LONG, LONG));
    }

    /**
     * Finds out, once, whether this JVM can be forked as a whole, and prepares for it.
     *
     * @param collector what collects garbage here
     * @return why not, or null where it can
     */
    public static synchronized @Nullable String refusal(Collector collector) {
        if (instance == null && refusal == null) {
            try {
                instance = new WholeFork(collector);
            } catch (UnsupportedOperationException | SystemCallException | IllegalStateException e) {
                refusal = String.valueOf(e.getMessage());
            } catch (Throwable t) {
                throw Native.unexpected(t);
            }
        }
        return refusal;
    }

    /**
     * Forks.
     *
     * @return the child's pid in the parent, 0 in the child, or a negative number: see {@link #describe}
     * @throws IllegalStateException where {@link #refusal} has not been asked, or this JVM cannot be forked
     */
    public static int fork() {
        WholeFork own = instance;
        if (own == null) {
            throw new IllegalStateException("this JVM cannot be forked as a whole: " + refusal);
        }
        try {
            return (int) own.forkNow();
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * The Java threads that a child does not have: those that the parent had at the fork, but for the JVM's own and idle
     * workers. They look as if they were there, and will never do anything.
     *
     * @return their ids, in a child of {@link #fork}
     */
    public static long[] goneThreads() {
        return Objects.requireNonNull(instance).stopped.goneIds();
    }

    /**
     * Whether one of {@link #goneThreads} was inside a class's initializer, which then nobody brings to its end: whoever
     * needs that class waits for ever. A fork is not made at such a moment, unless it lasts for long.
     *
     * @return true in a child of {@link #fork} where it is so
     */
    public static boolean isAnyoneInitializing() {
        return Objects.requireNonNull(instance).stopped.isAnyoneInitializing();
    }

    /**
     * The kernel's numbers of the Java threads of the JVM's own that go on in a child. What they do, such as to enqueue
     * references, may be what a thread of the program waits for.
     *
     * @return their numbers, in a child of {@link #fork}
     */
    public static int[] ownThreads() {
        return Objects.requireNonNull(instance).stopped.ownNumbers();
    }

    /**
     * Lets one of {@link #goneThreads} go on in a child.
     *
     * @param id its id
     * @return the kernel's number of it, 0 where there is no such thread
     */
    public static int resume(long id) {
        WholeFork own = Objects.requireNonNull(instance);
        int place = own.stopped.find(id);
        if (place < 0) {
            return 0;
        }
        own.jvmti.resume(own.stopped.thread(place));
        return own.stopped.number(place);
    }

    /** Whether carriers of virtual threads have been met at a fork, so that this JVM has what those need. */
    public static boolean hasMetCarriers() {
        return Objects.requireNonNull(instance).plan.get(Field.VIRTUAL_THREADS) != 0;
    }

    /**
     * How long the last fork has held the caller's other threads, from the first suspension to the last resumption.
     *
     * @return nanoseconds; 0 where there was none, or in a JVM that cannot be forked as a whole
     */
    public static long lastPauseNanos() {
        WholeFork own = instance;
        return own == null ? 0 : Math.max(0, own.plan.get(Field.RESUMED_NS) - own.plan.get(Field.BEGUN_NS));
    }

    /** Whether a child has threads that carried virtual ones in the parent, and carry none. */
    public static boolean hasIdleCarriers() {
        return Objects.requireNonNull(instance).stopped.idleCarriers().length > 0;
    }

    /** Lets those threads go on in a child, where nothing of the parent's waits to be carried. */
    public static void resumeIdleCarriers() {
        WholeFork own = Objects.requireNonNull(instance);
        for (long carrier : own.stopped.idleCarriers()) {
            own.jvmti.resume(carrier);
        }
        own.stopped.carriersResumed(true);
    }

    /**
     * Says why {@link #fork} gave no child.
     *
     * @param result what it returned, negative
     * @return the reason
     */
    public static String describe(long result) {
        WholeFork own = instance;
        String which = own == null ? "" : " " + own.plan.get(Field.DETAIL);
        return switch ((int) result) {
            case SILENT ->
                "thread" + which + " does not answer to a signal, and cannot be stopped for the moment of a "
                        + "fork";
            case CHANGING, FRESH -> "threads come and go too fast";
            case UNKNOWN -> "it is not known whose thread" + which + " is";
            case UNSAFE -> "thread" + which + " is inside the C library all the time";
            case LOCKED -> "threads hold monitors all the time";
            case TOO_MANY -> "there are more than " + MOST_ROOM + " threads";
            case LATE -> "the threads could not be held for long enough";
            case STOLEN -> "other code has taken signal " + (own == null ? "" : own.plan.get(Field.SIGNAL))
                    + ", by which threads are stopped for the moment of a fork";
            case SIGNALS -> "the limit of signals that wait for their threads is reached (ulimit -i)";
            default ->
                result > LEAST_REASON ? Errno.describe((int) -result)
                        : "JVMTI, /proc/self/task or rt_tgsigqueueinfo(2) has refused a service";
        };
    }

    /**
     * Whether another attempt is no use.
     *
     * @param result what {@link #fork} returned, negative
     * @return true where JVMTI or the kernel refuses a service, or a thread has not answered for three forks running
     */
    public static boolean isForGood(int result) {
        WholeFork own = instance;
        return own == null || result == TOO_MANY || result == REFUSED || result == STOLEN || result == CARRIERS
                || (result == SILENT && own.silentForks >= MOST_SILENT_FORKS);
    }

    /**
     * Lets something happen in the middle of the forks that come, for a test. Steps are what other processes can see, and a
     * {@code FAIL} counts the system calls that may fail instead. A child of such a fork begins with the same cut.
     *
     * @param cut what happens
     * @param at the step at which it happens: in the parent counted from 1, in the child from -1 down; 0 for never; or
     *        the kind
     * @param value the milliseconds or the error number
     */
    @SuppressWarnings("EnumOrdinal")
    public static void cut(Cut cut, int at, int value) {
        WholeForkPlan plan = Objects.requireNonNull(instance).plan;
        plan.set(Field.CUT_AT, at);
        plan.set(Field.CUT_VALUE, value);
        plan.set(Field.STEPS, 0);
        plan.set(Field.CUT, cut.ordinal());
    }

    /**
     * How many steps there have been since the last {@link #cut}, or, in a child, since it was made.
     *
     * @return the number; the last step at which anything can happen
     */
    public static long steps() {
        return Objects.requireNonNull(instance).plan.get(Field.STEPS);
    }

    /** How often the last fork had to be tried again. */
    static long retries() {
        return Objects.requireNonNull(instance).plan.get(Field.RETRIES);
    }

    /** Whether the last fork would have been made though threads held locks, as they had for long. */
    static boolean hasInsisted() {
        return Objects.requireNonNull(instance).plan.get(Field.INSISTS) != 0;
    }

    /** The signal that parks threads. */
    static int signal() {
        return (int) Objects.requireNonNull(instance).plan.get(Field.SIGNAL);
    }

    /** Makes parked threads go on by themselves after another while, for a test. */
    static void patience(int seconds, int secondsCommitted) {
        WholeForkPlan plan = Objects.requireNonNull(instance).plan;
        plan.set(Field.PATIENCE, seconds);
        plan.set(Field.PATIENCE_COMMITTED, secondsCommitted);
    }

    private long forkNow() throws Throwable {
        long result = tryToFork();
        silentForks = result == SILENT ? silentForks + 1 : 0;
        return result;
    }

    private long tryToFork() throws Throwable {
        int pid = Unistd.getpid();
        if (process != pid) {
            begin(pid);
        }
        if (isBlocking(blocking)) { // which can be told without stopping all others until it does not answer again
            plan.set(Field.DETAIL, blocking);
            return SILENT;
        }
        blocking = 0;
        natives.forgetTheEnded();
        plan.set(Field.TID, (int) gettid.invokeExact());
        plan.set(Field.SELF, (long) self.invokeExact());
        plan.set(Field.JNI, jvmti.jni());
        plan.set(Field.INSISTS, 0);
        stopped.carriersResumed(false);
        lockPatienceLeft = lockPatience;
        long end = System.nanoTime() + MOST_DELAY * lockPatience;
        int silent = 0;
        long unsafeEnd = 0;
        long result = CHANGING;
        for (int tries = 0; tries < MOST_TRIES; tries++) {
            result = (long) fork.invokeExact(plan.address());
            if (result > 0) {
                adaptLockPatience();
            }
            if (result >= 0) {
                return result;
            }
            if (result == LOCKED) {
                tries -= awaitUnlocking(end) ? 1 : 0;
            } else if (result == UNSAFE) {
                unsafeEnd = unsafeEnd == 0 ? System.nanoTime() + UNSAFE_PATIENCE_NANOS : unsafeEnd;
                if (System.nanoTime() > unsafeEnd) {
                    return result;
                }
                nap(LOCK_NAP_NANOS);
            } else if (result == SILENT && isBlocking((int) plan.get(Field.DETAIL))) {
                blocking = (int) plan.get(Field.DETAIL);
                makeRoom(room);
                return result;
            } else if (result == SILENT && silent < MOST_SILENT) {
                silent++;
                makeRoom(room); // it may come to its old place later
            } else if (!isMended(result)) {
                return result;
            }
        }
        return result;
    }

    private boolean isBlocking(int thread) {
        return thread != 0 && ProcFs.isBlocking(thread, signal());
    }

    /** Waits a little for those who hold locks; false where that was long enough, and the next attempt is made in spite of them. */
    private boolean awaitUnlocking(long end) {
        long now = System.nanoTime();
        boolean isEnough = lockPatienceLeft <= 0 || now > end;
        plan.set(Field.INSISTS, isEnough ? 1 : 0);
        if (isEnough) {
            return false;
        }
        int holder = (int) plan.get(Field.DETAIL);
        long delay = ProcFs.runDelayNanos(holder);
        nap(LOCK_NAP_NANOS);
        lockPatienceLeft -= Math.max(0, System.nanoTime() - now - (ProcFs.runDelayNanos(holder) - delay));
        return true;
    }

    /** Does nothing for a while, which an interrupt does not shorten. */
    static void nap(long nanos) {
        long end = System.nanoTime() + nanos;
        boolean wasInterrupted = Thread.interrupted();
        for (long left = nanos; left > 0; left = end - System.nanoTime()) {
            LockSupport.parkNanos(left);
            wasInterrupted |= Thread.interrupted();
        }
        if (wasInterrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void adaptLockPatience() {
        boolean insisted = plan.get(Field.INSISTS) != 0;
        lockPatience = insisted ? Math.max(lockPatience / 4, LEAST_LOCK_PATIENCE)
                : Math.min(lockPatience * 2, MOST_LOCK_PATIENCE);
    }

    /** Sees to what an attempt was in want of, if it was something that can be had. */
    private boolean isMended(long result) {
        if (result == UNKNOWN) {
            natives.learn();
            return true;
        }
        if (result == TOO_MANY && room < MOST_ROOM) {
            makeRoom(4 * room);
            return true;
        }
        if (result == CARRIERS && plan.get(Field.VIRTUAL_THREADS) == 0 && jvmti.acquireVirtualThreads()) {
            plan.set(Field.VIRTUAL_THREADS, 1);
            return true;
        }
        return false;
    }

    /** What belongs to one process: its number, the words that it shares with its children, its threads. */
    private void begin(int pid) {
        process = pid;
        plan.set(Field.PID, pid);
        plan.set(Field.ATTEMPTS, Mman.checked(Mman.mmap(WholeForkPlan.ATTEMPTS_BYTES, Mman.PROT_READ | Mman.PROT_WRITE,
                Mman.MAP_SHARED | Mman.MAP_ANONYMOUS, -1, 0), WholeForkPlan.ATTEMPTS_BYTES));
        makeRoom(room);
        natives.begin(pid);
    }

    private void makeRoom(int threads) {
        room = threads;
        plan.set(Field.SLOTS, arena.allocate((long) threads * WholeForkPlan.SLOT_BYTES, 64).address());
        plan.set(Field.SLOT_ROOM, threads);
        stopped.makeRoom(threads, arena);
        plan.set(Field.THREADS, arena.allocate((long) threads * Long.BYTES, 8).address());
        plan.set(Field.RESULTS, arena.allocate((long) threads * Integer.BYTES, 8).address());
        MemorySegment slots = VmStructs.memory(plan.get(Field.SLOTS), (long) threads * WholeForkPlan.SLOT_BYTES);
        for (int i = 0; i < threads; i++) {
            slots.set(LONG, (long) i * WholeForkPlan.SLOT_BYTES + 16, plan.get(Field.ATTEMPTS));
        }
    }

    private static boolean isHugeOnDemand() {
        String modes = ProcFs.line("/sys/kernel/mm/transparent_hugepage/enabled");
        return modes != null && !modes.contains("[never]");
    }
}
