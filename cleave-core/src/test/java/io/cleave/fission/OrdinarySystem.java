package io.cleave.fission;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.cleave.fission.OrdinaryJava.Entries;
import io.cleave.fission.OrdinaryJava.Place;
import io.cleave.os.Unistd;
import io.cleave.testing.Delays;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.ref.Cleaner;
import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.SoftReference;
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import jdk.jfr.Event;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordingFile;

/** Memory, files, processes, and what looks into the JVM. */
final class OrdinarySystem {
    private static final int MEBIBYTE = 1 << 20;
    /** A sample each so often: as often as a profiler does it that is in a hurry. */
    private static final long SAMPLE_MICROS = 1_000;
    private static volatile Object kept;

    private OrdinarySystem() {
    }

    /** Made by whoever uses it first. */
    private static final class Shared {
        static final Cleaner CLEANER = Cleaner.create();
    }

    /** Seen by a recording. */
    static final class Done extends Event {
        int number;
    }

    /** Registered with the server of beans. */
    public interface CounterMBean {
        /** A number. */
        int getCount();
    }

    /** What that is implemented by. */
    public record Counter(int count) implements CounterMBean {
        @Override
        public int getCount() {
            return count;
        }
    }

    static void addTo(Entries entries) {
        memory(entries);
        outside(entries);
        files(entries);
        insight(entries);
        profiler(entries);
    }

    private static long collections() {
        return ManagementFactory.getGarbageCollectorMXBeans().stream()
                .mapToLong(GarbageCollectorMXBean::getCollectionCount).sum();
    }

    /** Collects until something has come of it, within a bound. */
    private static boolean collectUntil(BooleanSupplier done) throws InterruptedException {
        for (int i = 0; i < 200; i++) {
            System.gc();
            if (done.getAsBoolean()) {
                return true;
            }
            Thread.sleep(5);
        }
        return false;
    }

    private static boolean isCleaned(Cleaner cleaner, int x) throws InterruptedException {
        AtomicInteger cleaned = new AtomicInteger();
        register(cleaner, cleaned, x);
        return collectUntil(() -> cleaned.get() == x + 1);
    }

    private static void register(Cleaner cleaner, AtomicInteger cleaned, int x) {
        cleaner.register(new Object(), () -> cleaned.set(x + 1));
    }

    private static void memory(Entries entries) {
        entries.add("System.gc", x -> {
            long before = collections();
            System.gc();
            return collections() > before;
        }, x -> true)
                .add("several young collections", x -> {
                    long before = collections();
                    List<byte[]> some = new ArrayList<>();
                    for (int i = 0; i < 3000 && collections() < before + 3; i++) {
                        byte[] bytes = new byte[MEBIBYTE / 4];
                        bytes[i] = 1;
                        if (i % 50 == 0) {
                            some.add(bytes);
                        }
                    }
                    return collections() >= before + 3 && some.getFirst()[0] == 1;
                }, x -> true)
                .add("large objects", x -> {
                    int sum = x;
                    for (int i = 0; i < 20; i++) {
                        int[] large = new int[2 * MEBIBYTE];
                        large[large.length - 1] = i;
                        kept = large;
                        sum += large[large.length - 1];
                    }
                    kept = null;
                    return sum;
                }, x -> 190 + x)
                .add("out of memory", x -> {
                    List<byte[]> all = new ArrayList<>();
                    try {
                        for (int i = 0; i < 2000; i++) {
                            all.add(new byte[MEBIBYTE]);
                        }
                        return "there is no end of it";
                    } catch (OutOfMemoryError e) {
                        kept = all.size(); // which also keeps them until here
                        all.clear();
                        return x;
                    }
                }, x -> x)
                .add("cleaner", x -> isCleaned(Cleaner.create(), x), x -> true)
                .add("cleaner of the caller's", Place.ONLY_COLD, x -> isCleaned(Shared.CLEANER, x), x -> true)
                .add("phantom reference", x -> {
                    ReferenceQueue<Object> queue = new ReferenceQueue<>();
                    PhantomReference<Object> reference = new PhantomReference<>(new Object(), queue);
                    return collectUntil(() -> reference.equals(queue.poll()));
                }, x -> true)
                .add("reference queue that is waited for", x -> {
                    ReferenceQueue<Object> queue = new ReferenceQueue<>();
                    WeakReference<Object> reference = new WeakReference<>(new Object(), queue);
                    System.gc();
                    return reference.equals(queue.remove(10_000));
                }, x -> true)
                .add("weak map and soft reference", x -> {
                    Map<Object, Integer> map = new WeakHashMap<>();
                    map.put(new Object(), x);
                    SoftReference<Object> soft = new SoftReference<>(map);
                    return collectUntil(map::isEmpty) && (soft.get() == null || map.equals(soft.get()));
                }, x -> true)
                .add("direct buffers", x -> {
                    int sum = 0;
                    for (int i = 0; i < 100; i++) { // more than there may be at once: the collector has to free some
                        ByteBuffer buffer = ByteBuffer.allocateDirect(2 * MEBIBYTE);
                        sum += buffer.put(i, (byte) 1).get(i) + buffer.get(2 * MEBIBYTE - 1);
                    }
                    return sum + x;
                }, x -> 100 + x)
                .add("arenas", x -> {
                    long sum = x;
                    try (Arena confined = Arena.ofConfined(); Arena shared = Arena.ofShared()) {
                        MemorySegment one = confined.allocate(ValueLayout.JAVA_LONG);
                        MemorySegment two = shared.allocate(ValueLayout.JAVA_LONG);
                        MemorySegment three = Arena.ofAuto().allocate(ValueLayout.JAVA_LONG);
                        one.set(ValueLayout.JAVA_LONG, 0, 1);
                        Thread thread = Thread.ofPlatform().start(() -> two.set(ValueLayout.JAVA_LONG, 0, 2));
                        thread.join();
                        three.set(ValueLayout.JAVA_LONG, 0, 3);
                        for (MemorySegment segment : List.of(one, two, three)) {
                            sum += segment.get(ValueLayout.JAVA_LONG, 0);
                        }
                    }
                    return sum;
                }, x -> x + 6)
                .add("native calls and upcalls", x -> sortedByC(x), x -> "[" + x + ", 150, 200]");
    }

    static int compare(MemorySegment a, MemorySegment b) {
        return Integer.compare(a.get(ValueLayout.JAVA_INT, 0), b.get(ValueLayout.JAVA_INT, 0));
    }

    private static String sortedByC(int x) throws IOException {
        Linker linker = Linker.nativeLinker();
        var pointer = ValueLayout.ADDRESS.withTargetLayout(ValueLayout.JAVA_INT);
        MethodHandle sort = linker.downcallHandle(linker.defaultLookup().findOrThrow("qsort"), FunctionDescriptor
                .ofVoid(ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.ADDRESS));
        try (Arena arena = Arena.ofConfined()) {
            MethodHandle compare = java.lang.invoke.MethodHandles.lookup().findStatic(OrdinarySystem.class, "compare",
                    java.lang.invoke.MethodType.methodType(int.class, MemorySegment.class, MemorySegment.class));
            MemorySegment numbers = arena.allocateFrom(ValueLayout.JAVA_INT, 200, x, 150);
            sort.invokeExact(numbers, 3L, 4L,
                    linker.upcallStub(compare, FunctionDescriptor.of(ValueLayout.JAVA_INT, pointer, pointer), arena));
            return java.util.Arrays.toString(numbers.toArray(ValueLayout.JAVA_INT));
        } catch (Throwable t) {
            throw new IOException(t);
        }
    }

    private static void outside(Entries entries) {
        entries.add("process", x -> new ProcessBuilder("true").start().waitFor() + x, x -> x)
                .add("process with pipes", x -> {
                    Process process = new ProcessBuilder("cat").start();
                    try (var writer = process.outputWriter(UTF_8)) {
                        writer.write("line " + x + "\n");
                    }
                    try (var reader = process.inputReader(UTF_8)) {
                        return reader.readLine() + process.waitFor();
                    }
                }, x -> "line " + x + "0")
                .add("process that is awaited by a future", x -> new ProcessBuilder("true").start().onExit().get()
                        .exitValue() + x, x -> x);
    }

    private static void files(Entries entries) {
        entries.add("files", x -> {
            Path file = Files.createTempFile("ordinary", ".txt");
            Files.writeString(file, "one\ntwo\n");
            Files.writeString(file, "three " + x, StandardOpenOption.APPEND);
            try (Stream<String> lines = Files.lines(file)) {
                return lines.toList();
            } finally {
                Files.delete(file);
            }
        }, x -> List.of("one", "two", "three " + x))
                .add("file channel, mapping and lock", x -> {
                    Path path = Files.createTempFile("ordinary", ".bin");
                    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw");
                            FileChannel channel = file.getChannel();
                            FileLock lock = channel.lock()) {
                        MappedByteBuffer map = channel.map(FileChannel.MapMode.READ_WRITE, 0, 8192);
                        map.putInt(8188, x);
                        map.force();
                        file.seek(8188);
                        return lock.isValid() ? file.readInt() : -1;
                    }
                }, x -> x)
                .add("asynchronous file", x -> {
                    Path path = Files.createTempFile("ordinary", ".bin");
                    try (AsynchronousFileChannel channel = AsynchronousFileChannel.open(path, StandardOpenOption.READ,
                            StandardOpenOption.WRITE)) {
                        return channel.write(ByteBuffer.wrap(new byte[10 + x]), 0).get();
                    }
                }, x -> 10 + x)
                .add("watch service", x -> {
                    Path directory = Files.createTempDirectory("watched");
                    try (WatchService service = directory.getFileSystem().newWatchService()) {
                        directory.register(service, StandardWatchEventKinds.ENTRY_CREATE);
                        Files.createFile(directory.resolve("new" + x));
                        WatchKey key = service.poll(10, TimeUnit.SECONDS);
                        return key == null ? "nothing" : key.pollEvents().getFirst().context();
                    }
                }, x -> "new" + x)
                .add("directory walk", x -> {
                    Path directory = Files.createTempDirectory("walked");
                    Files.createDirectories(directory.resolve("a/b"));
                    Files.createFile(directory.resolve("a/b/c"));
                    try (Stream<Path> walk = Files.walk(directory)) {
                        return walk.count() + x;
                    }
                }, x -> 4 + x);
    }

    private static void insight(Entries entries) {
        entries.add("beans", x -> {
            MBeanServer server = ManagementFactory.getPlatformMBeanServer();
            ObjectName name = new ObjectName("io.cleave:type=Counter,process=" + Unistd.getpid() + ",n=" + x);
            server.registerMBean(new Counter(x), name);
            try {
                return server.getAttribute(name, "Count") + " "
                        + (ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed() > 0);
            } finally {
                server.unregisterMBean(name);
            }
        }, x -> x + " true")
                .add("flight recording", Place.CHILD_IF_COLD, x -> {
                    Path file = Files.createTempFile("recording", ".jfr");
                    try (Recording recording = new Recording()) {
                        recording.enable(Done.class);
                        recording.start();
                        Done done = new Done();
                        done.number = x;
                        done.commit();
                        recording.stop();
                        recording.dump(file);
                    }
                    return RecordingFile.readAllEvents(file).stream()
                            .filter(event -> event.getEventType().getName().endsWith("Done"))
                            .map(event -> event.getInt("number")).toList();
                }, x -> List.of(x))
                .add("an event of a flight recording", x -> {
                    Done done = new Done();
                    done.number = x;
                    done.commit();
                    return x;
                }, x -> x)
                .add("jcmd on the process itself", Place.ONLY_COLD, x -> jcmd("GC.heap_info").contains("heap"),
                        x -> true)
                .add("thread dump by jcmd", Place.ONLY_COLD, x -> jcmd("Thread.print").contains("OrdinarySystem.jcmd"),
                        x -> true);
    }

    /**
     * The first leaves the timer on, also in the calling JVM where it has run there, so that this is interrupted while it
     * forks; the second turns it off.
     */
    private static void profiler(Entries entries) {
        entries.add("a profiler's SIGPROF timer on", x -> {
            ProfilerTimer.set(SAMPLE_MICROS);
            long sum = sum(x);
            long deadline = System.nanoTime() + Delays.PATIENCE.toNanos();
            while (!ProfilerTimer.hasFired() && System.nanoTime() < deadline) {
                sum = sum(x);
            }
            return sum + (System.nanoTime() < deadline ? "" : ", but no signal came");
        }, x -> Long.toString(sum(x)))
                .add("a profiler's SIGPROF timer off", x -> {
                    ProfilerTimer.set(0);
                    long deadline = System.nanoTime() + Delays.PATIENCE.toNanos();
                    long sum;
                    do { // one may be under way
                        ProfilerTimer.hasFired();
                        sum = sum(x);
                    } while (ProfilerTimer.hasFired() && System.nanoTime() < deadline);
                    return sum + (System.nanoTime() < deadline ? "" : ", but signals come");
                }, x -> Long.toString(sum(x)));
    }

    /** Takes some 20 ms. */
    private static long sum(int x) {
        long sum = x;
        for (int i = 0; i < 20_000_000; i++) {
            sum += i ^ sum >>> 7;
        }
        return sum;
    }

    private static String jcmd(String command) throws IOException, InterruptedException {
        String tool = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
        Process process = new ProcessBuilder(tool, "-J-XX:TieredStopAtLevel=1", "-J-XX:+UseSerialGC",
                Integer.toString(Unistd.getpid()), command).redirectErrorStream(true).start();
        try (var reader = process.inputReader(UTF_8)) {
            return reader.readAllAsString();
        } finally {
            process.destroyForcibly().waitFor();
        }
    }
}
