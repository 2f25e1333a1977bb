package io.cleave.bench.example;

import io.cleave.bench.SubjectProcess;
import io.cleave.objects.Delivery;
import io.cleave.objects.HeapVerification;
import io.cleave.objects.SharedHeap;
import io.cleave.objects.SharedQueue;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** A job queue whose workers are killed while they work, and that loses no job: {@code ./bench example job-queue}. */
@Command(name = "job-queue", mixinStandardHelpOptions = true,
        description = "A job queue whose workers are killed, and that loses no job.")
final class JobQueue implements Callable<Integer> {
    private static final long HEAP_BYTES = 64 << 20;
    private static final int CAPACITY = 100;
    private static final int END = -1;
    private static final int ROUNDS = 10_000;
    private static final long NAP_MILLIS = 1;

    @Option(names = "--jobs", defaultValue = "400", description = "How many there are (${DEFAULT-VALUE}).")
    private int jobs;

    @Option(names = "--workers", defaultValue = "3", description = "How many work at a time (${DEFAULT-VALUE}).")
    private int workers;

    @Option(names = "--kills", defaultValue = "4", description = "How many of them are killed (${DEFAULT-VALUE}).")
    private int kills;

    private JobQueue() {
    }

    @Override
    public Integer call() throws IOException, InterruptedException, NoSuchAlgorithmException {
        String name = "example-jobs-" + ProcessHandle.current().pid();
        List<Process> staff = new ArrayList<>();
        try (SharedHeap heap = SharedHeap.create(name, HEAP_BYTES)) {
            for (int i = 0; i < workers; i++) {
                staff.add(start(name));
            }
            SharedQueue<Integer> queue = queue(heap);
            Thread killer = Thread.startVirtualThread(() -> kill(heap, name, staff));
            for (int job = 0; job < jobs; job++) {
                queue.put(job);
            }
            killer.join();
            for (Process _ : staff) {
                queue.put(END);
            }
            boolean isEnded = true;
            for (Process worker : staff) {
                isEnded &= worker.waitFor() == 0;
            }
            return report(heap, queue) && isEnded ? 0 : 1;
        } finally {
            staff.forEach(Process::destroyForcibly);
        }
    }

    private static Process start(String heap) {
        try {
            return new ProcessBuilder(SubjectProcess.jvm(Worker.class, List.of("-Xmx64m"), heap)).inheritIO().start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static SharedQueue<Integer> queue(SharedHeap heap) {
        return heap.queue("jobs", Integer.class, CAPACITY);
    }

    /** Kills workers that are in the middle of a job, while there are jobs that were not done, and starts others. */
    private void kill(SharedHeap heap, String name, List<Process> staff) {
        Map<Long, Integer> current = heap.map("current", Long.class, Integer.class);
        Map<Integer, String> results = heap.map("results", Integer.class, String.class);
        for (int killed = 0; killed < kills && results.size() < jobs;) {
            Process victim = staff.get(killed % staff.size());
            Integer job = current.get(victim.pid());
            if (job != null && results.size() >= killed * jobs / kills) {
                victim.destroyForcibly().onExit().join();
                System.out.println("worker " + victim.pid() + " was killed at job " + current.get(victim.pid()));
                killed++;
                staff.set(staff.indexOf(victim), start(name));
            }
            try {
                Thread.sleep(NAP_MILLIS);
            } catch (InterruptedException e) {
                return; // nobody interrupts it
            }
        }
    }

    /** Whether everything has become of the jobs that was to. */
    private boolean report(SharedHeap heap, SharedQueue<Integer> queue) throws NoSuchAlgorithmException {
        Map<Integer, String> results = heap.map("results", Integer.class, String.class);
        Map<Integer, Integer> repeated = heap.map("repeated", Integer.class, Integer.class);
        int right = 0;
        for (int job = 0; job < jobs; job++) {
            right += Worker.compute(job).equals(results.get(job)) ? 1 : 0;
        }
        repeated.forEach((job, times) -> System.out.println("job " + job + " was received " + times + " times"));
        HeapVerification found = heap.verify();
        System.out.printf(Locale.ROOT,
                "%,d of %,d jobs were done right, %d are left, %d in flight; the heap is sound: %s%n",
                right, jobs, queue.size(), queue.inFlight(), found.isSound());
        return right == jobs && queue.isEmpty() && queue.inFlight() == 0 && found.isSound();
    }

    /** Does one job after the other, until it is told that there are no more. */
    static final class Worker {
        private Worker() {
        }

        /** Argument: the heap. */
        public static void main(String[] args) throws InterruptedException, NoSuchAlgorithmException {
            try (SharedHeap heap = SharedHeap.open(args[0])) {
                SharedQueue<Integer> jobs = queue(heap);
                Map<Long, Integer> current = heap.map("current", Long.class, Integer.class);
                Map<Integer, String> results = heap.map("results", Integer.class, String.class);
                Map<Integer, Integer> repeated = heap.map("repeated", Integer.class, Integer.class);
                int job = 0;
                while (job != END) {
                    try (Delivery<Integer> delivery = jobs.receive()) {
                        job = delivery.element();
                        if (job != END) {
                            current.put(ProcessHandle.current().pid(), job);
                            results.put(job, compute(job)); // a second time does no harm
                            if (delivery.deliveryCount() > 1) {
                                repeated.put(job, delivery.deliveryCount());
                            }
                        }
                        delivery.acknowledge();
                    }
                }
            }
        }

        /** Something that takes its time. */
        static String compute(int job) throws NoSuchAlgorithmException {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            byte[] value = Integer.toString(job).getBytes(StandardCharsets.US_ASCII);
            for (int i = 0; i < ROUNDS; i++) {
                value = digest.digest(value);
            }
            return HexFormat.of().formatHex(value);
        }
    }
}
