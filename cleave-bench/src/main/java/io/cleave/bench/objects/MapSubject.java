package io.cleave.bench.objects;

import io.cleave.bench.Partner;
import io.cleave.bench.Requests;
import io.cleave.bench.Stand;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A JVM with a map of a million entries. Requests: {@code put}, {@code get} and {@code remove}, each with a number of
 * operations on random keys, {@code walk} and {@code fill}. Each gives the nanoseconds of one operation; with {@code 2p}
 * before it, while a partner does the same on the same map, the mean of both.
 */
final class MapSubject {
    static final int ENTRIES = 1_000_000;
    static final int VALUE_CHARS = 24;

    /** Odd, so that each index has a key of its own, spread over all bits. */
    private static final long SPREAD = 0x9e3779b97f4a7c15L;
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long LETTERS = 0x6161616161616161L;
    private static final long LOW_NIBBLES = 0x0f0f0f0f0f0f0f0fL;

    private final MapStore store;
    private final Stand stand;
    private @Nullable Partner partner;
    private final SplittableRandom random = new SplittableRandom();
    private long written;
    /** What was read, so that nothing is left out. */
    @SuppressWarnings("UnusedVariable") // see above
    private long sum;

    private MapSubject(MapStore store, Stand stand) {
        this.store = store;
        this.stand = stand;
    }

    /** Options of its JVM; those for Chronicle are what its manual asks for. */
    static List<String> options(String way) {
        String megabytes = way.equals("ConcurrentHashMap") ? "768m" : "128m"; // it has all entries in its heap
        List<String> options = new ArrayList<>(
                List.of("-Xms" + megabytes, "-Xmx" + megabytes, "-XX:+AlwaysPreTouch", "-XX:+UseSerialGC"));
        if (way.startsWith("chronicle")) {
            options.addAll(Chronicle.OPTIONS);
        }
        return options;
    }

    /** Serves requests; arguments: the way, and for the partner the name of the stand. */
    public static void main(String[] args) throws Exception {
        boolean leads = args.length == 1;
        String name = leads ? "bench-map-" + ProcessHandle.current().pid() : args[1];
        try (Stand stand = Stand.open(name + "-stand", 1); MapStore store = MapStore.open(args[0], name, leads)) {
            MapSubject subject = new MapSubject(store, stand);
            if (leads) {
                subject.fill();
                subject.lead(args[0], name);
            } else {
                Partner.endWithLeader();
                Requests.serve(request -> new double[] {subject.together(request)});
            }
        }
    }

    private void lead(String way, String name) throws Exception {
        try {
            Requests.serve(request -> new double[] {request.startsWith("2p ") ? both(request.substring(3), way, name)
                    : alone(request)});
        } finally {
            if (partner != null) {
                partner.close();
            }
        }
    }

    /** The partner is started when it is first needed: the map that it opens then is not cleared any more. */
    private double both(String work, String way, String name) throws Exception {
        if (partner == null) {
            partner = Partner.start(MapSubject.class, options(way), way, name);
        }
        CompletableFuture<double[]> other = partner.take(work);
        double own = together(work);
        return (own + other.get()[0]) / 2;
    }

    private double together(String request) throws IOException {
        stand.meet();
        return alone(request);
    }

    private double alone(String request) throws IOException {
        String[] words = request.split(" ");
        int count = words.length > 1 ? Integer.parseInt(words[1]) : ENTRIES;
        if (words[0].equals("fill")) {
            store.clear();
        }
        int first = words[0].equals("remove") ? random.nextInt(ENTRIES - count) : 0;
        long start = System.nanoTime();
        switch (words[0]) {
            case "put" -> put(count);
            case "get" -> get(count);
            case "remove" -> remove(first, count);
            case "walk" -> walk();
            case "fill" -> fill();
            default -> throw new IllegalArgumentException(request);
        }
        double each = (System.nanoTime() - start) / (double) count;
        if (words[0].equals("remove")) {
            fill(first, count);
        }
        return each;
    }

    static long key(int index) {
        return index * SPREAD;
    }

    /** A value that is another one each time. */
    private String value(long key) {
        written++;
        byte[] bytes = new byte[VALUE_CHARS];
        LONG.set(bytes, 0, (key & LOW_NIBBLES) + LETTERS);
        LONG.set(bytes, Long.BYTES, (written & LOW_NIBBLES) + LETTERS);
        LONG.set(bytes, 2 * Long.BYTES, (key >>> 4 & LOW_NIBBLES) + LETTERS);
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    private void fill() {
        fill(0, ENTRIES);
    }

    private void fill(int first, int count) {
        for (int i = first; i < first + count; i++) {
            store.put(key(i), value(key(i)));
        }
    }

    private void put(int count) {
        for (int i = 0; i < count; i++) {
            long key = key(random.nextInt(ENTRIES));
            store.put(key, value(key));
        }
    }

    private void get(int count) {
        for (int i = 0; i < count; i++) {
            long key = key(random.nextInt(ENTRIES));
            String value = store.get(key);
            if (value == null || value.charAt(0) != (char) ((key & 0xf) + 'a')) {
                throw new IllegalStateException(key + " has the value " + value);
            }
            sum += value.charAt(VALUE_CHARS - 1);
        }
    }

    private void remove(int first, int count) {
        for (int i = first; i < first + count; i++) {
            store.remove(key(i));
        }
    }

    private void walk() {
        long chars = store.walk();
        if (chars != (long) ENTRIES * VALUE_CHARS) {
            throw new IllegalStateException(chars + " chars");
        }
        sum += chars;
    }
}
