package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.testing.ChildJvm;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A queue that several processes use at once, of which some are killed, and some stopped for a while. */
class QueueProcessesTest {
    private static final int CAPACITY = 5;
    private static final int CALLS = 6000;

    @TempDir
    private Path directory;

    /** The sorts of queues. */
    enum Sort {
        QUEUE, STACK, NUMBERS;

        private QueueHistory.Subject open(SharedHeap heap) {
            long start = (1L << 31) - CALLS;
            return switch (this) {
                case QUEUE -> QueueHistory.subject(heap.queue("queue", RootKind.QUEUE, Long.class, CAPACITY, start));
                case STACK -> QueueHistory.subject(heap.queue("queue", RootKind.STACK, Long.class, CAPACITY, start));
                case NUMBERS -> QueueHistory.subject(heap.longQueue("queue", CAPACITY, start));
            };
        }
    }

    private void run(Sort sort, int kills) throws Exception {
        String name = "queues" + ProcessHandle.current().pid();
        List<Path> files = new ArrayList<>();
        try (SharedHeap heap = SharedHeap.create(name, 16 << 20)) {
            QueueHistory.Subject queue = sort.open(heap);
            KilledProcesses.run(kills, 70, true, () -> start(name, sort, files));
            drain(queue, files);
            check(sort == Sort.STACK, files);
            HeapVerification report = heap.verify();
            assertThat(report.isSound()).as(report::toString).isTrue();
        }
    }

    private ChildJvm start(String name, Sort sort, List<Path> files) {
        Path file = directory.resolve("history" + files.size());
        files.add(file);
        return ChildJvm.start(List.of("-Xmx128m"), Caller.class, name, file.toString(), Integer.toString(files.size()),
                sort.name());
    }

    /** What is left in the end is what nobody has taken. */
    private void drain(QueueHistory.Subject queue, List<Path> files) throws Exception {
        Path file = directory.resolve("rest");
        files.add(file);
        QueueHistory.Recorder recorder = new QueueHistory.Recorder(file, CAPACITY + 2);
        recorder.put(queue, Long.MAX_VALUE, 0); // brings in what a dead one has put
        for (int i = 0; i <= CAPACITY; i++) {
            recorder.take(queue, 0);
        }
        assertThat(queue.look()).isZero();
    }

    private static void check(boolean isStack, List<Path> files) throws Exception {
        List<List<QueueHistory.Event>> processes = new ArrayList<>();
        for (Path file : files) {
            if (Files.exists(file)) {
                processes.add(QueueHistory.read(file, isStack, CAPACITY));
            }
        }
        assertThat(processes.stream().mapToInt(List::size).sum()).isGreaterThan(KilledProcesses.COUNT * CALLS);
        assertThat(Linearization.isExplained(processes, List.of())).isTrue();
    }

    @ParameterizedTest
    @EnumSource
    void whatFourProcessesGetIsExplainedByAnOrderOfTheirCalls(Sort sort) throws Exception {
        run(sort, 0);
    }

    @ParameterizedTest
    @EnumSource
    void whatIsGotWhileProcessesAreKilledAndStoppedIsExplainedByAnOrderOfTheCalls(Sort sort) throws Exception {
        run(sort, 10);
    }

    @Test
    void aWrongHistoryIsNotExplained() {
        QueueHistory.Event one = new QueueHistory.Event(false, CAPACITY, 7, 1, 10, 20);
        QueueHistory.Event two = new QueueHistory.Event(false, CAPACITY, 8, 1, 30, 40);
        QueueHistory.Event first = new QueueHistory.Event(false, CAPACITY, 0, 8, 50, 60);
        QueueHistory.Event second = new QueueHistory.Event(false, CAPACITY, 0, 7, 55, 70);
        QueueHistory.Event late = new QueueHistory.Event(false, CAPACITY, 0, 7, 65, 70);
        assertThat(Linearization.isExplained(List.of(List.of(one, two), List.of(first), List.of(second)), List.of()))
                .isTrue();
        assertThat(Linearization.isExplained(List.of(List.of(one, two), List.of(first, late)), List.of())).isFalse();
    }

    /** A process that puts, takes and looks. Its arguments: the heap, the file for its history, its number, the order. */
    @SuppressWarnings("SystemOut")
    public static final class Caller {
        private static final long[] TIMEOUTS_MICROS = {0, 0, 10, 100, 3000};

        private Caller() {
        }

        /** Makes calls of all kinds, most of which do not have to wait. */
        public static void main(String[] arguments) throws Exception {
            int number = Integer.parseInt(arguments[2]);
            Random random = new Random(number);
            QueueHistory.Recorder recorder = new QueueHistory.Recorder(Path.of(arguments[1]), CALLS);
            try (SharedHeap heap = SharedHeap.open(arguments[0])) {
                QueueHistory.Subject queue = Sort.valueOf(arguments[3]).open(heap);
                System.out.println("ready");
                int _ = System.in.read();
                for (int i = 1; i <= CALLS; i++) {
                    long timeout = TIMEOUTS_MICROS[random.nextInt(TIMEOUTS_MICROS.length)];
                    switch (random.nextInt(5)) {
                        case 0, 1 -> recorder.put(queue, (long) number << 32 | i, timeout);
                        case 2, 3 -> recorder.take(queue, timeout);
                        default -> recorder.look(queue);
                    }
                }
            }
        }
    }
}
