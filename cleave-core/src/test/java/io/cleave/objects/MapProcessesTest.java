package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.testing.ChildJvm;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A map that several processes use at once, of which some are killed. */
class MapProcessesTest {
    private static final int KEYS = 5;
    private static final int CALLS = 12_000;
    private static final long HEAP_BYTES = 256 << 20;

    @TempDir
    private Path directory;

    private void run(int kills) throws Exception {
        String name = "history" + ProcessHandle.current().pid();
        List<Path> files = new ArrayList<>();
        try (SharedHeap heap = SharedHeap.create(name, HEAP_BYTES)) {
            KilledProcesses.run(kills, 120, false, () -> start(name, files));
            check(files);
            Map<Long, Long> map = heap.map("map", Long.class, Long.class);
            int entries = 0;
            for (Map.Entry<Long, Long> entry : map.entrySet()) {
                assertThat(map.get(entry.getKey())).isEqualTo(entry.getValue());
                entries++;
            }
            assertThat(map).hasSize(entries);
            HeapVerification report = heap.verify();
            assertThat(report.isSound()).as(report::toString).isTrue();
        }
    }

    private ChildJvm start(String name, List<Path> files) {
        Path file = directory.resolve("history" + files.size());
        files.add(file);
        return ChildJvm.start(List.of("-Xmx128m"), Caller.class, name, file.toString(), Integer.toString(files.size()));
    }

    private static void check(List<Path> files) throws Exception {
        List<List<List<MapHistory.Event>>> histories = new ArrayList<>();
        for (Path file : files) {
            if (Files.exists(file)) {
                histories.add(MapHistory.read(file, KEYS));
            }
        }
        for (int key = 0; key < KEYS; key++) {
            int one = key;
            List<List<MapHistory.Event>> processes = histories.stream().map(history -> history.get(one)).toList();
            assertThat(processes.stream().mapToInt(List::size).sum()).isGreaterThan(CALLS / KEYS);
            assertThat(MapHistory.isExplained(processes)).as("key " + key).isTrue();
        }
    }

    @Test
    void whatFourProcessesGetIsExplainedByAnOrderOfTheirCalls() throws Exception {
        run(0);
    }

    @Test
    void whatIsGotWhileProcessesAreKilledIsExplainedByAnOrderOfTheCalls() throws Exception {
        run(12);
    }

    @Test
    void aWrongHistoryIsNotExplained() {
        MapHistory.Event put = new MapHistory.Event(MapHistory.Call.PUT, 7, MapHistory.NOTHING, 10, 20);
        MapHistory.Event late = new MapHistory.Event(MapHistory.Call.GET, 0, MapHistory.NOTHING, 30, 40);
        MapHistory.Event overlapping = new MapHistory.Event(MapHistory.Call.GET, 0, MapHistory.NOTHING, 15, 40);
        MapHistory.Event pending = new MapHistory.Event(MapHistory.Call.REMOVE, 0, 0, 12, 0);
        assertThat(MapHistory.isExplained(List.of(List.of(put), List.of(late)))).isFalse();
        assertThat(MapHistory.isExplained(List.of(List.of(put), List.of(overlapping)))).isTrue();
        assertThat(MapHistory.isExplained(List.of(List.of(put), List.of(late), List.of(pending)))).isTrue();
    }

    /** A process that calls. Its arguments: the heap, the file for its history, its number. */
    @SuppressWarnings("SystemOut")
    public static final class Caller {
        private static final long FIRST_OWN = 1 << 20;
        private static final int MOST_OWN = 3000;

        private Caller() {
        }

        /** Makes calls for few keys, which are recorded, and for keys of its own, by which segments split. */
        public static void main(String[] arguments) throws Exception {
            int number = Integer.parseInt(arguments[2]);
            Random random = new Random(number);
            MapHistory.Recorder recorder = new MapHistory.Recorder(Path.of(arguments[1]), CALLS);
            try (SharedHeap heap = SharedHeap.open(arguments[0])) {
                Map<Long, Long> map = heap.map("map", Long.class, Long.class);
                System.out.println("ready");
                int _ = System.in.read();
                MapHistory.Call[] calls = MapHistory.Call.values();
                for (int i = 0; i < CALLS; i++) {
                    long value = (long) number << 40 | (i + 1L) * 16;
                    recorder.call(map, calls[random.nextInt(calls.length)], random.nextInt(KEYS), value);
                    long own = (FIRST_OWN << number) + random.nextInt(MOST_OWN);
                    if (random.nextInt(4) == 0) {
                        Long _ = map.remove(own);
                    } else {
                        Long _ = map.put(own, value);
                    }
                }
            }
        }
    }
}
