package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.testing.ChildJvm;
import io.cleave.testing.Delays;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Jobs whose workers are killed at random: each is done in the end, and none by two workers that live. */
class DeliveryProcessesTest {
    private static final int WORKERS = 4;
    private static final int JOBS = 4000;
    private static final int KILLS = 8;
    private static final long DONE = -1;

    private static HeapQueue<Integer> jobs(SharedHeap heap, boolean isStack) {
        return heap.queue("jobs", isStack ? RootKind.STACK : RootKind.QUEUE, Integer.class, 50, 0);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void noJobIsLostAndNoneIsDoneByTwoThatLive(boolean isStack) throws Exception {
        String name = "jobs" + ProcessHandle.current().pid();
        Random random = new Random(3);
        try (SharedHeap heap = SharedHeap.create(name, 16 << 20)) {
            HeapQueue<Integer> jobs = jobs(heap, isStack);
            SharedLongList holders = heap.longList("holders");
            holders.addAll(new long[JOBS]);
            List<ChildJvm> workers = new ArrayList<>();
            try {
                for (int i = 0; i < WORKERS; i++) {
                    workers.add(start(name, isStack));
                }
                int kills = 0;
                for (int job = 0; job < JOBS; job++) {
                    jobs.put(job);
                    if (kills < KILLS && job * KILLS / JOBS >= kills) {
                        kills++;
                        int victim = random.nextInt(WORKERS);
                        String _ = workers.get(victim).awaitLine("ready");
                        Thread.sleep(random.nextInt(20));
                        workers.get(victim).kill();
                        workers.get(victim).close();
                        workers.set(victim, start(name, isStack));
                    }
                }
                assertThat(Delays.within(Delays.PATIENCE,
                        () -> holders.stream().allMatch(holder -> holder == DONE) && jobs.inFlight() == 0)).isTrue();
                for (int i = 0; i < WORKERS; i++) {
                    jobs.put(JOBS);
                }
                for (ChildJvm worker : workers) {
                    assertThat(worker.awaitExit()).as(() -> String.join("\n", worker.lines())).isZero();
                }
            } finally {
                workers.forEach(ChildJvm::close);
            }
            assertThat(jobs).isEmpty();
            HeapVerification report = heap.verify();
            assertThat(report.isSound()).as(report::toString).isTrue();
        }
    }

    private static ChildJvm start(String heap, boolean isStack) {
        return ChildJvm.start(List.of("-Xmx128m"), Worker.class, heap, Boolean.toString(isStack));
    }

    /** A process that works. Its arguments: the heap, the order. */
    @SuppressWarnings("SystemOut")
    public static final class Worker {
        private Worker() {
        }

        /** Says whose a job is, and that it is done; it is nobody else's in between. */
        public static void main(String[] arguments) throws Exception {
            long me = ProcessHandle.current().pid();
            Random random = new Random(me);
            try (SharedHeap heap = SharedHeap.open(arguments[0])) {
                HeapQueue<Integer> jobs = jobs(heap, Boolean.parseBoolean(arguments[1]));
                SharedLongList holders = heap.longList("holders");
                System.out.println("ready");
                while (true) {
                    try (Delivery<Integer> delivery = Objects.requireNonNull(jobs.receive(1, TimeUnit.HOURS))) {
                        int job = delivery.element();
                        if (job == JOBS) {
                            delivery.acknowledge();
                            return;
                        }
                        long before = holders.set(job, me);
                        boolean isRepeated = delivery.deliveryCount() > 1;
                        if (before != 0 && !isRepeated) {
                            throw new IllegalStateException("job " + job + " was received before, by " + before);
                        }
                        if (random.nextInt(10) == 0) {
                            Thread.sleep(1);
                        }
                        if (random.nextInt(20) == 0) {
                            holders.set(job, 0);
                            continue; // and it goes back
                        }
                        if (!holders.compareAndSet(job, me, DONE)) {
                            throw new IllegalStateException("job " + job + " was given to another meanwhile");
                        }
                        delivery.acknowledge();
                    }
                }
            }
        }
    }
}
