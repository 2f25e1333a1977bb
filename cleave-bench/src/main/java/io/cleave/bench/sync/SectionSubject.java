package io.cleave.bench.sync;

import io.cleave.bench.Partner;
import io.cleave.bench.Requests;
import io.cleave.bench.Stand;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A JVM that enters and leaves one section. Requests, each with the milliseconds that it is to take:
 * {@code pairs} gives the nanoseconds for entering and leaving, alone; {@code threads} and {@code processes} give the
 * millions of additions a second that two threads, or this process and a partner, make in the section, and the share in
 * percent of the one that made fewer.
 */
final class SectionSubject {
    private static final int PAIRS = 10_000;
    /** Few, as those that sleep may take long for them, and both end within as many. */
    private static final int ADDITIONS = 50;
    private static final String PARTNER = "partner";

    private final Section section;
    private final Stand stand;
    private final boolean leads;
    /** The nanoseconds of the last run. */
    private long lasted;

    private SectionSubject(Section section, Stand stand, boolean leads) {
        this.section = section;
        this.stand = stand;
        this.leads = leads;
    }

    /** Serves requests; arguments: sort and way of the section, and for the partner the name of the stand. */
    public static void main(String[] args) throws Exception {
        boolean leads = args.length == 2;
        String name = leads ? "bench-sync-" + ProcessHandle.current().pid() : args[2];
        try (Stand stand = Stand.open(name, Hop.REGION_BYTES)) {
            Section section = Section.of(args[0], args[1], stand.region(0), leads);
            SectionSubject subject = new SectionSubject(section, stand, leads);
            if (leads) {
                subject.lead(args[0], args[1]);
            } else {
                Partner.endWithLeader();
                Requests.serve(request -> new double[] {subject.additions(millis(request))});
            }
        }
    }

    private static long millis(String request) {
        return Long.parseLong(request.substring(request.indexOf(' ') + 1));
    }

    private void lead(String sort, String way) throws Exception {
        if (way.equals("ReentrantLock") || way.equals("Semaphore")) { // not for processes
            Requests.serve(request -> alone(request));
            return;
        }
        try (Partner partner = Partner.start(SectionSubject.class, Partner.OPTIONS, sort, way, stand.name())) {
            Requests.serve(request -> request.startsWith("processes")
                    ? together(millis(request), partner.take(PARTNER + " " + millis(request)))
                    : alone(request));
        }
    }

    private double[] alone(String request) throws Exception {
        if (request.startsWith("pairs")) {
            return new double[] {pairs(millis(request))};
        }
        SectionSubject other = new SectionSubject(section, stand, false);
        CompletableFuture<double[]> additions = new CompletableFuture<>();
        Thread.ofPlatform().daemon().name("bench-second").start(
                () -> additions.complete(new double[] {other.additions(millis(request))}));
        return together(millis(request), additions);
    }

    private double pairs(long millis) {
        long nanos = TimeUnit.MILLISECONDS.toNanos(millis);
        long start = System.nanoTime();
        long pairs = 0;
        while (System.nanoTime() - start < nanos) {
            enterAndLeave();
            pairs += PAIRS;
        }
        return (System.nanoTime() - start) / (double) pairs;
    }

    private void enterAndLeave() {
        for (int i = 0; i < PAIRS; i++) {
            section.enter();
            section.leave();
        }
    }

    private double[] together(long millis, CompletableFuture<double[]> other) throws Exception {
        long before = stand.counter();
        stand.stop(false);
        double own = additions(millis);
        double theirs = other.get()[0];
        long counted = stand.counter() - before;
        if (counted != own + theirs) {
            throw new IllegalStateException("both have added " + (own + theirs) + ", the sum is " + counted);
        }
        return new double[] {counted * 1e3 / lasted, 100 * Math.min(own, theirs) / counted};
    }

    /** Enters, adds and leaves from the meeting until the leader says stop; returns how often. */
    private long additions(long millis) {
        long nanos = TimeUnit.MILLISECONDS.toNanos(millis);
        long additions = 0;
        stand.meet();
        long start = System.nanoTime();
        while (!stand.isStopped()) {
            add();
            additions += ADDITIONS;
            if (leads && System.nanoTime() - start >= nanos) {
                stand.stop(true);
            }
        }
        lasted = System.nanoTime() - start;
        return additions;
    }

    private void add() {
        for (int i = 0; i < ADDITIONS; i++) {
            section.enter();
            stand.count();
            section.leave();
        }
    }
}
