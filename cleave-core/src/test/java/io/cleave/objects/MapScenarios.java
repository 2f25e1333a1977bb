package io.cleave.objects;

import io.cleave.heap.Change;
import io.cleave.heap.Check;
import io.cleave.heap.CrashHarness;
import io.cleave.heap.CrashScenario;
import io.cleave.heap.Heap;
import io.cleave.owner.Gate;
import io.cleave.owner.Participants;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The operations of a map, cut off at each of their stores; the model is a {@link HashMap}. */
public final class MapScenarios implements CrashHarness.Scenarios {
    private static final long SEED = 42;
    private static final String LARGE = "large ".repeat(8000);
    private static final ValueEncoding<Long> KEYS = ValueEncoding.ofKey(Long.class);
    private static final ValueEncoding<String> VALUES = ValueEncoding.of(String.class);

    private static final RootedStructure STRUCTURE = new RootedStructure() {
        @Override
        long make(Heap heap, Change change) {
            return MapTable.create(heap, change, KEYS.schema(), VALUES.schema());
        }

        @Override
        void dismantle(Heap heap, long header) {
            boolean _ = MapEnd.free(heap, header, SweepLimit.all());
        }

        @Override
        void walkFrom(Heap heap, long header, Check check) {
            MapCheck.walk(heap, header, check);
        }

        @Override
        void use(Heap heap) {
            useAll(open(heap));
        }
    };

    @Override
    public List<CrashScenario> get() {
        List<CrashScenario> all = new ArrayList<>();
        long[] same = sameBucket(17, 0);
        all.add(new Operation("put-first", _ -> {}, map -> map.put(1L, "one"), map -> map.put(2L, "two")));
        all.add(new Operation("replace", map -> map.put(1L, "one"), map -> map.put(1L, "uno"),
                map -> map.merge(1L, "+", String::concat)));
        all.add(new Operation("replace-by-large", map -> map.put(1L, "one"), map -> map.put(1L, LARGE),
                map -> map.computeIfPresent(1L, (_, value) -> value.length() + "")));
        all.add(new Operation("remove", map -> map.putAll(Map.of(1L, "one", 2L, "two")), map -> map.remove(1L),
                map -> map.putIfAbsent(1L, "again")));
        all.add(new Operation("remove-large", map -> map.put(1L, LARGE), map -> map.remove(1L, LARGE),
                map -> map.put(1L, "small")));
        all.add(new Operation("compute", map -> map.put(1L, "1"), map -> map.compute(1L, (_, value) -> value + "1"),
                map -> map.compute(1L, (_, value) -> value + "2")));
        all.add(new Operation("split", map -> fill(map, same, 15), map -> map.put(same[15], "sixteenth"),
                map -> map.remove(same[3])));
        long[] upper = keys(17, 0, true);
        all.add(new Operation("split-twice", map -> fill(map, upper, 15), map -> map.put(upper[15], "sixteenth"),
                map -> map.put(upper[3], "changed")));
        long[] lower = keys(17, 1, false);
        all.add(new Operation("split-without-doubling", map -> {
            fill(map, upper, 16);
            fill(map, lower, 15);
        }, map -> map.put(lower[15], "last"), map -> map.put(lower[16], "next")));
        all.add(STRUCTURE.creation("creation"));
        all.add(STRUCTURE.end("end", heap -> fillAll(heap, same)));
        all.add(new Logged());
        return all;
    }

    private static void fill(Map<Long, String> map, long[] keys, int count) {
        for (int i = 0; i < count; i++) {
            map.put(keys[i], "v" + i);
        }
    }

    /** Keys that share a bucket, in maps of a heap with the harness's seed. */
    private static long[] sameBucket(int count, int bucket) {
        return keys(count, bucket, null);
    }

    /** Keys that share a bucket, and the first bit of the hash where it is said. */
    private static long[] keys(int count, int bucket, @Nullable Boolean isUpper) {
        long seed = SEED;
        ValueHash hash = new ValueHash(seed, (seed * 0x9e3779b97f4a7c15L) ^ (seed >>> 32));
        long[] keys = new long[count];
        int found = 0;
        for (long key = 0; found < count; key++) {
            long hashed = hash.ofWord(key);
            if (MapLayout.bucketAt(0, hashed) == MapLayout.bucketAt(0, bucket)
                    && (isUpper == null || isUpper == hashed < 0)) {
                keys[found++] = key;
            }
        }
        return keys;
    }

    static void create(Heap heap) {
        STRUCTURE.create(heap);
    }

    private static void fillAll(Heap heap, long[] keys) {
        HeapMap<Long, String> map = open(heap);
        fill(map, keys, 16);
        for (long key = 0; key < 20; key++) {
            map.put(-key, "more");
        }
        map.put(1L, LARGE);
        MapLog log = table(heap).log();
        log.register(Participants.newOwner());
        map.put(2L, "logged");
        map.put(2L, "logged again");
    }

    static HeapMap<Long, String> open(Heap heap) {
        return new HeapMap<>("test", table(heap), KEYS, VALUES);
    }

    private static MapTable table(Heap heap) {
        long header = RootedStructure.header(heap);
        return new MapTable(heap, new Gate(), header, heap.memory().getAcquire(header));
    }

    /** What is in the map, by all ways of looking. */
    private static Map<Long, String> content(Map<Long, String> map) {
        Map<Long, String> content = new HashMap<>();
        for (Map.Entry<Long, String> entry : map.entrySet()) {
            if (content.put(entry.getKey(), entry.getValue()) != null) {
                throw new AssertionError("the key " + entry.getKey() + " came twice");
            }
        }
        for (Map.Entry<Long, String> entry : content.entrySet()) {
            if (!entry.getValue().equals(map.get(entry.getKey()))) {
                throw new AssertionError("the key " + entry.getKey() + " has " + map.get(entry.getKey()));
            }
        }
        if (map.size() != content.size()) {
            throw new AssertionError(content.size() + " entries, and the size is " + map.size());
        }
        return content;
    }

    /** All further operations work: also those that split. */
    private static void useAll(Map<Long, String> map) {
        Map<Long, String> model = content(map);
        long[] more = sameBucket(20, 0);
        for (long key : more) {
            map.put(key, "more");
            model.put(key, "more");
        }
        for (int i = 0; i < more.length; i += 2) {
            map.remove(more[i]);
            model.remove(more[i]);
        }
        if (!content(map).equals(model)) {
            throw new AssertionError(content(map) + " instead of " + model);
        }
    }

    /** One operation on a map with some content. */
    private static final class Operation implements CrashScenario {
        private final String name;
        private final Consumer<Map<Long, String>> preparation;
        private final Consumer<Map<Long, String>> victim;
        private final Consumer<Map<Long, String>> next;

        Operation(String name, Consumer<Map<Long, String>> preparation, Consumer<Map<Long, String>> victim,
                Consumer<Map<Long, String>> next) {
            this.name = name;
            this.preparation = preparation;
            this.victim = victim;
            this.next = next;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public long maximumBytes() {
            return 2 << 20;
        }

        @Override
        public void prepare(Heap heap) {
            create(heap);
            preparation.accept(open(heap));
        }

        @Override
        public void victim(Heap heap) {
            victim.accept(open(heap));
        }

        @Override
        public void next(Heap heap) {
            next.accept(open(heap));
        }

        @Override
        public void check(Heap heap, boolean hasVictimDied, @Nullable Boolean hasNextDied) {
            List<Map<Long, String>> allowed = new ArrayList<>();
            Map<Long, String> before = new HashMap<>();
            preparation.accept(before);
            Map<Long, String> after = new HashMap<>(before);
            victim.accept(after);
            if (hasVictimDied) {
                allowed.add(before);
            }
            allowed.add(after);
            if (hasNextDied != null) {
                List<Map<Long, String>> later = new ArrayList<>(hasNextDied ? allowed : List.of());
                for (Map<Long, String> each : allowed) {
                    Map<Long, String> changed = new HashMap<>(each);
                    next.accept(changed);
                    later.add(changed);
                }
                if (hasVictimDied) { // one who is dead may have the effect later than one who only reads
                    Map<Long, String> other = new HashMap<>(before);
                    next.accept(other);
                    victim.accept(other);
                    later.add(other);
                }
                allowed = later;
            }
            Map<Long, String> map = open(heap);
            Map<Long, String> content = content(map);
            if (!allowed.contains(content)) {
                throw new AssertionError(content + " is none of " + allowed);
            }
            useAll(map);
        }

        @Override
        public void walk(Heap heap, Check check) {
            STRUCTURE.walk(heap, check);
        }
    }

    /** A change of a map that is watched, by one who also begins to watch; what has happened is what the log says. */
    private static final class Logged implements CrashScenario {
        @Override
        public String name() {
            return "logged";
        }

        @Override
        public void prepare(Heap heap) {
            create(heap);
            table(heap).log().register(Participants.newOwner());
            open(heap).put(1L, "one");
        }

        @Override
        public void victim(Heap heap) {
            table(heap).log().register(Participants.newOwner());
            open(heap).put(1L, "uno");
            open(heap).put(2L, "due");
            open(heap).remove(1L);
        }

        @Override
        public void next(Heap heap) {
            table(heap).log().register(Participants.newOwner());
            open(heap).put(3L, "tre");
        }

        @Override
        public void check(Heap heap, boolean hasVictimDied, @Nullable Boolean hasNextDied) {
            long head = table(heap).log().headInUse();
            long logged = heap.memory().getPlain(head + MapLogLayout.SEQUENCE);
            Map<Long, String> content = content(open(heap));
            int done = content.containsKey(2L) ? content.containsKey(1L) ? 2 : 3
                    : "uno".equals(content.get(1L)) ? 1 : 0;
            if (!hasVictimDied && done != 3) {
                throw new AssertionError("nobody died, and there is " + content);
            }
            if (logged != 1 + done + (content.containsKey(3L) ? 1 : 0)) {
                throw new AssertionError(logged + " records for " + content);
            }
            useAll(open(heap));
            table(heap).log().register(Participants.newOwner());
            if (hasVictimDied && heap.memory().getPlain(head + MapLogLayout.WATCHERS) != 2
                    && !Boolean.FALSE.equals(hasNextDied)) {
                throw new AssertionError(
                        heap.memory().getPlain(head + MapLogLayout.WATCHERS) + " watchers of 2 that live");
            }
        }

        @Override
        public void walk(Heap heap, Check check) {
            STRUCTURE.walk(heap, check);
        }
    }
}
