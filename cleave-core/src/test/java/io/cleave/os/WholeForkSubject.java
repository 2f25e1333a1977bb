package io.cleave.os;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import java.util.zip.Deflater;

/** A JVM that forks itself as a whole many times while other threads are busy, and says what came of it. */
public final class WholeForkSubject {
    private static final long LITTER_BYTES = 100_000_000L;
    private static final int PIECE = 4000;
    private static final int MOST_TRIES = 50;

    private static final AtomicLong OWN = new AtomicLong();

    @SuppressWarnings("UnusedVariable") // written, so that the objects are made
    private static volatile Object sink = "";

    private WholeForkSubject() {
    }

    /** Where threads of the program say in which process they run. */
    private static MemorySegment shared = MemorySegment.NULL;

    /** The class that is being initialized, again and again another one. */
    private static volatile Class<?> half = WholeForkSubject.class;

    /** Is slow to initialize. */
    static final class Slow {
        static final int VALUE;

        static {
            long end = System.nanoTime() + 2_000_000;
            while (System.nanoTime() < end) {
                Thread.onSpinWait();
            }
            VALUE = 7;
        }

        private Slow() {
        }
    }

    /** Has {@link Slow} of its own. */
    private static final class Fresh extends ClassLoader {
        Class<?> slow(byte[] code) {
            return defineClass(Slow.class.getName(), code, 0, code.length);
        }
    }

    /** Arguments: how many forks, how many busy threads, and what else is to be there: the name of a mode below. */
    public static void main(String[] args) throws Throwable {
        String refusal = WholeFork.refusal(collector());
        if (refusal != null) {
            System.out.println("refused " + refusal);
            return;
        }
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < Integer.parseInt(args[1]); i++) {
            threads.add(Thread.ofPlatform().daemon().start(WholeForkSubject::beBusy));
        }
        if (args.length > 2 && args[2].equals("virtual")) {
            for (int i = 0; i < 20; i++) {
                Thread.ofVirtual().start(WholeForkSubject::doze);
            }
        }
        sink = IntStream.range(0, 100_000).parallel().sum(); // the common pool has workers, which go on in the child
        int right = 0;
        int forks = Integer.parseInt(args[0]);
        boolean starting = args.length > 2 && args[2].equals("starting");
        boolean tasks = args.length > 2 && args[2].equals("tasks");
        boolean classes = args.length > 2 && args[2].equals("classes");
        shared = Mman.map(Arena.global(), 4096, Mman.PROT_READ | Mman.PROT_WRITE,
                Mman.MAP_SHARED | Mman.MAP_ANONYMOUS, -1, 0);
        if (starting) {
            int parent = Unistd.getpid();
            Thread.ofPlatform().daemon().start(() -> startOthers(parent));
        } else if (tasks) {
            int parent = Unistd.getpid();
            Thread.ofPlatform().daemon().start(() -> runTasks(parent));
        } else if (classes) {
            byte[] code = WholeForkSubject.class.getResourceAsStream("WholeForkSubject$Slow.class").readAllBytes();
            Thread.ofPlatform().daemon().start(() -> initialize(code));
        }
        switch (args.length > 2 ? args[2] : "") {
            case "mortal" -> {
                int parent = Unistd.getpid();
                Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                    if (Unistd.getpid() != parent) {
                        shared.set(ValueLayout.JAVA_INT, 8, 1);
                    }
                }));
                right = killChildren(forks);
                forks = 0;
            }
            case "delayed" -> {
                right = forkBesideTasksOfATime(forks);
                forks = 0;
            }
            case "many" -> {
                for (int i = 0; i < 1000; i++) {
                    Thread.ofPlatform().daemon().stackSize(1 << 17).start(LockSupport::park);
                }
                Thread.ofPlatform().daemon().start(WholeForkSubject::lockHalfTheTime);
                right = forkUninsistently(forks);
                forks = 0;
            }
            case "late" -> {
                right = forkManyTimesBesideAStoppedChild(forks);
                forks = 0;
            }
            case "blocking" -> {
                right = forkBesideOneThatBlocksTheSignal(forks);
                forks = 0;
            }
            case "named" -> {
                int parent = Unistd.getpid();
                for (String name : List.of("Finalizer", "Common-Cleaner", "Signal Dispatcher", "Attach Listener")) {
                    Thread.ofPlatform().daemon().name(name).start(() -> tell(parent));
                }
            }
            case "natives" -> startNatives();
            case "deflating" -> Thread.ofPlatform().daemon().start(WholeForkSubject::deflate);
            default -> {
            }
        }
        for (int i = 1; i <= forks; i++) {
            long before = OWN.get();
            int pid = forkAtLast();
            if (pid == 0) {
                be(i, classes, starting || tasks);
            }
            if (pid < 0) {
                System.out.println("not made: " + WholeFork.describe(pid));
                continue;
            }
            int status = await(pid);
            if (shared.get(ValueLayout.JAVA_INT, 8) != 0) {
                System.out.println("a thread of the parent's runs in a child");
            }
            if (status != 0 || shared.get(ValueLayout.JAVA_INT, 0) != i) {
                System.out
                        .println("child " + Signals.describe(status) + ", " + shared.get(ValueLayout.JAVA_INT, 0));
            } else {
                right++;
            }
            long deadline = System.nanoTime() + 5_000_000_000L;
            while (!threads.isEmpty() && OWN.get() == before && System.nanoTime() < deadline) {
                Thread.onSpinWait(); // the caller's threads have to go on
            }
            if (!threads.isEmpty() && OWN.get() == before) {
                System.out.println("the caller's own threads stand still");
            }
        }
        System.out.println("right " + right);
    }

    /** Forks; where threads come and go too fast for that, which they may where processors are wanted, again. */
    private static int forkAtLast() throws InterruptedException {
        int pid = WholeFork.fork();
        for (int i = 0; i < MOST_TRIES && pid < 0 && WholeFork.describe(pid).contains("too fast"); i++) {
            Thread.sleep(5);
            pid = WholeFork.fork();
        }
        return pid;
    }

    private static WholeFork.Collector collector() {
        String all = ManagementFactory.getGarbageCollectorMXBeans().stream().map(GarbageCollectorMXBean::getName)
                .toList()
                .toString();
        return all.contains("G1") ? WholeFork.Collector.G1
                : all.contains("PS ") ? WholeFork.Collector.PARALLEL : WholeFork.Collector.SERIAL;
    }

    private static int await(int pid) throws InterruptedException {
        long deadline = System.nanoTime() + 30_000_000_000L;
        while (true) {
            long result = Signals.waitpid(pid, Signals.WNOHANG);
            if (result != 0) {
                return (int) result;
            }
            if (System.nanoTime() > deadline) {
                System.out.println("a child hangs");
                Signals.kill(pid, Signals.SIGKILL);
                return (int) Signals.waitpid(pid, 0);
            }
            Thread.sleep(1);
        }
    }

    private static void be(int number, boolean classes, boolean brief) {
        int status = 1;
        try {
            if (classes) {
                Class.forName(half.getName(), true, half.getClassLoader());
            } else if (brief) {
                Thread.sleep(2); // for those who should not be there
            } else {
                liveAsAJvm();
            }
            shared.set(ValueLayout.JAVA_INT, 0, number);
            status = 0;
        } catch (Throwable t) {
            System.out.println("in the child: " + t);
        } finally {
            Unistd._exit(status);
        }
    }

    /** What a child of one thread cannot do. */
    private static void liveAsAJvm() throws Exception {
        long collections = collections();
        List<byte[]> kept = new ArrayList<>();
        for (long littered = 0; littered < LITTER_BYTES; littered += PIECE) {
            byte[] piece = new byte[PIECE];
            sink = piece;
            if (littered % (100 * PIECE) == 0) {
                kept.add(piece);
            }
        }
        System.gc();
        check(collections() > collections, "no collection");
        check(kept.size() == LITTER_BYTES / PIECE / 100, "objects are missing");
        int[] seen = new int[1];
        Thread thread = new Thread(() -> seen[0] = 5);
        thread.start();
        thread.join();
        check(seen[0] == 5, "a thread did not run");
        check(IntStream.range(0, 100_000).parallel().mapToLong(i -> i).sum() == 4_999_950_000L, "a wrong sum");
        check(CompletableFuture.supplyAsync(() -> 6).get() == 6, "a wrong future");
        try (ExecutorService executor = Executors.newFixedThreadPool(2)) {
            check(executor.submit(() -> 41).get() == 41, "an executor is wrong");
        }
        StringBuilder text = new StringBuilder(); // classes and lambdas that nobody has loaded
        Map<String, Integer> counts = new java.util.concurrent.ConcurrentSkipListMap<>();
        for (int i = 0; i < 1000; i++) {
            counts.merge("k" + i % 10, i, Integer::sum);
        }
        text.append(String.format("%08d %s", counts.size(), java.time.LocalDate.of(2000, 1, 1)));
        check(text.toString().equals("00000010 2000-01-01"), text.toString());
    }

    private static void check(boolean right, String otherwise) {
        if (!right) {
            throw new IllegalStateException(otherwise);
        }
    }

    private static long collections() {
        return ManagementFactory.getGarbageCollectorMXBeans().stream()
                .mapToLong(GarbageCollectorMXBean::getCollectionCount).sum();
    }

    private static void beBusy() {
        Map<Integer, byte[]> map = new HashMap<>();
        Random random = new Random(1);
        while (true) {
            synchronized (map) {
                map.put(random.nextInt(1000), new byte[random.nextInt(5000)]);
            }
            sink = new Object[random.nextInt(50)];
            OWN.incrementAndGet();
        }
    }

    /** Starts threads while it holds a lock, which a fork lets it go on for. */
    private static void startOthers(int parent) {
        Object lock = new Object();
        while (true) {
            Thread thread;
            synchronized (lock) {
                thread = new Thread(() -> {
                    for (int i = 0; i < 1000; i++) {
                        sink = new byte[100];
                        if (Unistd.getpid() != parent) {
                            shared.set(ValueLayout.JAVA_INT, 8, 1);
                        }
                    }
                });
                thread.start();
            }
            try {
                thread.join();
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    /** Gives tasks to idle workers, which a fork may meet on their way to them. */
    private static void runTasks(int parent) {
        Runnable task = () -> {
            if (Unistd.getpid() != parent) {
                shared.set(ValueLayout.JAVA_INT, 8, 1);
            }
        };
        ThreadFactory daemons = Thread.ofPlatform().daemon().factory();
        ExecutorService queued = Executors.newFixedThreadPool(2, daemons);
        ExecutorService handed = Executors.newCachedThreadPool(daemons);
        ForkJoinPool pool = new ForkJoinPool(1);
        while (true) {
            try {
                queued.submit(task).get();
                handed.submit(task).get();
                pool.submit(task).get();
            } catch (InterruptedException | ExecutionException e) {
                return;
            }
        }
    }

    private static void initialize(byte[] code) {
        while (true) {
            Class<?> slow = new Fresh().slow(code);
            half = slow;
            try {
                Class.forName(slow.getName(), true, slow.getClassLoader());
            } catch (ClassNotFoundException e) {
                throw new LinkageError("a class is gone", e);
            }
            LockSupport.parkNanos(2_000_000);
        }
    }

    /** How many of so many children end at once at SIGTERM, with none of their parent's shutdown hooks. */
    private static int killChildren(int forks) throws InterruptedException {
        int right = 0;
        for (int i = 1; i <= forks; i++) {
            int pid = forkAtLast();
            if (pid == 0) {
                shared.set(ValueLayout.JAVA_INT, 0, i);
                LockSupport.parkNanos(20_000_000_000L);
                Unistd._exit(1);
            }
            while (shared.get(ValueLayout.JAVA_INT, 0) != i) {
                Thread.sleep(1);
            }
            Signals.kill(pid, Signals.SIGTERM);
            int status = await(pid);
            right += status == Signals.SIGTERM && shared.get(ValueLayout.JAVA_INT, 8) == 0 ? 1 : 0;
        }
        return right;
    }

    /** In how many of so many children nothing is done whose time comes soon, by a worker that need not stay. */
    private static int forkBesideTasksOfATime(int forks) throws InterruptedException {
        int parent = Unistd.getpid();
        int right = 0;
        try (ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1)) {
            executor.setKeepAliveTime(20, TimeUnit.SECONDS);
            executor.allowCoreThreadTimeOut(true);
            for (int i = 1; i <= forks; i++) {
                Future<?> done = executor.schedule(() -> {
                    if (Unistd.getpid() != parent) {
                        shared.set(ValueLayout.JAVA_INT, 8, 1);
                    }
                }, 100, TimeUnit.MILLISECONDS);
                int pid = forkAtLast();
                if (pid == 0) {
                    LockSupport.parkNanos(400_000_000);
                    Unistd._exit(0);
                }
                right += await(pid) == 0 && shared.get(ValueLayout.JAVA_INT, 8) == 0 ? 1 : 0;
                done.get();
            }
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
        return right;
    }

    /** How many of so many children become whole though all attempts' words have been used again while they were stopped. */
    private static int forkManyTimesBesideAStoppedChild(int forks) throws InterruptedException {
        int right = 0;
        for (int i = 1; i <= forks; i++) {
            WholeFork.cut(WholeFork.Cut.STOP, -1, 0);
            int pid = forkAtLast();
            if (pid == 0) {
                Unistd._exit(0);
            }
            WholeFork.cut(WholeFork.Cut.FAIL_ALL, 3, Errno.EAGAIN);
            for (int attempt = 0; attempt < 300; attempt++) {
                check(WholeFork.fork() < 0, "a fork was made");
            }
            WholeFork.cut(WholeFork.Cut.NONE, 0, 0);
            while (ProcFs.status("/proc/" + pid).state() != 'T') {
                Thread.sleep(1);
            }
            Signals.kill(pid, Signals.SIGCONT);
            int status = await(pid);
            right += status == 0 ? 1 : 0;
            if (status != 0) {
                System.out.println("child " + Signals.describe(status));
            }
        }
        return right;
    }

    /** Of how many forks none is made, and only the first takes the time of one that is not answered; until it lets go of it. */
    private static int forkBesideOneThatBlocksTheSignal(int forks) throws Throwable {
        MethodHandle mask = Native.plain("pthread_sigmask",
                FunctionDescriptor.of(Native.INT, Native.INT, Native.POINTER,
                        Native.POINTER));
        MemorySegment all = Arena.global().allocate(128, 8).fill((byte) -1);
        CountDownLatch blocked = new CountDownLatch(1);
        CountDownLatch over = new CountDownLatch(1);
        Thread thread = Thread.ofPlatform().daemon().start(() -> {
            try {
                int block = (int) mask.invokeExact(0, all, MemorySegment.NULL);
                blocked.countDown();
                over.await();
                int unblock = (int) mask.invokeExact(1, all, MemorySegment.NULL);
                check(block == 0 && unblock == 0, "no mask");
                LockSupport.park();
            } catch (Throwable t) {
                System.out.println("in the thread: " + t);
            }
        });
        blocked.await();
        check(WholeFork.fork() < 0, "a fork was made");
        int right = 0;
        for (int i = 1; i <= forks; i++) {
            long pause = WholeFork.lastPauseNanos();
            int pid = WholeFork.fork();
            check(pid < 0, "a fork was made");
            check(WholeFork.describe(pid).contains("does not answer"), WholeFork.describe(pid));
            right += WholeFork.lastPauseNanos() == pause ? 1 : 0; // nobody was stopped again
        }
        over.countDown();
        while (thread.getState() != Thread.State.WAITING) {
            Thread.sleep(1);
        }
        Thread.sleep(5);
        int pid = forkAtLast();
        if (pid == 0) {
            Unistd._exit(0);
        }
        check(pid > 0 && await(pid) == 0, "no fork afterwards");
        return right;
    }

    /** Says whether it runs in a child. */
    private static void tell(int parent) {
        while (true) {
            if (Unistd.getpid() != parent) {
                shared.set(ValueLayout.JAVA_INT, 8, 1);
            }
            LockSupport.parkNanos(100_000);
        }
    }

    /** How many of so many forks were made at a moment when nobody held a lock. */
    private static int forkUninsistently(int forks) throws InterruptedException {
        int right = 0;
        for (int i = 1; i <= forks; i++) {
            int pid = forkAtLast();
            if (pid == 0) {
                Unistd._exit(0);
            }
            right += pid > 0 && await(pid) == 0 && !WholeFork.hasInsisted() ? 1 : 0;
        }
        return right;
    }

    private static void lockHalfTheTime() {
        Object lock = new Object();
        while (true) {
            synchronized (lock) {
                spin(50_000);
            }
            spin(50_000);
        }
    }

    private static void spin(long nanos) {
        long end = System.nanoTime() + nanos;
        while (System.nanoTime() < end) {
            Thread.onSpinWait();
        }
    }

    /** Starts threads that are not Java's, as a library does; each waits for a lock that nobody lets go of. */
    private static void startNatives() throws Throwable {
        MethodHandle create = Native.plain("pthread_create", FunctionDescriptor.of(Native.INT, Native.POINTER,
                Native.POINTER, Native.POINTER, Native.POINTER));
        MethodHandle lock = Native.plain("pthread_mutex_lock", FunctionDescriptor.of(Native.INT, Native.POINTER));
        MemorySegment mutex = Arena.global().allocate(64, 8);
        check((int) lock.invokeExact(mutex) == 0, "no lock");
        for (int i = 0; i < 100; i++) {
            int error = (int) create.invokeExact(Arena.global().allocate(8, 8), MemorySegment.NULL,
                    Native.find("pthread_mutex_lock").orElseThrow(), mutex);
            check(error == 0, "pthread_create: " + error);
        }
    }

    /** Is inside critical sections of JNI's nearly all the time. */
    private static void deflate() {
        Deflater deflater = new Deflater();
        byte[] input = new byte[100_000];
        new Random(1).nextBytes(input);
        byte[] output = new byte[200_000];
        while (true) {
            deflater.reset();
            deflater.setInput(input);
            deflater.finish();
            deflater.deflate(output);
        }
    }

    private static void doze() {
        while (true) {
            try {
                Thread.sleep(1);
            } catch (InterruptedException e) {
                return;
            }
        }
    }
}
