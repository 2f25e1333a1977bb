package io.cleave.os;

import static io.cleave.os.Native.INT;
import static io.cleave.os.Native.LONG;
import static io.cleave.os.Native.POINTER;

import io.cleave.os.WholeForkPlan.Field;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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

    private static final long SILENT = -1001;
    private static final long CHANGING = -1002;
    private static final long UNKNOWN = -1003;
    private static final long UNSAFE = -1004;
    private static final long LOCKED = -1005;
    private static final long TOO_MANY = -1006;
    private static final long LATE = -1007;
    private static final long REFUSED = -1008;
    private static final long CARRIERS = -1009;
    private static final long FRESH = -1010;
    private static final long SIGNALS = -1011;
    /** What lies between this and 0 is an errno. */
    private static final long LEAST_REASON = -1000;

    private static final int IDLE_CARRIER = 2;
    private static final int JVMS_OWN = 3;
    private static final int SYS_RT_SIGACTION = 13;
    private static final int SYS_GET_ROBUST_LIST = 274;
    private static final int LAST_SIGNAL = 57;
    private static final int FIRST_SIGNAL = 40;
    private static final long SA_SIGINFO = 4;
    private static final long SA_RESTORER = 0x04000000;
    private static final long SA_RESTART = 0x10000000;

    /** Parked threads go on by themselves after so many seconds, and after so many once the fork is under way. */
    private static final int PATIENCE_SECONDS = 2;
    private static final int PATIENCE_COMMITTED_SECONDS = 120;

    private static final int FIRST_ROOM = 1024;
    private static final int MOST_ROOM = 1 << 17;
    private static final int RANGES = 4096;
    /** How deep a stack is searched for a class's initializer. */
    private static final int FRAMES = 512;
    private static final int ORDINARY = 1024;
    private static final int BUFFER_BYTES = 1 << 16;
    private static final int MOST_TRIES = 60;
    private static final int MOST_SILENT = 2;
    private static final int MOST_SILENT_FORKS = 3;
    /** A thread that is neither Java's nor known as the JVM's is a stranger when it has been so for a while. */
    private static final long STRANGER_NANOS = 5_000_000;
    private static final long NAP_NANOS = 500_000;
    private static final long MOST_LOCK_PATIENCE = 300_000_000;
    private static final long LEAST_LOCK_PATIENCE = 2_000_000;
    private static final long LOCK_NAP_NANOS = 2_000_000;

    /** How the names of the JVM's own native threads begin, as the kernel cuts them. */
    private static final List<String> INTERNAL = List.of("VM Thread", "VM Periodic Tas", "GC Thread#", "G1 ", "ParGC",
            "AsyncLog Thread", "StringDedup");
    /** Java threads that go on in the child; the first is the one that must not, as it listens to the parent's socket. */
    private static final List<String> GOING_ON = List.of("Attach Listener", "Reference Handler", "Finalizer",
            "Common-Cleaner", "Signal Dispatcher", "Notification Thread");

    private static @Nullable WholeFork instance;
    private static @Nullable String refusal;

    private final Arena arena = Arena.global();
    private final WholeForkPlan plan = new WholeForkPlan(arena);
    private final Jvmti jvmti;
    private final MethodHandle fork;
    private final MethodHandle self;
    private final MethodHandle gettid;
    /** What is known of threads that are not Java's, by their numbers. */
    private final Map<Integer, Known> known = new HashMap<>();
    private final Map<Integer, Long> firstSeen = new HashMap<>();
    private int room;
    private int process;
    private int silentForks;
    /**
     * How long the moment is awaited at which no thread holds a lock or is inside a class's initializer. Where it did not
     * come, there are threads that do so all the time, and the next fork does not wait as long.
     */
    private long lockPatience = MOST_LOCK_PATIENCE;

    private record Known(boolean isInternal, String name, long startTicks) {}

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
        VmStructs hotSpot = new VmStructs();
        describeThreads(hotSpot);
        describeHeap(hotSpot, collector);
        jvmti = new Jvmti();
        plan.set(Field.JVMTI, jvmti.environment);
        self = Native.plain("pthread_self", FunctionDescriptor.of(LONG));
        gettid = Native.plain("gettid", FunctionDescriptor.of(INT));
        describeThreadBlock();
        describeJava(jvmti.jni());
        describeLibraries();
        plan.set(Field.TASKS, arena.allocateFrom("/proc/self/task").address());
        plan.set(Field.BUFFER, arena.allocate(BUFFER_BYTES, 8).address());
        plan.set(Field.BUFFER_BYTES, BUFFER_BYTES);
        plan.set(Field.RANGES, arena.allocate((long) RANGES * WholeForkPlan.RANGE_BYTES, 8).address());
        plan.set(Field.RANGE_ROOM, RANGES);
        plan.set(Field.HUGE, isHugeOnDemand() ? 1 : 0);
        plan.set(Field.ATTEMPT, 1);
        plan.set(Field.PATIENCE, PATIENCE_SECONDS);
        plan.set(Field.PATIENCE_COMMITTED, PATIENCE_COMMITTED_SECONDS);
        makeRoom(FIRST_ROOM);
        long code = WholeForkCode.map();
        plan.set(Field.SIGNAL, install(code));
        fork = Native.pointer(MemorySegment.ofAddress(code + WholeForkCode.ENTRY), FunctionDescriptor.of(LONG, LONG));
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
        WholeForkPlan plan = Objects.requireNonNull(instance).plan;
        int count = (int) plan.get(Field.STOP_COUNT);
        MemorySegment stops = VmStructs.memory(plan.get(Field.STOPS), (long) count * WholeForkPlan.STOP_BYTES);
        long[] ids = new long[count];
        int gone = 0;
        for (int i = 0; i < count; i++) {
            long at = (long) i * WholeForkPlan.STOP_BYTES;
            long java = stops.get(LONG, at + 8);
            boolean isIdle = stops.get(INT, at + 20) != 0;
            if (java != 0 && !isIdle) {
                ids[gone] = VmStructs.read(java + plan.get(Field.OWNER_ID_AT));
                gone++;
            }
        }
        return Arrays.copyOf(ids, gone);
    }

    /**
     * Whether one of {@link #goneThreads} was inside a class's initializer, which then nobody brings to its end: whoever
     * needs that class waits for ever. A fork is not made at such a moment, unless it lasts for long.
     *
     * @return true in a child of {@link #fork} where it is so
     */
    public static boolean isAnyoneInitializing() {
        WholeForkPlan plan = Objects.requireNonNull(instance).plan;
        MemorySegment stops = VmStructs.memory(plan.get(Field.STOPS),
                plan.get(Field.STOP_COUNT) * WholeForkPlan.STOP_BYTES);
        for (long at = 0; at < stops.byteSize(); at += WholeForkPlan.STOP_BYTES) {
            if (stops.get(INT, at + 24) != 0) {
                return true;
            }
        }
        return false;
    }

    /**
     * The kernel's numbers of the Java threads of the JVM's own that go on in a child. What they do, such as to enqueue
     * references, may be what a thread of the program waits for.
     *
     * @return their numbers, in a child of {@link #fork}
     */
    public static int[] ownThreads() {
        WholeForkPlan plan = Objects.requireNonNull(instance).plan;
        MemorySegment stops = VmStructs.memory(plan.get(Field.STOPS),
                plan.get(Field.STOP_COUNT) * WholeForkPlan.STOP_BYTES);
        int[] numbers = new int[(int) plan.get(Field.STOP_COUNT)];
        int count = 0;
        for (long at = 0; at < stops.byteSize(); at += WholeForkPlan.STOP_BYTES) {
            long java = stops.get(LONG, at + 8);
            if (java != 0 && java != plan.get(Field.LEFT_OUT) && stops.get(INT, at + 20) == JVMS_OWN) {
                numbers[count] = numberOf(plan, java);
                count++;
            }
        }
        return Arrays.copyOf(numbers, count);
    }

    /**
     * Lets one of {@link #goneThreads} go on in a child.
     *
     * @param id its id
     * @return the kernel's number of it, 0 where there is no such thread
     */
    public static int resume(long id) {
        WholeFork own = Objects.requireNonNull(instance);
        WholeForkPlan plan = own.plan;
        MemorySegment stops = VmStructs.memory(plan.get(Field.STOPS),
                plan.get(Field.STOP_COUNT) * WholeForkPlan.STOP_BYTES);
        for (long at = 0; at < stops.byteSize(); at += WholeForkPlan.STOP_BYTES) {
            long java = stops.get(LONG, at + 8);
            boolean isSuspended = stops.get(INT, at + 16) != 0;
            if (java != 0 && isSuspended && VmStructs.read(java + plan.get(Field.OWNER_ID_AT)) == id) {
                own.jvmti.resume(stops.get(LONG, at));
                return numberOf(plan, java);
            }
        }
        return 0;
    }

    private static int numberOf(WholeForkPlan plan, long java) {
        long thread = VmStructs.read(java + plan.get(Field.OSTHREAD_AT));
        return VmStructs.memory(thread + plan.get(Field.OS_TID_AT), Integer.BYTES).get(INT, 0);
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
        return !Objects.requireNonNull(instance).idleCarriers().isEmpty();
    }

    /** Lets those threads go on in a child, where nothing of the parent's waits to be carried. */
    public static void resumeIdleCarriers() {
        WholeFork own = Objects.requireNonNull(instance);
        own.idleCarriers().forEach(own.jvmti::resume);
    }

    private List<Long> idleCarriers() {
        MemorySegment stops = VmStructs.memory(plan.get(Field.STOPS),
                plan.get(Field.STOP_COUNT) * WholeForkPlan.STOP_BYTES);
        List<Long> carriers = new ArrayList<>();
        for (long at = 0; at < stops.byteSize(); at += WholeForkPlan.STOP_BYTES) {
            if (stops.get(INT, at + 16) != 0 && stops.get(INT, at + 20) == IDLE_CARRIER) {
                carriers.add(stops.get(LONG, at));
            }
        }
        return carriers;
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
            case (int) SILENT ->
                "thread" + which + " does not answer to a signal, and cannot be stopped for the moment of a "
                        + "fork";
            case (int) CHANGING, (int) FRESH -> "threads come and go too fast";
            case (int) UNKNOWN -> "it is not known whose thread" + which + " is";
            case (int) UNSAFE -> "thread" + which + " is inside the C library all the time";
            case (int) LOCKED -> "threads hold monitors all the time";
            case (int) TOO_MANY -> "there are more than " + MOST_ROOM + " threads";
            case (int) LATE -> "the threads could not be held for long enough";
            case (int) SIGNALS -> "the limit of signals that wait for their threads is reached (ulimit -i)";
            default ->
                result > LEAST_REASON ? Errno.describe((int) -result)
                        : "JVMTI or /proc/self/task has refused a service";
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
        return own == null || result == TOO_MANY || result == REFUSED || result == CARRIERS
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
        forgetTheEnded();
        plan.set(Field.TID, (int) gettid.invokeExact());
        plan.set(Field.SELF, (long) self.invokeExact());
        plan.set(Field.JNI, jvmti.jni());
        plan.set(Field.INSISTS, 0);
        long begun = System.nanoTime();
        int silent = 0;
        long result = CHANGING;
        for (int tries = 0; tries < MOST_TRIES; tries++) {
            result = (long) fork.invokeExact(plan.address());
            if (result > 0) {
                boolean insisted = plan.get(Field.INSISTS) != 0;
                lockPatience = insisted ? Math.max(lockPatience / 4, LEAST_LOCK_PATIENCE)
                        : Math.min(lockPatience * 2, MOST_LOCK_PATIENCE);
            }
            if (result >= 0) {
                return result;
            }
            if (result == LOCKED) {
                boolean isEnough = System.nanoTime() - begun > lockPatience;
                plan.set(Field.INSISTS, isEnough ? 1 : 0);
                LockSupport.parkNanos(isEnough ? 0 : LOCK_NAP_NANOS);
                tries -= isEnough ? 0 : 1;
            } else if (result == UNKNOWN) {
                learn((int) plan.get(Field.DETAIL));
            } else if (result == TOO_MANY && room < MOST_ROOM) {
                makeRoom(4 * room);
            } else if (result == SILENT && silent < MOST_SILENT) {
                silent++;
                makeRoom(room); // it may come to its old place later
            } else if (result == CARRIERS && plan.get(Field.VIRTUAL_THREADS) == 0) {
                if (!jvmti.acquireVirtualThreads()) {
                    return result;
                }
                plan.set(Field.VIRTUAL_THREADS, 1);
            } else {
                return result;
            }
        }
        return result;
    }

    /** What belongs to one process: its number, the words that it shares with its children, its threads. */
    private void begin(int pid) {
        process = pid;
        plan.set(Field.PID, pid);
        plan.set(Field.ATTEMPTS, Mman.checked(Mman.mmap(WholeForkPlan.ATTEMPTS_BYTES, Mman.PROT_READ | Mman.PROT_WRITE,
                Mman.MAP_SHARED | Mman.MAP_ANONYMOUS, -1, 0), WholeForkPlan.ATTEMPTS_BYTES));
        known.clear();
        firstSeen.clear();
        makeRoom(room);
        for (int thread : ProcFs.threads(pid)) {
            String name = ProcFs.line("/proc/self/task/" + thread + "/comm");
            if (name != null && isInternal(name)) {
                known.put(thread, new Known(true, name, 0));
            }
        }
        tellKnown();
    }

    private static boolean isInternal(String name) {
        return INTERNAL.stream().anyMatch(name::startsWith);
    }

    /** A stranger's number may have gone to another thread. */
    private void forgetTheEnded() {
        boolean changed = known.entrySet().removeIf(entry -> !entry.getValue().isInternal
                && startTicks(entry.getKey()) != entry.getValue().startTicks);
        if (changed) {
            tellKnown();
        }
    }

    private static long startTicks(int thread) {
        ProcFs.ProcessStatus status = ProcFs.status("/proc/self/task/" + thread);
        return status == null ? -1 : status.startTicks();
    }

    /** Finds out whose a thread is that was seen beside those of Java. A young one may be about to become one of those. */
    private void learn(int thread) {
        String name = ProcFs.line("/proc/self/task/" + thread + "/comm");
        long now = System.nanoTime();
        if (name == null) {
            firstSeen.remove(thread);
        } else if (isInternal(name)) {
            known.put(thread, new Known(true, name, 0));
        } else if (now - firstSeen.computeIfAbsent(thread, first -> now) > STRANGER_NANOS) {
            firstSeen.remove(thread);
            known.put(thread, new Known(false, name, startTicks(thread)));
        } else {
            LockSupport.parkNanos(NAP_NANOS);
        }
        tellKnown();
    }

    private void tellKnown() {
        MemorySegment table = Arena.ofAuto().allocate((long) (known.size() + 1) * WholeForkPlan.KNOWN_BYTES, 8);
        int count = 0;
        for (Map.Entry<Integer, Known> entry : known.entrySet()) {
            MemorySegment place = table.asSlice((long) count * WholeForkPlan.KNOWN_BYTES, WholeForkPlan.KNOWN_BYTES);
            place.set(INT, 0, entry.getKey());
            place.set(INT, 4, entry.getValue().isInternal ? 1 : 2);
            byte[] name = entry.getValue().name.getBytes(StandardCharsets.ISO_8859_1);
            MemorySegment.copy(name, 0, place, ValueLayout.JAVA_BYTE, 8, Math.min(name.length, 15));
            count++;
        }
        knownTable = table;
        plan.set(Field.KNOWN, table.address());
        plan.set(Field.KNOWN_COUNT, count);
    }

    /** Keeps the table reachable. */
    @SuppressWarnings("UnusedVariable")
    private @Nullable MemorySegment knownTable;

    private void makeRoom(int threads) {
        room = threads;
        plan.set(Field.SLOTS, arena.allocate((long) threads * WholeForkPlan.SLOT_BYTES, 64).address());
        plan.set(Field.SLOT_ROOM, threads);
        plan.set(Field.STOPS, arena.allocate((long) threads * WholeForkPlan.STOP_BYTES, 8).address());
        plan.set(Field.STOP_ROOM, threads);
        plan.set(Field.THREADS, arena.allocate((long) threads * Long.BYTES, 8).address());
        plan.set(Field.RESULTS, arena.allocate((long) threads * Integer.BYTES, 8).address());
        MemorySegment slots = VmStructs.memory(plan.get(Field.SLOTS), (long) threads * WholeForkPlan.SLOT_BYTES);
        for (int i = 0; i < threads; i++) {
            slots.set(LONG, (long) i * WholeForkPlan.SLOT_BYTES + 16, plan.get(Field.ATTEMPTS));
        }
    }

    private void describeThreads(VmStructs hotSpot) {
        plan.set(Field.THREAD_LIST, hotSpot.place("ThreadsSMRSupport._java_thread_list"));
        plan.set(Field.LIST_LENGTH_AT, hotSpot.place("ThreadsList._length"));
        plan.set(Field.LIST_THREADS_AT, hotSpot.place("ThreadsList._threads"));
        plan.set(Field.STATE_AT, hotSpot.place("JavaThread._thread_state"));
        plan.set(Field.OSTHREAD_AT, hotSpot.place("Thread._osthread"));
        plan.set(Field.OS_TID_AT, hotSpot.place("OSThread._thread_id"));
        plan.set(Field.OS_STATE_AT, hotSpot.place("OSThread._state"));
        plan.set(Field.PARKED_STATE, VmStructs.constant("CONDVAR_WAIT"));
        long lockStack = hotSpot.place("JavaThread._lock_stack");
        plan.set(Field.LOCK_STACK_AT, lockStack + hotSpot.place("LockStack._top"));
        plan.set(Field.LOCK_BASE_AT, lockStack + hotSpot.place("LockStack._base[0]"));
        plan.set(Field.CARRIED_AT, hotSpot.place("JavaThread._vthread"));
        plan.set(Field.OWNER_ID_AT, hotSpot.place("JavaThread._monitor_owner_id"));
        plan.set(Field.MONITORS, hotSpot.place("ObjectSynchronizer._in_use_list") + hotSpot.place("MonitorList._head"));
        plan.set(Field.MONITOR_OWNER_AT, hotSpot.place("ObjectMonitor._owner"));
        plan.set(Field.MONITOR_NEXT_AT, hotSpot.place("ObjectMonitor._next_om"));
        long counters = VmStructs.read(hotSpot.place("PerfMemory._start"));
        plan.set(Field.PERF, counters);
        plan.set(Field.PERF_BYTES, counters == 0 ? 0 : VmStructs.read(hotSpot.place("PerfMemory._capacity")));
    }

    private void describeHeap(VmStructs hotSpot, Collector collector) {
        long heap = hotSpot.place("Universe._collectedHeap");
        switch (collector) {
            case G1 -> {
                plan.set(Field.HEAP, heap);
                long base = hotSpot.place("G1HeapRegionTable._base");
                plan.set(Field.REGIONS_AT, hotSpot.place("G1CollectedHeap._hrm")
                        + hotSpot.place("G1HeapRegionManager._regions") + base);
                plan.set(Field.REGION_COUNT_AT, hotSpot.place("G1HeapRegionTable._length") - base);
                plan.set(Field.REGION_BOTTOM_AT, hotSpot.place("G1HeapRegion._bottom"));
                plan.set(Field.REGION_END_AT, hotSpot.place("G1HeapRegion._end"));
                plan.set(Field.REGION_TYPE_AT,
                        hotSpot.place("G1HeapRegion._type") + hotSpot.place("G1HeapRegionType._tag"));
            }
            case PARALLEL -> {
                long young = VmStructs.read(hotSpot.place("ParallelScavengeHeap._young_gen"));
                long eden = VmStructs.read(young + hotSpot.place("PSYoungGen._eden_space"));
                space(eden + hotSpot.place("MutableSpace._top"), eden + hotSpot.place("MutableSpace._end"));
            }
            case SERIAL -> {
                long young = VmStructs.read(VmStructs.read(heap) + hotSpot.place("SerialHeap._young_gen"));
                long eden = VmStructs.read(young + hotSpot.place("DefNewGeneration._eden_space"));
                space(eden + hotSpot.place("ContiguousSpace._top"), eden + hotSpot.place("ContiguousSpace._end"));
            }
        }
    }

    private void space(long top, long end) {
        MemorySegment spaces = arena.allocate(WholeForkPlan.SPACE_BYTES, 8);
        spaces.set(LONG, 0, top);
        spaces.set(LONG, 8, end);
        plan.set(Field.SPACES, spaces.address());
        plan.set(Field.SPACE_COUNT, 1);
    }

    /** Where glibc keeps in a thread's block what a thread of the child needs anew. */
    private void describeThreadBlock() throws Throwable {
        long block = (long) self.invokeExact();
        int tid = (int) gettid.invokeExact();
        long found = 0;
        MemorySegment memory = VmStructs.memory(block, 1024);
        for (long at = 512; at < 1024; at += Integer.BYTES) {
            if (memory.get(INT, at) == tid) {
                if (found != 0) {
                    throw new UnsupportedOperationException("a thread's number stands twice in its block");
                }
                found = at;
            }
        }
        if (found == 0) {
            throw new UnsupportedOperationException("the C library is not glibc, or lays out threads differently");
        }
        plan.set(Field.TID_AT, found);
        try (Arena local = Arena.ofConfined()) {
            MemorySegment head = local.allocate(LONG);
            MemorySegment length = local.allocate(LONG);
            MethodHandle call = syscall(FunctionDescriptor.of(LONG, LONG, LONG, POINTER, POINTER));
            long result = (long) call.invokeExact((long) SYS_GET_ROBUST_LIST, 0L, head, length);
            if (result != 0 || length.get(LONG, 0) != 24) {
                throw new UnsupportedOperationException("the kernel does not tell the list of robust locks");
            }
            plan.set(Field.ROBUST_AT, head.get(LONG, 0) - block);
        }
        var offset = Native.findAnywhere("__rseq_offset");
        var size = Native.findAnywhere("__rseq_size");
        if (offset.isPresent() && size.isPresent() && size.get().reinterpret(4).get(INT, 0) > 0) {
            plan.set(Field.RSEQ_AT, offset.get().reinterpret(8).get(LONG, 0));
            plan.set(Field.RSEQ_BYTES, Math.max(32, size.get().reinterpret(4).get(INT, 0)));
        }
    }

    private static MethodHandle syscall(FunctionDescriptor shape) {
        return Native.pointer(Native.find("syscall").orElseThrow(), shape);
    }

    private void describeJava(long jni) throws Throwable {
        MethodHandle field = Jni.function(jni, Jni.GET_FIELD_ID,
                FunctionDescriptor.of(LONG, LONG, LONG, POINTER, POINTER));
        long thread = Jni.findClass(jni, arena, "java/lang/Thread");
        long eetop = (long) field.invokeExact(jni, thread, arena.allocateFrom("eetop"), arena.allocateFrom("J"));
        if (eetop == 0) {
            throw new UnsupportedOperationException("this JVM's threads have no field eetop");
        }
        plan.set(Field.EETOP, eetop);
        plan.set(Field.START, jvmti.methods(thread, "start0").stream().findFirst().orElse(0L));
        plan.set(Field.CARRIER, Jni.findClass(jni, arena, "jdk/internal/misc/CarrierThread"));
        plan.set(Field.VIRTUAL_THREAD, Jni.findClass(jni, arena, "java/lang/BaseVirtualThread"));
        plan.set(Field.DELAYED, jvmti.methods(Jni.findClass(jni, arena,
                "java/util/concurrent/ScheduledThreadPoolExecutor$DelayedWorkQueue"), "take").stream().findFirst()
                .orElse(0L));
        List<Long> idle = new ArrayList<>();
        idle.addAll(jvmti.methods(Jni.findClass(jni, arena, "java/util/concurrent/ForkJoinPool"), "awaitWork"));
        idle.addAll(jvmti.methods(Jni.findClass(jni, arena, "java/util/concurrent/ThreadPoolExecutor"), "getTask"));
        plan.set(Field.IDLE, numbers(idle));
        plan.set(Field.IDLE_COUNT, idle.size());
        List<Long> still = new ArrayList<>();
        still.addAll(jvmti.methods(Jni.findClass(jni, arena, "jdk/internal/misc/Unsafe"), "park"));
        still.addAll(jvmti.methods(Jni.findClass(jni, arena, "java/lang/Object"), "wait0"));
        still.addAll(jvmti.methods(Jni.findClass(jni, arena, "java/lang/Thread"), "sleepNanos0"));
        plan.set(Field.STILL, numbers(still));
        plan.set(Field.STILL_COUNT, still.size());
        plan.set(Field.FRAMES, arena.allocate(FRAMES * 16L, 8).address());
        plan.set(Field.FRAME_ROOM, FRAMES);
        plan.set(Field.ORDINARY, arena.allocate(ORDINARY * 8L, 8).address());
        MemorySegment names = arena.allocate((long) GOING_ON.size() * Long.BYTES, 8);
        for (int i = 0; i < GOING_ON.size(); i++) {
            names.setAtIndex(LONG, i, arena.allocateFrom(GOING_ON.get(i)).address());
        }
        plan.set(Field.NAMES, names.address());
        plan.set(Field.NAME_COUNT, GOING_ON.size());
    }

    private long numbers(List<Long> numbers) {
        MemorySegment array = arena.allocate(numbers.size() * 8L, 8);
        for (int i = 0; i < numbers.size(); i++) {
            array.setAtIndex(LONG, i, numbers.get(i));
        }
        return array.address();
    }

    /** The code of libc and of the dynamic linker, in which a thread may hold a lock of theirs. */
    private void describeLibraries() throws IOException {
        List<long[]> ranges = new ArrayList<>();
        for (String line : Files.readAllLines(Path.of("/proc/self/maps"))) {
            if (line.contains(" r-xp ") && (line.contains("/libc.so") || line.contains("/libc-2.")
                    || line.contains("/ld-linux") || line.contains("/ld-2."))) {
                int dash = line.indexOf('-');
                long from = Long.parseUnsignedLong(line, 0, dash, 16);
                long to = Long.parseUnsignedLong(line, dash + 1, line.indexOf(' '), 16);
                ranges.add(new long[] {from, to - from});
            }
        }
        if (ranges.isEmpty()) {
            throw new UnsupportedOperationException("the C library is not glibc");
        }
        MemorySegment code = arena.allocate((long) ranges.size() * WholeForkPlan.RANGE_BYTES, 8);
        for (int i = 0; i < ranges.size(); i++) {
            code.setAtIndex(LONG, 2L * i, ranges.get(i)[0]);
            code.setAtIndex(LONG, 2L * i + 1, ranges.get(i)[1]);
        }
        plan.set(Field.CODE, code.address());
        plan.set(Field.CODE_COUNT, ranges.size());
    }

    /** Takes a signal that nobody uses; the kernel's own interface, as libc would put a restorer of its own. */
    private static int install(long code) throws Throwable {
        MethodHandle sigaction = syscall(FunctionDescriptor.of(LONG, LONG, LONG, POINTER, POINTER, LONG));
        try (Arena local = Arena.ofConfined()) {
            MemorySegment action = local.allocate(32, 8);
            MemorySegment before = local.allocate(32, 8);
            for (int signal = LAST_SIGNAL; signal >= FIRST_SIGNAL; signal--) {
                long result = (long) sigaction.invokeExact((long) SYS_RT_SIGACTION, (long) signal, MemorySegment.NULL,
                        before, 8L);
                if (result == 0 && before.get(LONG, 0) == 0) {
                    action.set(LONG, 0, code + WholeForkCode.PARKED);
                    action.set(LONG, 8, SA_SIGINFO | SA_RESTART | SA_RESTORER);
                    action.set(LONG, 16, code + WholeForkCode.RESTORER);
                    action.set(LONG, 24, -1);
                    result = (long) sigaction.invokeExact((long) SYS_RT_SIGACTION, (long) signal, action,
                            MemorySegment.NULL, 8L);
                    if (result == 0) {
                        return signal;
                    }
                }
            }
        }
        throw new UnsupportedOperationException(
                "all signals from " + FIRST_SIGNAL + " to " + LAST_SIGNAL + " are in use");
    }

    private static boolean isHugeOnDemand() {
        String modes = ProcFs.line("/sys/kernel/mm/transparent_hugepage/enabled");
        return modes != null && !modes.contains("[never]");
    }
}
