package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.testing.ChildJvm;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.AbstractMap;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Lists that several processes use at once, of which some are killed. */
class ListProcessesTest {
    private static final int PROCESSES = KilledProcesses.COUNT;
    private static final int INDICES = 4;
    private static final int CALLS = 8000;
    private static final long HEAP_BYTES = 256 << 20;
    /** How many elements of its own a process keeps in the list. */
    private static final int WINDOW = 40;

    @TempDir
    private Path directory;
    private int number;

    /** Runs processes, of which some are killed and replaced. */
    private void run(String name, Class<?> program, int kills) throws Exception {
        KilledProcesses.run(kills, 120, false, () -> start(name, program));
    }

    private ChildJvm start(String name, Class<?> program) {
        number++;
        return ChildJvm.start(List.of("-Xmx128m"), program, name, directory.resolve("h" + number).toString(),
                Integer.toString(number));
    }

    private void verify(SharedHeap heap) {
        HeapVerification report = heap.verify();
        assertThat(report.isSound()).as(report::toString).isTrue();
    }

    private void callAll(int kills) throws Exception {
        try (SharedHeap heap = SharedHeap.create("lists" + ProcessHandle.current().pid(), HEAP_BYTES)) {
            SharedList<Long> list = heap.list("list", Long.class);
            for (int i = 0; i < INDICES; i++) {
                list.add(MapHistory.NOTHING);
            }
            run(heap.name(), Caller.class, kills);
            List<List<List<MapHistory.Event>>> histories = new ArrayList<>();
            for (int i = 1; i <= number; i++) {
                Path file = directory.resolve("h" + i);
                if (Files.exists(file)) {
                    histories.add(MapHistory.read(file, INDICES));
                }
            }
            for (int index = 0; index < INDICES; index++) {
                int one = index;
                List<List<MapHistory.Event>> processes = histories.stream().map(all -> all.get(one)).toList();
                assertThat(processes.stream().mapToInt(List::size).sum()).isGreaterThan(CALLS / INDICES);
                assertThat(MapHistory.isExplained(processes)).as("element " + index).isTrue();
            }
            verify(heap);
        }
    }

    @Test
    void whatFourProcessesGetIsExplainedByAnOrderOfTheirCalls() throws Exception {
        callAll(0);
    }

    @Test
    void whatIsGotWhileProcessesAreKilledIsExplainedByAnOrderOfTheCalls() throws Exception {
        callAll(8);
    }

    @Test
    void whatWasAddedFirstComesFirst() throws Exception {
        try (SharedHeap heap = SharedHeap.create("lists" + ProcessHandle.current().pid(), HEAP_BYTES)) {
            SharedLongList list = heap.longList("added");
            SharedLongList begun = heap.longList("begun");
            SharedLongList ended = heap.longList("ended");
            long[] none = new long[PROCESSES * CALLS];
            begun.addAll(none);
            ended.addAll(none);
            run(heap.name(), Adder.class, 0);
            long[] added = list.toArray();
            assertThat(added).hasSize(none.length).doesNotHaveDuplicates();
            long firstEnd = Long.MAX_VALUE;
            for (int i = added.length - 1; i >= 0; i--) {
                assertThat(begun.get((int) added[i])).as("element " + i).isLessThanOrEqualTo(firstEnd);
                firstEnd = Math.min(firstEnd, ended.get((int) added[i]));
            }
            verify(heap);
        }
    }

    @Test
    void eachProcessFindsItsElementsWhoeverIsKilled() throws Exception {
        try (SharedHeap heap = SharedHeap.create("lists" + ProcessHandle.current().pid(), HEAP_BYTES)) {
            SharedList<String> list = heap.list("list", String.class);
            run(heap.name(), Shuffler.class, 12);
            assertThat(windows(Arrays.asList(list.toArray()))).hasSizeGreaterThan(PROCESSES);
            verify(heap);
            list.sort(null);
            list.clear();
            verify(heap);
        }
    }

    /** The numbers that each process has in the list, which have no gaps. */
    private static Map<String, NavigableSet<Integer>> windows(List<?> elements) {
        Map<String, NavigableSet<Integer>> windows = new HashMap<>();
        for (Object element : elements) {
            String[] parts = element.toString().split(" ");
            if (!windows.computeIfAbsent(parts[0], _ -> new TreeSet<>()).add(Integer.parseInt(parts[1]))) {
                throw new AssertionError(element + " is there twice");
            }
        }
        windows.forEach((process, own) -> {
            if (own.last() - own.first() != own.size() - 1 || own.size() > WINDOW + 1) {
                throw new AssertionError("process " + process + " has " + own);
            }
        });
        return windows;
    }

    private static void awaitGo() throws Exception {
        ready();
        int _ = System.in.read();
    }

    @SuppressWarnings("SystemOut")
    private static void ready() {
        System.out.println("ready");
    }

    /** A process that gets and sets the first elements, and adds and removes others behind them. */
    public static final class Caller {
        private Caller() {
        }

        /** Arguments: the heap, the file for its history, its number. */
        public static void main(String[] arguments) throws Exception {
            long own = Long.parseLong(arguments[2]);
            Random random = new Random(own);
            MapHistory.Recorder recorder = new MapHistory.Recorder(Path.of(arguments[1]), CALLS);
            try (SharedHeap heap = SharedHeap.open(arguments[0])) {
                SharedList<Long> list = heap.list("list", Long.class);
                Map<Long, Long> first = new First(list);
                awaitGo();
                for (int i = 0; i < CALLS; i++) {
                    long value = own << 40 | (i + 1L) * 16;
                    recorder.call(first, random.nextBoolean() ? MapHistory.Call.GET : MapHistory.Call.PUT,
                            random.nextInt(INDICES), random.nextBoolean() ? value : value | 1L << 62);
                    if (random.nextInt(4) > 0) {
                        list.add(INDICES, value | 1);
                    } else if (random.nextInt(20) == 0) {
                        list.removeIf(each -> each % 48 == 17 && each >>> 40 == own);
                    }
                }
            }
        }

        /** The first elements, as a map. */
        private static final class First extends AbstractMap<Long, Long> {
            private final List<Long> list;

            First(List<Long> list) {
                this.list = list;
            }

            @Override
            public Long get(Object key) {
                return list.get(((Long) key).intValue());
            }

            @Override
            public Long put(Long key, Long value) {
                return list.set(key.intValue(), value);
            }

            @Override
            public Set<Entry<Long, Long>> entrySet() {
                throw new UnsupportedOperationException();
            }
        }
    }

    /** A process that adds at the end. */
    public static final class Adder {
        private Adder() {
        }

        /** Arguments: the heap, a file, its number from 1 on. */
        public static void main(String[] arguments) throws Exception {
            int first = (Integer.parseInt(arguments[2]) - 1) * CALLS;
            try (SharedHeap heap = SharedHeap.open(arguments[0])) {
                SharedLongList list = heap.longList("added");
                SharedLongList begun = heap.longList("begun");
                SharedLongList ended = heap.longList("ended");
                awaitGo();
                int known = 0;
                for (int i = first; i < first + CALLS; i++) {
                    begun.set(i, System.nanoTime());
                    list.add(i);
                    ended.set(i, System.nanoTime());
                    int size = list.size();
                    if (size <= known || list.get(known) < 0) {
                        throw new AssertionError("a list that only grows had " + known + ", and has " + size);
                    }
                    known = size;
                }
            }
        }
    }

    /** A process that keeps some elements of its own somewhere in the list, and sorts it now and then. */
    public static final class Shuffler {
        private Shuffler() {
        }

        /** Arguments: the heap, a file, its number. */
        public static void main(String[] arguments) throws Exception {
            Random random = new Random(Integer.parseInt(arguments[2]));
            try (SharedHeap heap = SharedHeap.open(arguments[0])) {
                SharedList<String> list = heap.list("list", String.class);
                awaitGo();
                for (int i = 0; i < 1500; i++) {
                    try {
                        list.add(random.nextInt(list.size() + 1), element(arguments[2], i));
                    } catch (IndexOutOfBoundsException e) {
                        list.add(element(arguments[2], i)); // others have removed some
                    }
                    if (i >= WINDOW && !list.remove(element(arguments[2], i - WINDOW))) {
                        throw new AssertionError("element " + (i - WINDOW) + " is not there");
                    }
                    if (random.nextInt(50) == 0) {
                        list.sort(null);
                    }
                    if (random.nextInt(20) == 0) {
                        Map<String, NavigableSet<Integer>> seen = windows(Arrays.asList(list.toArray()));
                        if (seen.get(arguments[2]).size() != Math.min(i + 1, WINDOW)) {
                            throw new AssertionError(seen.get(arguments[2]).toString());
                        }
                    }
                }
            }
        }

        private static String element(String process, int number) {
            return process + " " + number + (number % 3 == 0 ? " with some more text behind it" : "");
        }
    }
}
