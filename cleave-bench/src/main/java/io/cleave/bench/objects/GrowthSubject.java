package io.cleave.bench.objects;

import io.cleave.bench.Partner;
import io.cleave.bench.Requests;
import io.cleave.bench.Stand;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.stream.DoubleStream;

/**
 * A JVM that fills a map while two others get and put in it; where the map is one JVM's, while two threads do. The request
 * {@code grow ENTRIES} gives the {@link Latencies} in microseconds of new entries, of getting and of putting, one after
 * the other.
 */
final class GrowthSubject {
    private static final List<String> ROLES = List.of("get", "put");
    private static final String VALUE = "abcdefghijklmnopqrstuvwx";

    private final MapStore store;
    private final Stand stand;

    private GrowthSubject(MapStore store, Stand stand) {
        this.store = store;
        this.stand = stand;
    }

    /** Options of its JVM: {@link java.util.concurrent.ConcurrentHashMap} has all entries in its heap. */
    static List<String> options(String way) {
        String megabytes = way.equals("ConcurrentHashMap") ? "4096m" : "128m";
        List<String> options = new ArrayList<>(List.of("-Xms" + megabytes, "-Xmx" + megabytes));
        if (way.startsWith("chronicle")) {
            options.addAll(Chronicle.OPTIONS);
        }
        return options;
    }

    /** Serves requests; arguments: the way, and for the partners the name of the stand. */
    public static void main(String[] args) throws Exception {
        boolean leads = args.length == 1;
        String name = leads ? "bench-growth-" + ProcessHandle.current().pid() : args[1];
        try (Stand stand = Stand.open(name + "-stand", 1); MapStore store = MapStore.open(args[0], name, leads)) {
            GrowthSubject subject = new GrowthSubject(store, stand);
            if (!leads) {
                Partner.endWithLeader();
                Requests.serve(subject::accompany);
            } else if (args[0].equals("cleave")) {
                try (Partner getter = Partner.start(GrowthSubject.class, options(args[0]), args[0], name);
                        Partner putter = Partner.start(GrowthSubject.class, options(args[0]), args[0], name)) {
                    List<Partner> partners = List.of(getter, putter);
                    Requests.serve(request -> subject.grow(request, partners));
                }
            } else {
                Requests.serve(request -> subject.grow(request, List.of()));
            }
        }
    }

    private double[] grow(String request, List<Partner> partners) throws Exception {
        int entries = Integer.parseInt(request.substring(request.indexOf(' ') + 1));
        store.clear();
        stand.stop(false);
        List<CompletableFuture<double[]>> others = new ArrayList<>();
        for (int i = 0; i < ROLES.size(); i++) {
            String order = ROLES.get(i) + " " + entries;
            others.add(partners.isEmpty() ? thread(order) : partners.get(i).take(order));
        }
        Latencies latencies = new Latencies();
        for (int i = 0; i < entries; i++) {
            long start = System.nanoTime();
            store.put(MapSubject.key(i), VALUE);
            latencies.add(System.nanoTime() - start);
        }
        stand.stop(true);
        DoubleStream all = DoubleStream.of(latencies.micros());
        for (CompletableFuture<double[]> other : others) {
            all = DoubleStream.concat(all, DoubleStream.of(other.get()));
        }
        return all.toArray();
    }

    private CompletableFuture<double[]> thread(String order) {
        CompletableFuture<double[]> answer = new CompletableFuture<>();
        Thread.ofPlatform().daemon().name("bench-growth").start(() -> {
            try {
                answer.complete(accompany(order));
            } catch (IOException | RuntimeException e) {
                answer.completeExceptionally(e);
            }
        });
        return answer;
    }

    /** Gets or puts at random until the map has grown. */
    private double[] accompany(String order) throws IOException {
        String[] words = order.split(" ");
        int entries = Integer.parseInt(words[1]);
        boolean isGetting = words[0].equals("get");
        store.refresh();
        SplittableRandom random = new SplittableRandom();
        Latencies latencies = new Latencies();
        long found = 0;
        while (!stand.isStopped()) {
            long key = MapSubject.key(random.nextInt(entries));
            long start = System.nanoTime();
            if (isGetting) {
                found += store.get(key) == null ? 0 : 1;
            } else {
                store.put(key, VALUE);
            }
            latencies.add(System.nanoTime() - start);
        }
        if (isGetting && found == 0) {
            throw new IllegalStateException("nothing was found while the map grew to " + entries);
        }
        return latencies.micros();
    }
}
