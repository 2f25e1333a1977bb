package io.cleave.heap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.os.CrashPoint;
import io.cleave.os.Signals;
import io.cleave.owner.LockWord;
import io.cleave.owner.Participants;
import io.cleave.owner.Patience;
import io.cleave.testing.ChildJvm;
import io.cleave.testing.Delays;
import io.cleave.testing.ForkedChild;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A lock that threads keep, between threads and between processes that are stopped and killed. */
class BiasedLockTest {
    private static final int LOCK = 15;
    /** Who is inside; how often somebody was; the same, stored later; how often there were two. */
    private static final int INSIDE = 0;
    private static final int COUNT = 1;
    private static final int COPY = 2;
    private static final int INTRUSIONS = 3;

    private static Heap fresh(TestSpace space) {
        Heap.format(space, 1);
        return Heap.attach(space);
    }

    private static BiasedLock lock(Heap heap) {
        return heap.biasedLock(heap.rootAt(LOCK));
    }

    private static void pass(Heap heap, BiasedLock lock) throws InterruptedException {
        assertThat(lock.tryLock(Patience.UNINTERRUPTIBLY)).isTrue();
        HeapMemory memory = heap.memory();
        long me = Participants.me();
        memory.setOpaque(heap.rootAt(INSIDE), me);
        long count = memory.getPlain(heap.rootAt(COUNT)) + 1;
        memory.setOpaque(heap.rootAt(COUNT), count);
        memory.setOpaque(heap.rootAt(COPY), count);
        if (memory.getOpaque(heap.rootAt(INSIDE)) != me || memory.getOpaque(heap.rootAt(COUNT)) != count) {
            memory.getAndAdd(heap.rootAt(INTRUSIONS), 1);
        }
        lock.unlock();
    }

    /** Passes some times in a row, and then lets others, as threads do that get a bias and lose it. */
    private static void work(Heap heap, BiasedLock lock, Random random, int passes) throws InterruptedException {
        for (int left = passes; left > 0;) {
            int streak = Math.min(left, random.nextInt(200));
            for (int i = 0; i < streak; i++) {
                pass(heap, lock);
            }
            left -= streak;
            if (random.nextInt(4) == 0) {
                LockSupport.parkNanos(random.nextInt(50_000));
            }
        }
    }

    private static long root(Heap heap, int index) {
        return heap.memory().getAcquire(heap.rootAt(index));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void threadsAreInsideOneByOne(boolean areVirtual) throws Exception {
        try (TestSpace space = new TestSpace(6 << 20)) {
            Heap heap = fresh(space);
            BiasedLock lock = lock(heap);
            AtomicInteger failures = new AtomicInteger();
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                Random random = new Random(i);
                Runnable task = () -> {
                    try {
                        work(heap, lock, random, 20_000);
                    } catch (Throwable t) {
                        t.printStackTrace();
                        failures.incrementAndGet();
                    }
                };
                threads.add(areVirtual ? Thread.ofVirtual().start(task) : Thread.ofPlatform().start(task));
            }
            for (Thread each : threads) {
                each.join();
            }
            assertThat(failures).hasValue(0);
            assertThat(root(heap, COUNT)).isEqualTo(80_000);
            assertThat(root(heap, INTRUSIONS)).isZero();
        }
    }

    @Test
    void aThreadThatKeepsTheLockDoesNotHoldIt() throws Exception {
        try (TestSpace space = new TestSpace(6 << 20)) {
            Heap heap = fresh(space);
            BiasedLock lock = lock(heap);
            for (int i = 0; i < 1000; i++) {
                pass(heap, lock);
            }
            assertThat(root(heap, LOCK) & LockWord.BIASED).as("1000 times in a row").isNotZero();
            assertThat(lock.isHeldByMe()).isFalse();
            BiasedLock other = lock(heap);
            assertThat(other.tryLock(Patience.TRY)).as("the same thread by another object").isTrue();
            assertThat(lock.isHeldByMe()).isTrue();
            other.unlock();
            for (int i = 0; i < 1000; i++) {
                pass(heap, lock);
            }
            List<Boolean> results = new ArrayList<>();
            Thread thread = Thread.ofPlatform().start(() -> {
                try {
                    results.add(other.tryLock(Patience.TRY));
                    other.unlock();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
            thread.join();
            assertThat(results).as("another one, without waiting").containsExactly(true);
            pass(heap, lock);
            assertThat(root(heap, COUNT)).isEqualTo(2001);
        }
    }

    @Test
    void aThreadThatHoldsItByItsBiasHoldsItForOthersAndForItself() throws Exception {
        try (TestSpace space = new TestSpace(6 << 20)) {
            Heap heap = fresh(space);
            BiasedLock lock = lock(heap);
            for (int i = 0; i < 1000; i++) {
                pass(heap, lock);
            }
            assertThat(lock.tryLock(Patience.TRY)).isTrue();
            assertThat(root(heap, LOCK) & LockWord.BIASED).isNotZero();
            assertThat(lock.isHeldByMe()).isTrue();
            assertThat(lock(heap).isHeldByMe()).isTrue();
            assertThatThrownBy(() -> lock.tryLock(Patience.TRY))
                    .isInstanceOf(IllegalStateException.class).hasMessageContaining("holds the lock that it wants");
            List<Boolean> results = new ArrayList<>();
            Thread thread = Thread.ofPlatform().start(() -> {
                try {
                    results.add(lock.tryLock(Patience.TRY));
                    results.add(lock.tryLock(new Patience(System.nanoTime() + 5_000_000, false)));
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
            thread.join();
            assertThat(results).containsExactly(false, false);
            lock.unlock();
            assertThat(root(heap, LOCK)).as("somebody wanted it").isZero();
        }
    }

    private static void passOften(Heap heap, BiasedLock lock) throws InterruptedException {
        for (int i = 0; i < 200; i++) {
            pass(heap, lock);
        }
        assertThat(root(heap, LOCK) & LockWord.BIASED).isNotZero();
    }

    private static void inAnotherThread(Callable<?> task) throws Exception {
        FutureTask<?> future = new FutureTask<>(task);
        Thread.ofPlatform().start(future);
        var _ = future.get();
    }

    /** Whoever has found a lock idle, and comes back late, does not take another bias for that one. */
    @Test
    void aBiasIsNotTakenForALaterOneOfTheSameThread() throws Exception {
        try (TestSpace space = new TestSpace(6 << 20)) {
            Heap heap = fresh(space);
            BiasedLock lock = lock(heap);
            Set<Long> words = new HashSet<>();
            for (int i = 0; i < 10; i++) {
                for (int j = 0; j < 1 << 16 && (root(heap, LOCK) & LockWord.BIASED) == 0; j++) {
                    pass(heap, lock);
                }
                assertThat(words.add(root(heap, LOCK))).as("a name of its own").isTrue();
                inAnotherThread(() -> {
                    pass(heap, lock);
                    return null;
                });
            }
        }
    }

    @Test
    void aThreadWhosePlaceWasGivenUpGoesTheUsualWay() throws Exception {
        try (TestSpace space = new TestSpace(6 << 20)) {
            Heap heap = fresh(space);
            BiasedLock lock = lock(heap);
            passOften(heap, lock);
            heap.detach(); // as a close that fails does
            assertThat(lock.tryLock(Patience.TRY)).isTrue();
            inAnotherThread(() -> {
                assertThat(lock(heap).tryLock(Patience.TRY)).isFalse();
                return null;
            });
            lock.unlock();
            inAnotherThread(() -> {
                pass(heap, lock(heap));
                return null;
            });
        }
    }

    @Test
    void aThreadHoldsSeveralLocksOfWhichItKeepsSome() throws Exception {
        try (TestSpace space = new TestSpace(6 << 20)) {
            Heap heap = fresh(space);
            BiasedLock outer = lock(heap);
            BiasedLock inner = heap.biasedLock(heap.rootAt(LOCK - 1));
            for (int i = 0; i < 200; i++) {
                assertThat(inner.tryLock(Patience.TRY)).isTrue();
                inner.unlock();
            }
            passOften(heap, outer);
            assertThat(outer.tryLock(Patience.TRY)).isTrue();
            assertThat(inner.tryLock(Patience.TRY)).isTrue();
            inAnotherThread(() -> {
                assertThat(lock(heap).tryLock(Patience.TRY)).isFalse();
                assertThat(heap.biasedLock(inner.at()).tryLock(Patience.TRY)).isFalse();
                return null;
            });
            inner.unlock();
            inAnotherThread(() -> {
                assertThat(lock(heap).tryLock(Patience.TRY)).isFalse();
                return null;
            });
            BiasedLock same = lock(heap);
            assertThatThrownBy(() -> same.tryLock(Patience.TRY)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> heap.locks().lock(outer.at())).isInstanceOf(IllegalStateException.class);
            outer.unlock();
            pass(heap, outer);
        }
    }

    /** The block of a lock may have become a queue's, whose lock is biased, before somebody comes who knows nothing of that. */
    @Test
    void anyLockMayBeFoundBiased() throws Exception {
        try (TestSpace space = new TestSpace(6 << 20)) {
            Heap heap = fresh(space);
            BiasedLock lock = lock(heap);
            passOften(heap, lock);
            inAnotherThread(() -> {
                heap.locks().lock(lock.at());
                heap.locks().unlock(lock.at());
                return null;
            });
            pass(heap, lock);
            passOften(heap, lock);
            heap.locks().lock(lock.at()); // by its own thread
            heap.locks().unlock(lock.at());
            pass(heap, lock);
        }
    }

    @Test
    void whoFindsTheLockStaleDoesNotKeepIt() throws Exception {
        try (TestSpace space = new TestSpace(6 << 20)) {
            Heap heap = fresh(space);
            BiasedLock lock = lock(heap);
            for (int i = 0; i < 1000; i++) {
                assertThat(lock.tryLock(Patience.TRY)).isTrue();
                lock.unlockForGood();
                assertThat(root(heap, LOCK)).isZero();
            }
        }
    }

    @Test
    void placesOfThreadsThatHaveEndedAreUsedAgain() throws Exception {
        try (TestSpace space = new TestSpace(6 << 20)) {
            Heap heap = fresh(space);
            for (int i = 0; i < 3 * HeapLayout.BIASES; i++) {
                FutureTask<Boolean> task = new FutureTask<>(() -> {
                    BiasedLock lock = lock(heap);
                    for (int j = 0; j < 200; j++) {
                        pass(heap, lock);
                    }
                    return (root(heap, LOCK) & LockWord.BIASED) != 0;
                });
                Thread worker = i % 2 == 0 ? Thread.ofPlatform().start(task) : Thread.ofVirtual().start(task);
                assertThat(task.get()).as("thread " + i).isTrue();
                worker.join();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"all", "threads", "killed", "stopped"})
    void processesAreInsideOneByOne(String what) throws Exception {
        try (ChildJvm jvm = ChildJvm.start(ForkedChild.jvm("-Dcleave.crashPoint=0", "-Dcleave.biasAfter=2",
                "-Dcleave.sliceNanos=2000000"), BiasedLockTest.class, what)) {
            assertThat(jvm.awaitExit(Delays.PATIENCE)).as(() -> String.join("\n", jvm.lines())).isZero();
            assertThat(jvm.lines()).contains(what + " ok");
        }
    }

    /** The JVM whose children work; the argument says what is done to them. */
    public static void main(String[] arguments) throws Exception {
        try (TestSpace space = new TestSpace(6 << 20)) {
            Heap heap = fresh(space);
            BiasedLock lock = lock(heap);
            work(heap, lock, new Random(0), 1000);
            switch (arguments[0]) {
                case "all" -> all(heap, lock);
                case "threads" -> threads(heap, lock);
                case "killed" -> killed(heap, lock);
                default -> stopped(heap, lock);
            }
            assertThat(root(heap, INTRUSIONS)).isZero();
            System.out.println(arguments[0] + " ok");
        }
    }

    private static void all(Heap heap, BiasedLock lock) throws Exception {
        List<ForkedChild> children = new ArrayList<>();
        for (int i = 1; i <= 3; i++) {
            Random random = new Random(i);
            children.add(ForkedChild.start(ForkedChild.NEVER, () -> work(heap, lock, random, 20_000)));
        }
        work(heap, lock, new Random(4), 20_000);
        for (ForkedChild each : children) {
            await(each::isOver);
            assertThat(each.wasKilled()).isFalse();
        }
        assertThat(root(heap, COUNT)).isEqualTo(81_000);
    }

    /** Children that are forked while another thread of their parent's, which they do not have, keeps the lock. */
    private static void threads(Heap heap, BiasedLock lock) throws Exception {
        CompletableFuture<Void> end = new CompletableFuture<>();
        Thread.ofPlatform().daemon().start(() -> {
            try {
                work(heap, lock(heap), new Random(5), 40_000);
                end.complete(null);
            } catch (Throwable t) {
                end.completeExceptionally(t);
            }
        });
        await(() -> root(heap, COUNT) > 1100 && (root(heap, LOCK) & LockWord.BIASED) != 0);
        List<ForkedChild> children = new ArrayList<>();
        for (int i = 1; i <= 2; i++) {
            Random random = new Random(i);
            children.add(ForkedChild.start(ForkedChild.NEVER, () -> {
                System.gc();
                work(heap, lock, random, 20_000);
            }));
        }
        work(heap, lock, new Random(4), 20_000);
        var _ = end.get();
        for (ForkedChild each : children) {
            await(each::isOver);
            assertThat(each.wasKilled()).isFalse();
        }
        assertThat(root(heap, COUNT)).isEqualTo(101_000);
    }

    /** At each store of some passes: the first is without a bias, the next gets one, others use it and lose it. */
    private static void killed(Heap heap, BiasedLock lock) throws Exception {
        boolean hasDied = true;
        for (int step = 1; hasDied; step++) {
            ForkedChild child = ForkedChild.start(step, () -> {
                for (int i = 0; i < 6; i++) {
                    pass(heap, lock);
                }
            });
            await(child::isOver);
            hasDied = child.wasKilled();
            long before = System.nanoTime();
            work(heap, lock, new Random(step), step % 2 == 0 ? 1 : 30); // which keeps the lock, or does not
            assertThat(System.nanoTime() - before).as("step " + step).isLessThan(Delays.PATIENCE.toNanos() / 2);
            assertThat(root(heap, COPY)).isEqualTo(root(heap, COUNT));
        }
    }

    /** Stopped at any moment: outside others go on, inside they wait. */
    private static void stopped(Heap heap, BiasedLock lock) throws Exception {
        ForkedChild child = ForkedChild.start(ForkedChild.NEVER, () -> {
            while (true) {
                for (int i = 0; i < 50; i++) {
                    pass(heap, lock);
                }
                LockSupport.parkNanos(100_000);
            }
        });
        int got = 0;
        int waited = 0;
        for (int i = 0; i < 200; i++) {
            LockSupport.parkNanos(300_000);
            Signals.kill(child.pid(), Signals.SIGSTOP);
            await(() -> isStopped(child.pid()));
            if (lock.tryLock(new Patience(System.nanoTime() + Duration.ofMillis(5).toNanos(), false))) {
                lock.unlock();
                got++;
            } else {
                waited++;
            }
            Signals.kill(child.pid(), Signals.SIGCONT);
            pass(heap, lock);
        }
        Signals.kill(child.pid(), Signals.SIGKILL);
        await(child::isOver);
        pass(heap, lock);
        System.out.println("got " + got + ", waited " + waited);
        assertThat(got).isGreaterThan(100);
        assertThat(CrashPoint.IS_COUNTING).isTrue();
    }

    private static void await(BooleanSupplier condition) {
        assertThat(Delays.within(Delays.PATIENCE, condition)).isTrue();
    }

    private static boolean isStopped(int pid) {
        try {
            String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
            return stat.charAt(stat.lastIndexOf(')') + 2) == 'T';
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
