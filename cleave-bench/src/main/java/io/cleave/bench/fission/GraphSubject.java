package io.cleave.bench.fission;

import io.cleave.bench.Requests;
import io.cleave.fission.Fission;
import io.cleave.os.Mman;
import io.cleave.os.Signals;
import io.cleave.os.Unistd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A JVM with the 1 GiB graph on its heap that tells how long the first result takes ({@code first}, in milliseconds) and
 * how much memory of its own a child has after it has read its half ({@code dirtied}, in MiB; and as the children
 * themselves see it).
 */
final class GraphSubject {
    /** One way of computing. */
    private interface Way extends AutoCloseable {
        double first() throws Exception;

        /** A fork, and nothing else. */
        default void fork() throws Exception {
            double _ = first();
        }

        default double[] dirtied() {
            throw new UnsupportedOperationException();
        }

        @Override
        default void close() {
            // most have nothing to give back
        }
    }

    private static final int PROBES = 4;
    /** About what a fork and a first result take. */
    private static final long NOTHING_MILLIS = 5;

    private GraphSubject() {
    }

    /** Serves requests; the argument is the way. */
    public static void main(String[] args) throws Exception {
        LiveGraph graph = new LiveGraph();
        long[] expected = IntStream.range(0, LiveGraph.SLICES).mapToLong(graph::read).toArray();
        Waiting waiting = new Waiting();
        try (Way way = way(args[0], graph, expected)) {
            Requests.serve(request -> switch (request.split(" ")[0]) {
                case "first" -> new double[] {way.first()};
                case "dirtied" -> way.dirtied();
                case "pause" -> {
                    waiting.become(Integer.parseInt(request.substring("pause ".length())));
                    yield new double[] {PauseWatch.around(() -> {
                        way.fork();
                        return null;
                    })};
                }
                default -> throw new IllegalArgumentException(request);
            });
        }
    }

    /** Threads that are there and wait. */
    private static final class Waiting {
        private static final long STACK_BYTES = 256 << 10;

        private CountDownLatch end = new CountDownLatch(1);
        private int count;

        void become(int wanted) throws InterruptedException {
            if (wanted == count) {
                return;
            }
            end.countDown();
            end = new CountDownLatch(1);
            CountDownLatch there = new CountDownLatch(wanted);
            for (int i = 0; i < wanted; i++) {
                CountDownLatch own = end;
                Thread thread = new Thread(null, () -> {
                    there.countDown();
                    try {
                        own.await();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt(); // it ends, which is all it is for
                    }
                }, "bench-waiting", STACK_BYTES);
                thread.setDaemon(true);
                thread.start();
            }
            there.await();
            count = wanted;
        }
    }

    private static Way way(String name, LiveGraph graph, long[] expected) {
        return switch (name) {
            case "bare-fork" -> new BareFork();
            case "cleave" -> new ByFission(Fission.builder().children(FissionSuite.WORKERS).warmUp(0).build(), graph,
                    expected);
            case "cleave-warm" -> new ByFission(Fission.builder().children(FissionSuite.WORKERS).build(), graph,
                    expected);
            case "threads" -> new OnThreads(graph, expected);
            case "nothing" -> () -> {
                long start = System.nanoTime();
                Thread.sleep(NOTHING_MILLIS);
                return millisSince(start);
            };
            default -> throw new IllegalArgumentException(name);
        };
    }

    private static double millisSince(long start) {
        return (System.nanoTime() - start) / 1e6;
    }

    private static void verify(long sum, long expected) {
        if (sum != expected) {
            throw new IllegalStateException("a sum is " + sum + ", not " + expected);
        }
    }

    /** The least that a fork can take: the child stores one word and ends, and the parent spins until it sees it. */
    private static final class BareFork implements Way {
        private static final VarHandle WORD = ValueLayout.JAVA_INT.varHandle();
        private static final long PATIENCE_NANOS = 2_000_000_000;
        private static final int TRIES = 5;

        private final MemorySegment word = Mman.map(Arena.global(), 4096, Mman.PROT_READ | Mman.PROT_WRITE,
                Mman.MAP_SHARED | Mman.MAP_ANONYMOUS, -1, 0);

        @Override
        public double first() {
            for (int attempt = 0; attempt < TRIES; attempt++) {
                double millis = attempt();
                if (millis >= 0) {
                    return millis;
                }
            }
            throw new IllegalStateException("no child came as far as to store a word");
        }

        private double attempt() {
            WORD.setRelease(word, 0L, 0);
            long start = System.nanoTime();
            int pid = Unistd.fork();
            if (pid == 0) {
                WORD.setRelease(word, 0L, 1);
                throw Unistd._exit(0);
            }
            if (pid < 0) {
                throw new IllegalStateException("the system refused a fork");
            }
            while ((int) WORD.getAcquire(word, 0L) == 0 && System.nanoTime() - start < PATIENCE_NANOS) {
                Thread.onSpinWait();
            }
            double millis = millisSince(start);
            boolean done = (int) WORD.getAcquire(word, 0L) != 0;
            Signals.kill(pid, Signals.SIGKILL);
            Signals.waitpid(pid, 0);
            return done ? millis : -1;
        }
    }

    /** Cleave. */
    private static final class ByFission implements Way {
        private final Fission fission;
        private final LiveGraph graph;
        private final long[] expected;

        ByFission(Fission fission, LiveGraph graph, long[] expected) {
            this.fission = fission;
            this.graph = graph;
            this.expected = expected;
        }

        @Override
        public double first() {
            List<Integer> slices = IntStream.range(0, LiveGraph.SLICES).boxed().toList();
            long start = System.nanoTime();
            try (Stream<Long> sums = fission.imap(slices, graph::read)) {
                long first = sums.findFirst().orElseThrow();
                double millis = millisSince(start);
                verify(first, expected[0]);
                return millis;
            }
        }

        @Override
        public void fork() throws Exception {
            long sum = fission.submit(() -> graph.read(0)).get();
            verify(sum, expected[0]);
        }

        @Override
        public double[] dirtied() {
            List<Integer> slices = new ArrayList<>(IntStream.range(0, LiveGraph.SLICES).boxed().toList());
            slices.addAll(Collections.nCopies(PROBES, LiveGraph.PROBE));
            List<Long> sums = fission.map(slices, graph::read);
            for (int i = 0; i < LiveGraph.SLICES; i++) {
                verify(sums.get(i), expected[i]);
            }
            long seen = Collections.max(sums.subList(LiveGraph.SLICES, sums.size()));
            return new double[] {fission.lastReport().mostBytesDirtied() / 1048576.0, seen / 1048576.0};
        }

        @Override
        public void close() {
            fission.close();
        }
    }

    /** A pool of threads, made before. */
    private static final class OnThreads implements Way {
        private final ExecutorService pool = Executors.newFixedThreadPool(FissionSuite.WORKERS);
        private final LiveGraph graph;
        private final long[] expected;

        OnThreads(LiveGraph graph, long[] expected) {
            this.graph = graph;
            this.expected = expected;
        }

        @Override
        public double first() throws Exception {
            long start = System.nanoTime();
            ExecutorCompletionService<Long> sums = new ExecutorCompletionService<>(pool);
            List<Future<Long>> all = new ArrayList<>(LiveGraph.SLICES);
            for (int slice = 0; slice < LiveGraph.SLICES; slice++) {
                int one = slice;
                all.add(sums.submit(() -> graph.read(one)));
            }
            Future<Long> first = sums.take();
            double millis = millisSince(start);
            if (!first.isDone()) {
                throw new IllegalStateException("the first result is not there");
            }
            for (int slice = 0; slice < LiveGraph.SLICES; slice++) {
                verify(all.get(slice).get(), expected[slice]);
            }
            return millis;
        }

        @Override
        public void close() {
            pool.close();
        }
    }
}
