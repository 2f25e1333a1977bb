package io.cleave.bench.sync;

import io.cleave.bench.Partner;
import io.cleave.bench.Requests;
import io.cleave.bench.Stand;
import io.cleave.os.ProcFs;
import io.cleave.os.ProcFs.ProcessStatus;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A JVM that tells a partner process to go on. Requests, each with the milliseconds that it is to take:
 * {@code trips} gives the nanoseconds of a round trip; {@code wakes} gives the microseconds from telling a partner that
 * sleeps until it runs, the median of all in the run.
 */
final class HopSubject {
    private static final int TRIPS = 20;
    private static final int MOST_WAKES = 10_000;
    /** How long the sleeper has slept when it is woken. */
    private static final long ASLEEP_NANOS = 50_000;

    private final Stand stand;
    private final Hop out;
    private final Hop in;
    /** How often the one that leads has sent, which both sides count alike. */
    private long sent;

    private HopSubject(Stand stand, String way, boolean leads) {
        this.stand = stand;
        this.out = Hop.of(way, stand.region(leads ? 0 : 1), leads);
        this.in = Hop.of(way, stand.region(leads ? 1 : 0), leads);
    }

    /** Serves requests; arguments: the way, and for the partner the name of the stand. */
    public static void main(String[] args) throws Exception {
        boolean leads = args.length == 1;
        String name = leads ? "bench-sync-" + ProcessHandle.current().pid() : args[1];
        try (Stand stand = Stand.open(name, Hop.REGION_BYTES)) {
            HopSubject subject = new HopSubject(stand, args[0], leads);
            if (leads) {
                try (Partner partner = Partner.start(HopSubject.class, Partner.OPTIONS, args[0], name)) {
                    Requests.serve(request -> subject.run(request, partner.take(request)));
                }
            } else {
                Partner.endWithLeader();
                Requests.serve(
                        request -> new double[] {request.startsWith("trips") ? subject.answer() : subject.wakeUp()});
            }
        }
    }

    private double[] run(String request, CompletableFuture<double[]> partner) throws Exception {
        long nanos = TimeUnit.MILLISECONDS.toNanos(Long.parseLong(request.substring(request.indexOf(' ') + 1)));
        long before = sent;
        stand.stop(false);
        double figure = request.startsWith("trips") ? trips(nanos) : wakes(nanos);
        double answered = partner.get()[0];
        if (answered != sent - before) {
            throw new IllegalStateException("sent " + (sent - before) + ", and " + answered + " came");
        }
        return new double[] {figure};
    }

    private double trips(long nanos) {
        stand.meet();
        long start = System.nanoTime();
        long before = sent;
        while (System.nanoTime() - start < nanos) {
            trips(TRIPS);
        }
        double each = (System.nanoTime() - start) / (double) (sent - before);
        stand.stop(true);
        trips(1);
        return each;
    }

    private void trips(int count) {
        for (int i = 0; i < count; i++) {
            sent++;
            out.send(sent);
            in.receive(sent);
        }
    }

    /** The partner's side of {@link #trips(long)}. */
    private long answer() {
        long before = sent;
        stand.meet();
        boolean isLast = false;
        while (!isLast) {
            sent++;
            in.receive(sent);
            isLast = stand.isStopped();
            out.send(sent);
        }
        return sent - before;
    }

    private double wakes(long nanos) throws IOException {
        stand.meet();
        long start = System.nanoTime();
        double[] micros = new double[MOST_WAKES];
        int count = 0;
        boolean isLast = false;
        while (!isLast) {
            sent++;
            stand.awaitArmed(sent);
            isLast = count == MOST_WAKES - 1 || System.nanoTime() - start >= nanos;
            stand.stop(isLast);
            awaitSleep();
            long before = System.nanoTime();
            out.send(sent);
            micros[count] = (stand.awaitWoken(sent) - before) / 1e3;
            count++;
        }
        Arrays.sort(micros, 0, count);
        return micros[count / 2];
    }

    /** Waits until the kernel says that the partner's thread sleeps, and a moment longer. */
    private void awaitSleep() throws IOException {
        String thread = stand.sleeper();
        ProcessStatus status = ProcFs.status(thread);
        while (status != null && status.state() != 'S') {
            status = ProcFs.status(thread);
        }
        if (status == null) {
            throw new IOException("the thread that was to sleep has ended");
        }
        long since = System.nanoTime();
        while (System.nanoTime() - since < ASLEEP_NANOS) {
            Thread.onSpinWait();
        }
    }

    /** The partner's side of {@link #wakes}. */
    private long wakeUp() {
        long before = sent;
        stand.sleeper(ProcessHandle.current().pid(), Libc.gettid());
        stand.meet();
        boolean isLast = false;
        while (!isLast) {
            sent++;
            stand.arm(sent);
            in.receive(sent);
            stand.wokenAt(sent, System.nanoTime());
            isLast = stand.isStopped();
        }
        return sent - before;
    }
}
