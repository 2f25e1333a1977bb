package io.cleave.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.cleave.IncompatibleBlockException;
import io.cleave.fission.Fission;
import io.cleave.os.SigbusGuard;
import io.cleave.sync.SharedAtomicInt;
import io.cleave.sync.SharedMutex;
import io.cleave.testing.ChildJvm;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Blocks whose files somebody truncates, each in a JVM of its own: no access to them ends it, and each block says why. */
class TruncatedBlockTest {
    private static final int BYTES = 4 << 20;
    private static final int LAST = BYTES - 8;
    private static final int ROUNDS = 400;
    private static final int PAGE = 4096;
    private static final int MORE = 5;
    private static final int COUNTERS = 4;
    private static final int COUNTS_EACH = 1000;
    private static final long COUNTER_AT = 500_000;
    private static final int SIGBUS = 7;
    private static final int BUS_MCEERR_AR = 4;
    private static final long SYS_GETTID = 186;
    private static final long SYS_RT_TGSIGQUEUEINFO = 297;
    /** The exit code of a JVM that HotSpot ends without a core dump. */
    private static final int FATAL = 1;

    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
    private static final int[] COUNTS = new int[256];
    private static final int[] HEAP = new int[BYTES / 4];
    private static volatile long sink;

    /** Accesses that HotSpot alone does not survive, at least one of each kind, and others. */
    enum Access {
        /** A load that compiled code relies on as the index of an array. */
        BYTE_AS_INDEX {
            @Override
            void run(MemorySegment memory) {
                for (long i = 0; i < BYTES; i++) {
                    COUNTS[memory.get(ValueLayout.JAVA_BYTE, i) & 0xff]++;
                }
            }
        },
        /** An instruction whose length HotSpot does not know. */
        INT_TO_LONG {
            @Override
            void run(MemorySegment memory) {
                long sum = 0;
                for (int i = 0; i < BYTES / 4; i += 3) {
                    sum = sum * 31 + memory.getAtIndex(ValueLayout.JAVA_INT, i);
                }
                sink = sum;
            }
        },
        /** Vectors. */
        SUM {
            @Override
            void run(MemorySegment memory) {
                int sum = 0;
                for (int i = 0; i < BYTES / 4; i++) {
                    sum += memory.getAtIndex(ValueLayout.JAVA_INT, i);
                }
                sink = sum;
            }
        },
        /** Code that is no method's. */
        MISMATCH {
            @Override
            void run(MemorySegment memory) {
                sink = memory.mismatch(memory.asSlice(4));
            }
        },
        /** Copies into an array. */
        COPY {
            @Override
            void run(MemorySegment memory) {
                MemorySegment.copy(memory, ValueLayout.JAVA_INT, 0, HEAP, 0, HEAP.length);
            }
        },
        /** Stores. */
        FILL {
            @Override
            void run(MemorySegment memory) {
                memory.fill((byte) 0);
            }
        },
        /** Volatile accesses. */
        VOLATILE {
            @Override
            void run(MemorySegment memory) {
                sink = (int) INT.getVolatile(memory, (long) LAST);
                INT.setVolatile(memory, (long) LAST, 0);
                sink = (int) INT.getAndAdd(memory, (long) LAST, 0);
            }
        };

        abstract void run(MemorySegment memory);
    }

    /** What one JVM does. */
    static final class Victim {
        private static int made;

        public static void main(String[] arguments) throws Throwable {
            switch (arguments[0]) {
                case "access" -> access(Access.valueOf(arguments[1]));
                case "pages" -> pages();
                case "interpreted" -> interpreted();
                case "mutex" -> mutex();
                case "other" -> other();
                case "foreign" -> foreign();
                case "many" -> many();
                case "child" -> child();
                case "together" -> together();
                case "closed" -> closed();
                case "hardware" -> hardware();
                default -> throw new IllegalArgumentException(arguments[0]);
            }
            System.out.println("lives on");
        }

        private static String name() {
            return "cut." + made++;
        }

        private static void cut(String name, long size) throws IOException {
            truncate(Path.of(System.getenv("CLEAVE_DIR"), "cleave." + name), size);
        }

        private static void truncate(Path file, long size) throws IOException {
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.truncate(size);
            }
        }

        private static void expect(Class<? extends Throwable> kind, Runnable action) {
            try {
                action.run();
                System.out.println("no " + kind.getSimpleName());
            } catch (Throwable thrown) {
                System.out.println(kind.isInstance(thrown) ? "as expected" : "unexpected " + thrown);
                if (thrown instanceof IncompatibleBlockException) {
                    System.out.println("says: " + thrown.getMessage());
                }
            }
        }

        /** In code that has been compiled. */
        private static void access(Access access) throws IOException {
            String name = name();
            SharedMemory block = SharedMemory.create(name, BYTES);
            MemorySegment memory = block.segment();
            for (int i = 0; i < ROUNDS; i++) {
                access.run(memory);
            }
            cut(name, 8192);
            expect(InternalError.class, () -> access.run(memory));
            expect(IncompatibleBlockException.class, block::segment);
            for (int i = 0; i < MORE; i++) {
                errorOrZeroes(() -> access.run(memory));
            }
            expect(IncompatibleBlockException.class, block::segment);
            block.close();
        }

        private static void errorOrZeroes(Runnable action) {
            try {
                action.run();
            } catch (InternalError missing) {
                sink = 1; // another page
            }
        }

        private static void pages() throws IOException {
            String name = name();
            SharedMemory block = SharedMemory.create(name, BYTES);
            MemorySegment memory = block.segment();
            memory.fill((byte) 7);
            cut(name, 8192);
            for (long page = 2; page < 100; page++) {
                long at = page * PAGE;
                expect(InternalError.class, () -> sink = memory.get(ValueLayout.JAVA_BYTE, at));
                System.out.println("found " + memory.get(ValueLayout.JAVA_BYTE, at));
                memory.set(ValueLayout.JAVA_BYTE, at, (byte) 1);
                System.out.println("found " + memory.get(ValueLayout.JAVA_BYTE, at + 1));
            }
            System.out.println("before it " + memory.get(ValueLayout.JAVA_BYTE, 8191 - PAGE));
            expect(IncompatibleBlockException.class, block::segment);
        }

        /** HotSpot cannot note an error here, so the first one finds zeroes. */
        private static void interpreted() throws IOException {
            String name = name();
            SharedMemory block = SharedMemory.create(name, BYTES);
            MemorySegment memory = block.segment();
            cut(name, 8192);
            System.out.println(INT.compareAndSet(memory, (long) LAST, 0, 7) ? "set" : "not set");
            expect(IncompatibleBlockException.class, block::segment);
            block.close();
            String number = name();
            SharedAtomicInt counter = SharedAtomicInt.named(number);
            counter.set(5);
            cut(number, 0);
            System.out.println(counter.compareAndSet(0, 1) ? "found 0" : "found another number");
            expect(IncompatibleBlockException.class, counter::get);
        }

        private static void mutex() throws IOException {
            String name = name();
            SharedMutex mutex = SharedMutex.named(name);
            mutex.lock();
            try {
                sink = 0;
            } finally {
                mutex.unlock();
            }
            cut(name, 0);
            expect(IncompatibleBlockException.class, mutex::lock);
            expect(IncompatibleBlockException.class, mutex::lock);
        }

        /** One block is truncated, and another one is as it was. */
        private static void other() throws IOException {
            String name = name();
            SharedMemory cut = SharedMemory.create(name, BYTES);
            SharedMemory whole = SharedMemory.create(name(), BYTES);
            whole.segment().fill((byte) 3);
            MemorySegment memory = cut.segment();
            cut(name, 4096);
            sink = INT.compareAndSet(memory, (long) LAST, 0, 7) ? 1 : 0;
            expect(IncompatibleBlockException.class, cut::segment);
            System.out.println("other " + whole.segment().get(ValueLayout.JAVA_BYTE, LAST)
                    + (INT.compareAndSet(whole.segment(), (long) LAST, 0x03030303, 4) ? " set" : " not set"));
            cut.close();
            SharedMemory anew = SharedMemory.create(name, BYTES); // probably where the other one was
            System.out.println("anew " + anew.segment().get(ValueLayout.JAVA_BYTE, LAST));
            anew.close();
            whole.close();
        }

        /** A file that Cleave has not mapped: HotSpot makes an error of a load, and ends at a compare-and-set. */
        private static void foreign() throws IOException {
            SharedMemory block = SharedMemory.create(name(), 10); // so that the guard is there
            Path file = Path.of(System.getenv("CLEAVE_DIR"), "foreign");
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ,
                    StandardOpenOption.WRITE)) {
                MemorySegment memory = channel.map(FileChannel.MapMode.READ_WRITE, 0, BYTES, Arena.global());
                channel.truncate(4096);
                expect(InternalError.class, () -> sink = memory.get(ValueLayout.JAVA_INT, LAST));
                System.out.println("before the end, beside " + block);
                sink = INT.compareAndSet(memory, (long) LAST, 0, 7) ? 1 : 0;
            }
        }

        /** Mappings come and go while some of them are truncated and accessed. */
        private static void many() throws Exception {
            AtomicBoolean isOver = new AtomicBoolean();
            List<Thread> threads = new ArrayList<>();
            for (int n = 0; n < 3; n++) {
                int number = n;
                threads.add(Thread.ofPlatform().start(() -> {
                    for (int i = 0; !isOver.get() && i < 100_000; i++) {
                        try (SharedMemory block = SharedMemory.create("come." + number, 20_000)) {
                            block.segment().fill((byte) number);
                            if (block.segment().get(ValueLayout.JAVA_BYTE, 19_999) != number) {
                                System.out.println("unexpected byte");
                            }
                        }
                    }
                }));
            }
            for (int i = 0; i < 100; i++) {
                String name = name();
                try (SharedMemory block = SharedMemory.create(name, 1 << 20)) {
                    MemorySegment memory = block.segment();
                    cut(name, 4096);
                    try {
                        sink = INT.compareAndSet(memory, (1L << 20) - 8, 0, 7) ? 1 : 0;
                        sink = memory.mismatch(memory.asSlice(8));
                    } catch (InternalError expected) {
                        sink = 1;
                    }
                }
            }
            isOver.set(true);
            for (Thread thread : threads) {
                thread.join();
            }
        }

        /** Threads that meet a missing page at the same time lose nothing of what the others write to the zeroes there. */
        private static void together() throws Exception {
            for (int round = 0; round < 300; round++) {
                String name = name();
                try (SharedMemory block = SharedMemory.create(name, 1 << 20)) {
                    MemorySegment memory = block.segment();
                    cut(name, PAGE);
                    AtomicInteger errors = new AtomicInteger();
                    CyclicBarrier start = new CyclicBarrier(COUNTERS);
                    List<Thread> threads = new ArrayList<>();
                    for (int n = 0; n < COUNTERS; n++) {
                        threads.add(Thread.ofPlatform().start(() -> count(memory, start, errors)));
                    }
                    for (Thread thread : threads) {
                        thread.join();
                    }
                    int lost = COUNTERS * COUNTS_EACH - (int) INT.getVolatile(memory, COUNTER_AT);
                    if (lost > errors.get()) { // an error may come before the count
                        System.out.println("unexpected loss of " + lost + " with " + errors + " errors");
                    }
                }
            }
        }

        private static void count(MemorySegment memory, CyclicBarrier start, AtomicInteger errors) {
            int done = 0;
            boolean isStarted = false;
            while (done < COUNTS_EACH) {
                try {
                    if (!isStarted) {
                        isStarted = true;
                        start.await();
                    }
                    while (done < COUNTS_EACH) {
                        done++;
                        INT.getAndAdd(memory, COUNTER_AT, 1);
                    }
                } catch (InternalError missing) {
                    errors.incrementAndGet();
                } catch (InterruptedException | BrokenBarrierException e) {
                    throw new IllegalStateException(e);
                }
            }
        }

        /** What looks after a marked mapping ends with it. */
        private static void closed() throws IOException {
            SharedMemory whole = SharedMemory.create(name(), BYTES);
            for (int i = 0; i < 3; i++) {
                String name = name();
                SharedMemory block = SharedMemory.create(name, BYTES);
                MemorySegment memory = block.segment();
                cut(name, PAGE);
                errorOrZeroes(() -> sink = memory.get(ValueLayout.JAVA_BYTE, LAST));
                errorOrZeroes(() -> sink = memory.get(ValueLayout.JAVA_BYTE, 2 * PAGE));
                expect(IncompatibleBlockException.class, block::segment);
                System.out.println("marked " + SigbusGuard.marked());
                block.close();
                System.out.println("marked " + SigbusGuard.marked());
            }
            whole.segment().fill((byte) 1);
        }

        /** A defect of the memory, as the kernel tells of it: no zeroes may take its place. */
        private static void hardware() throws Throwable {
            SharedMemory block = SharedMemory.create(name(), BYTES);
            MemorySegment info = Arena.global().allocate(128, 8); // siginfo: signal 0, code 8, address 16
            info.set(ValueLayout.JAVA_INT, 0, SIGBUS);
            info.set(ValueLayout.JAVA_INT, 8, BUS_MCEERR_AR);
            info.set(ValueLayout.JAVA_LONG, 16, block.segment().address() + PAGE);
            Linker linker = Linker.nativeLinker();
            MethodHandle syscall = linker.downcallHandle(linker.defaultLookup().findOrThrow("syscall"),
                    FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.ADDRESS));
            System.out.println("before it");
            long pid = ProcessHandle.current().pid();
            long thread = (long) syscall.invokeExact(SYS_GETTID, 0L, 0L, 0L, MemorySegment.NULL);
            sink = (long) syscall.invokeExact(SYS_RT_TGSIGQUEUEINFO, pid, thread, (long) SIGBUS, info);
        }

        /** In a forked child, which has inherited the mapping. */
        private static void child() throws Exception {
            String name = name();
            SharedMemory block = SharedMemory.create(name, BYTES);
            MemorySegment memory = block.segment();
            for (int i = 0; i < ROUNDS; i++) {
                Access.INT_TO_LONG.run(memory);
            }
            cut(name, 8192);
            try (Fission fission = Fission.builder().build()) {
                System.out.println(fission.submit(() -> inChild(memory)).get());
            }
        }

        private static String inChild(MemorySegment memory) {
            try {
                Access.INT_TO_LONG.run(memory);
                return "no error";
            } catch (InternalError expected) {
                return "an error in a child";
            }
        }
    }

    @BeforeAll
    static void theGuardIsThere() {
        String refusal = SigbusGuard.refusal();
        assumeTrue(refusal == null, () -> "there is no guard: " + refusal);
    }

    private static List<String> run(List<String> options, int exitCode, String... arguments) throws Exception {
        return run(Map.of(), options, exitCode, arguments);
    }

    private static List<String> run(Map<String, String> variables, List<String> options, int exitCode,
            String... arguments) throws Exception {
        Path directory = Files.createTempDirectory(Path.of("/dev/shm"), "cleave-test.cut.");
        List<String> all = new ArrayList<>(List.of("-XX:ErrorFile=/dev/null", "-XX:-CreateCoredumpOnCrash"));
        all.addAll(options);
        Map<String, String> environment = new HashMap<>(variables);
        environment.put("CLEAVE_DIR", directory.toString());
        try (ChildJvm child = ChildJvm.start(environment, all, Victim.class,
                arguments)) {
            assertThat(child.awaitExit()).as(child::toString).isEqualTo(exitCode);
            return child.lines();
        } finally {
            try (Stream<Path> files = Files.list(directory)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
            Files.delete(directory);
        }
    }

    private static List<String> runs(List<String> options, String... arguments) throws Exception {
        List<String> lines = run(options, 0, arguments);
        assertThat(lines).endsWith("lives on")
                .noneMatch(line -> line.startsWith("no ") || line.startsWith("unexpected "));
        return lines;
    }

    @ParameterizedTest
    @EnumSource
    void anAccessIsAnErrorAndTheBlockSaysWhyFromThenOn(Access access) throws Exception {
        List<String> lines = runs(List.of(), "access", access.name());
        assertThat(lines).filteredOn("as expected"::equals).as(access.name().toLowerCase(Locale.ROOT))
                .hasSize(3);
        assertThat(lines).anyMatch(line -> line.startsWith("says: /dev/shm/cleave-test.cut.")
                && line.contains("/cleave.cut.0 ") && line.contains("cut it short")
                && line.contains("make the block anew"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"-Xint", "-Xcomp", "-XX:TieredStopAtLevel=1"})
    void eachMissingPageIsAnErrorOnceAndZeroesFromThenOn(String mode) throws Exception {
        List<String> lines = runs(List.of(mode), "pages");
        assertThat(lines).filteredOn("as expected"::equals).hasSize(99);
        assertThat(lines).filteredOn(line -> line.startsWith("found ")).hasSize(196).containsOnly("found 0");
        assertThat(lines).contains("before it 7");
    }

    @Test
    void interpretedCompareAndSetFindsZeroesOnceAndIsAnErrorFromThenOn() throws Exception {
        assertThat(runs(List.of("-Xint"), "interpreted")).contains("set", "found 0");
    }

    @Test
    void aMutexIsNotLockedOnZeroes() throws Exception {
        runs(List.of("-Xint"), "mutex");
    }

    @Test
    void anotherBlockIsLeftAlone() throws Exception {
        assertThat(runs(List.of("-Xint"), "other")).contains("other 3 set", "anew 0");
    }

    @Test
    void aFileThatIsNotCleavesIsHotSpotsAffair() throws Exception {
        assertThat(run(List.of("-Xint"), FATAL, "foreign")).contains("as expected",
                "before the end, beside SharedMemory[cut.0, 10 bytes]");
    }

    @Test
    void mappingsComeAndGoMeanwhile() throws Exception {
        runs(List.of(), "many");
    }

    @Test
    void threadsThatMeetAPageTogetherLoseNothing() throws Exception {
        runs(List.of(), "together");
    }

    @Test
    void nothingIsMarkedAnyMoreWhenTheBlockIsClosed() throws Exception {
        assertThat(runs(List.of(), "closed")).filteredOn(line -> line.startsWith("marked "))
                .containsExactly("marked 1", "marked 0", "marked 1", "marked 0", "marked 1", "marked 0");
    }

    @Test
    void aDefectOfTheMemoryIsHotSpotsAffair() throws Exception {
        assertThat(run(List.of(), FATAL, "hardware")).contains("before it").noneMatch("lives on"::equals);
    }

    @Test
    void aForkedChildHasTheGuard() throws Exception {
        assertThat(runs(List.of(), "child")).anyMatch(line -> line.startsWith("an error in "));
    }

    @Test
    void theGuardIsNotThereWhereItIsNotWanted() throws Exception {
        assertThat(run(List.of("-Xint", "-Dcleave.sigbusGuard=false"), FATAL, "interpreted"))
                .noneMatch("lives on"::equals);
    }

    @Test
    void theGuardIsNotThereWithChecksOfJni() throws Exception {
        assertThat(run(List.of("-Xint", "-Xcheck:jni"), FATAL, "interpreted"))
                .noneMatch(line -> line.equals("lives on") || line.contains("handler modified"));
    }

    @Test
    void theGuardIsNotThereWhereTheEnvironmentHasJniChecked() throws Exception {
        assertThat(run(Map.of("JAVA_TOOL_OPTIONS", "-Xcheck:jni"), List.of("-Xint"), FATAL, "interpreted"))
                .noneMatch(line -> line.equals("lives on") || line.contains("handler modified"));
    }
}
