package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.StaleReferenceException;
import io.cleave.testing.ChildJvm;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Structures in structures that several processes change at once, while others remove the entries that own them. */
class NestedProcessesTest {
    private static final int PROCESSES = 3;
    private static final int CALLS = 3000;
    private static final long HEAP_BYTES = 256 << 20;

    private void run(int kills) throws Exception {
        try (SharedHeap heap = SharedHeap.create("nested" + ProcessHandle.current().pid(), HEAP_BYTES)) {
            run(heap, Changer.class, kills);
            check(heap, kills);
        }
    }

    private static void run(SharedHeap heap, Class<?> program, int kills) throws InterruptedException {
        Random random = new Random(kills);
        List<ChildJvm> jvms = new ArrayList<>();
        int number = 0;
        try {
            for (; number < PROCESSES; number++) {
                jvms.add(start(heap, program, number));
            }
            for (ChildJvm jvm : jvms) {
                String _ = jvm.awaitLine("ready");
            }
            jvms.forEach(jvm -> jvm.send("go"));
            for (int i = 0; i < kills; i++) {
                Thread.sleep(20 + random.nextInt(100));
                int victim = random.nextInt(PROCESSES);
                boolean _ = jvms.get(victim).handle().destroyForcibly();
                jvms.set(victim, start(heap, program, number++));
                jvms.get(victim).send("go");
            }
            for (ChildJvm jvm : jvms) {
                assertThat(jvm.awaitExit()).as(() -> String.join("\n", jvm.lines())).isZero();
            }
        } finally {
            jvms.forEach(ChildJvm::close);
        }
        verify(heap);
    }

    private static ChildJvm start(SharedHeap heap, Class<?> program, int number) {
        return ChildJvm.start(List.of("-Xmx128m"), program, heap.name(), Integer.toString(number));
    }

    private static void verify(SharedHeap heap) {
        HeapVerification report = heap.verify();
        assertThat(report.isSound()).as(report::toString).isTrue();
    }

    private static void check(SharedHeap heap, int kills) {
        World world = new World(heap);
        List<Long> kept = new ArrayList<>(world.lists.get(Changer.KEPT));
        assertThat(kept).doesNotHaveDuplicates().hasSizeGreaterThanOrEqualTo(PROCESSES * Changer.KEPT_CALLS);
        if (kills == 0) {
            assertThat(kept).hasSize(PROCESSES * Changer.KEPT_CALLS);
        }
        for (long key = 0; key < Changer.KEYS; key++) {
            Changer.check(key, world.lists.get(key));
            Changer.check(key, world.copies.get(key));
        }
        dropAll(heap);
    }

    private static void dropAll(SharedHeap heap) {
        for (String name : heap.names()) {
            assertThat(heap.drop(name)).isTrue();
        }
        verify(heap);
        assertThat(heap.verify().usedBytes()).isEqualTo(RootLayout.TABLE_BYTES);
    }

    @Test
    void noListGetsAnElementOfAnother() throws Exception {
        run(0);
    }

    @Test
    void noListGetsAnElementOfAnotherAndNothingIsLostWhileProcessesAreKilled() throws Exception {
        run(6);
    }

    @Test
    void nothingIsLostOfWhatIsAddedWhileOthersRemoveWhatIsEmpty() throws Exception {
        for (int kills : new int[] {0, 6}) {
            try (SharedHeap heap = SharedHeap.create("emptied" + ProcessHandle.current().pid(), HEAP_BYTES)) {
                run(heap, Tenant.class, kills);
                dropAll(heap);
            }
        }
    }

    /** A process that adds to lists, which must stay until it has taken that out, and removes empty ones. */
    @SuppressWarnings("SystemOut")
    public static final class Tenant {
        private static final int KEYS = 5;
        private static final int NUMBER_SHIFT = 32;
        private static final long FIRST = 1L << 62; // so each takes a block

        private final SharedMap<Long, List<Long>> lists;
        private final SharedMap<Long, Set<Long>> sets;
        private final SharedList<List<Long>> elements;

        private Tenant(SharedHeap heap) {
            this.lists = heap.map("lists", Long.class, StructureType.list(Long.class));
            this.sets = heap.map("sets", Long.class, StructureType.set(Long.class));
            this.elements = heap.list("elements", StructureType.list(Long.class));
        }

        /** Its arguments: the heap, its number. */
        public static void main(String[] arguments) throws Exception {
            int number = Integer.parseInt(arguments[1]);
            Random random = new Random(number);
            try (SharedHeap heap = SharedHeap.open(arguments[0])) {
                Tenant tenant = new Tenant(heap);
                System.out.println("ready");
                int _ = System.in.read();
                for (int i = 0; i < CALLS; i++) {
                    tenant.call(random.nextInt(10), random.nextInt(KEYS),
                            (i % 2 == 0 ? FIRST : 0) + ((long) number << NUMBER_SHIFT) + i);
                }
            }
        }

        private void call(int call, long key, long element) {
            switch (call) {
                case 0 -> lists.values().removeIf(Tenant::isEmpty);
                case 1 -> lists.remove(key, List.of());
                case 2 -> sets.entrySet().removeIf(entry -> isEmpty(entry.getValue()));
                case 3 -> elements.removeIf(Tenant::isEmpty);
                case 4 -> elements.remove(List.of());
                case 5 -> sets.values().removeAll(List.of(Set.of()));
                case 6, 7 -> stay(lists.computeIfAbsent(key, _ -> List.of()), element);
                case 8 -> stay(sets.computeIfAbsent(key, _ -> Set.of()), element);
                default -> {
                    List<Long> own = element();
                    if (own != null) {
                        stay(own, element);
                    }
                }
            }
        }

        private @Nullable List<Long> element() {
            if (elements.size() < KEYS) {
                boolean _ = elements.add(List.of());
            }
            try {
                return elements.getLast();
            } catch (IndexOutOfBoundsException | NoSuchElementException e) {
                return null; // another has removed it
            }
        }

        private static boolean isEmpty(Collection<Long> all) {
            boolean isEmpty = all.isEmpty();
            LockSupport.parkNanos(1); // others come by
            return isEmpty;
        }

        private static void stay(Collection<Long> all, long element) {
            try {
                boolean _ = all.add(element);
            } catch (StaleReferenceException e) {
                return; // it was empty, and was removed
            }
            LockSupport.parkNanos(1); // others come by
            if (!all.remove(element)) {
                throw new AssertionError("lost: " + element);
            }
        }
    }

    private record World(SharedMap<Long, List<Long>> lists, SharedMap<Long, List<Long>> copies,
            SharedMap<Long, Map<Long, List<Long>>> deep) {
        World(SharedHeap heap) {
            this(heap.map("lists", Long.class, StructureType.list(Long.class)),
                    heap.map("copies", Long.class, StructureType.list(Long.class)),
                    heap.map("deep", Long.class, StructureType.map(Long.class, StructureType.list(Long.class))));
        }
    }

    /** A process that changes. Its arguments: the heap, its number. */
    @SuppressWarnings("SystemOut")
    public static final class Changer {
        static final int KEYS = 3;
        /** The list that is never removed. */
        static final long KEPT = 100;
        static final int KEPT_CALLS = CALLS / 10;

        private static final int KEY_SHIFT = 48;
        private static final int NUMBER_SHIFT = 32;

        private Changer() {
        }

        /** Changes lists of few keys, of which each element says for which key and by whom it was added. */
        public static void main(String[] arguments) throws Exception {
            int number = Integer.parseInt(arguments[1]);
            Random random = new Random(number);
            try (SharedHeap heap = SharedHeap.open(arguments[0])) {
                World world = new World(heap);
                System.out.println("ready");
                int _ = System.in.read();
                for (int i = 0; i < CALLS; i++) {
                    long key = random.nextInt(KEYS);
                    try {
                        call(world, random.nextInt(12), key, element(key, number, i));
                    } catch (StaleReferenceException e) {
                        Thread.onSpinWait(); // another has removed the entry
                    }
                    if (i % (CALLS / KEPT_CALLS) == 0) {
                        world.lists.computeIfAbsent(KEPT, _ -> List.of()).add(element(KEPT, number, i));
                    }
                }
            }
        }

        private static long element(long key, int number, int call) {
            return key << KEY_SHIFT | (long) number << NUMBER_SHIFT | call;
        }

        private static void call(World world, int call, long key, long element) {
            switch (call) {
                case 0 -> world.lists.remove(key);
                case 1 -> world.lists.put(key, List.of(element));
                case 2 -> world.copies.put(key, world.lists.getOrDefault(key, List.of()));
                case 3 -> world.deep.remove(key);
                case 4 -> {
                    boolean _ = world.deep.computeIfAbsent(key, _ -> Map.of()).computeIfAbsent(key, _ -> List.of())
                            .add(element);
                }
                case 5 -> {
                    List<Long> inner = world.deep.getOrDefault(key, Map.of()).get(key);
                    check(key, inner);
                }
                case 6 -> world.lists.remove(key, List.copyOf(world.lists.getOrDefault(key, List.of())));
                case 7 -> world.lists.computeIfPresent(key, (_, list) -> list.size() > 20 ? list.subList(0, 5) : list);
                default -> {
                    List<Long> list = world.lists.computeIfAbsent(key, _ -> List.of());
                    check(key, list);
                    list.add(element);
                }
            }
        }

        /** Throws where a list has an element that was added to another, or one twice. */
        static void check(long key, List<Long> list) {
            List<Long> all = list == null ? List.of() : new ArrayList<>(list);
            for (long element : all) {
                if (element >>> KEY_SHIFT != key) {
                    throw new AssertionError("the list of " + key + " has " + Long.toHexString(element));
                }
            }
            if (new HashSet<>(all).size() != all.size()) {
                throw new AssertionError("the list of " + key + " has an element twice: " + all);
            }
        }
    }
}
