package io.cleave.bench.objects;

import io.cleave.bench.Partner;
import io.cleave.bench.Requests;
import io.cleave.bench.Stand;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A JVM that sends messages to others. Requests: {@code stream PRODUCERS CONSUMERS COUNT} sends so many by as
 * many processes, itself the first of them, to others that take them, and gives the millions and the GiB a second; {@code
 * trips COUNT} sends one, which a partner answers by another one, and gives the nanoseconds of a round trip.
 */
final class QueueSubject {
    private static final int SPINS = 200;

    private final Stand stand;
    private final Messages there;
    private final Messages back;
    private final int bytes;

    private QueueSubject(String way, Stand stand, int bytes) throws IOException {
        this.stand = stand;
        this.bytes = bytes;
        this.there = Messages.open(way, new Place(stand.name() + "-0", stand.region(0)), bytes);
        this.back = Messages.open(way, new Place(stand.name() + "-1", stand.region(1)), bytes);
    }

    /** Options of its JVM. */
    static List<String> options(String way) {
        List<String> options = new ArrayList<>(Partner.OPTIONS);
        options.addAll(List.of("-Xms256m", "-Xmx256m")); // messages that are taken may be arrays
        if (way.startsWith("chronicle")) {
            options.addAll(Chronicle.OPTIONS);
        }
        return options;
    }

    /** Serves requests; arguments: the way, the number of partners, the length of a message, and for
     * partners the name of the stand. */
    public static void main(String[] args) throws Exception {
        boolean leads = args.length == 3;
        String name = leads ? "bench-queue-" + ProcessHandle.current().pid() : args[3];
        try (Stand stand = Stand.open(name, Place.BYTES)) {
            QueueSubject subject = new QueueSubject(args[0], stand, Integer.parseInt(args[2]));
            if (leads) {
                List<Partner> partners = new ArrayList<>();
                try {
                    for (int i = 0; i < Integer.parseInt(args[1]); i++) {
                        partners.add(
                                Partner.start(QueueSubject.class, options(args[0]), args[0], args[1], args[2], name));
                    }
                    Requests.serve(request -> subject.lead(request, partners));
                } finally {
                    partners.forEach(Partner::close);
                    subject.there.close();
                    subject.back.close();
                }
            } else {
                Partner.endWithLeader();
                Requests.serve(request -> new double[] {subject.follow(request)});
            }
        }
    }

    private double[] lead(String request, List<Partner> partners) throws Exception {
        String[] words = request.split(" ");
        if (words[0].equals("trips")) {
            int count = Integer.parseInt(words[1]);
            CompletableFuture<double[]> other = partners.get(0).take("answer " + count);
            stand.meet(2);
            long start = System.nanoTime();
            for (int i = 0; i < count; i++) {
                send(there, i);
                receive(back);
            }
            double each = (System.nanoTime() - start) / (double) count;
            other.get();
            return new double[] {each};
        }
        return stream(Integer.parseInt(words[1]), Integer.parseInt(words[2]), Integer.parseInt(words[3]), partners);
    }

    private double[] stream(int producers, int consumers, int count, List<Partner> partners) throws Exception {
        int each = count / producers;
        stand.stop(false);
        List<CompletableFuture<double[]>> takers = new ArrayList<>();
        List<CompletableFuture<double[]>> senders = new ArrayList<>();
        for (int i = 0; i < producers + consumers - 1; i++) {
            if (i < consumers) {
                takers.add(
                        partners.get(i).take("take " + (producers + consumers) + " " + each * producers / consumers));
            } else {
                senders.add(partners.get(i).take("send " + (producers + consumers) + " " + each));
            }
        }
        stand.meet(producers + consumers);
        long start = System.nanoTime();
        sendAll(each);
        double sum = 0;
        for (CompletableFuture<double[]> taker : takers) {
            sum += taker.get()[0];
        }
        double lasted = System.nanoTime() - start;
        for (CompletableFuture<double[]> sender : senders) {
            sender.get();
        }
        double expected = (double) producers * each * (each - 1.0) / 2;
        if (sum != expected) {
            throw new IllegalStateException("the messages' numbers add up to " + sum + ", not " + expected);
        }
        long sent = (long) producers * each;
        return new double[] {sent * 1e3 / lasted, Throughput.gibPerSecond(sent * bytes, lasted)};
    }

    private double follow(String request) {
        String[] words = request.split(" ");
        if (words[0].equals("answer")) {
            int count = Integer.parseInt(words[1]);
            stand.meet(2);
            for (int i = 0; i < count; i++) {
                receive(there);
                send(back, i);
            }
            return count;
        }
        int count = Integer.parseInt(words[2]);
        stand.meet(Integer.parseInt(words[1]));
        if (words[0].equals("send")) {
            sendAll(count);
            return count;
        }
        long before = there.sum();
        int spins = 0;
        for (int left = count; left > 0;) {
            int taken = there.poll(left);
            left -= taken;
            spins = taken > 0 ? 0 : idle(spins);
        }
        return there.sum() - before;
    }

    private void sendAll(int count) {
        for (int i = 0; i < count; i++) {
            send(there, i);
        }
    }

    private static void send(Messages messages, long number) {
        int spins = 0;
        while (!messages.offer(number)) {
            spins = idle(spins);
        }
    }

    private static void receive(Messages messages) {
        int spins = 0;
        while (messages.poll(1) == 0) {
            spins = idle(spins);
        }
    }

    /** Looks again soon, and where that does not help lets another run. */
    @SuppressWarnings("ThreadPriorityCheck") // to give way is all that is wanted
    private static int idle(int spins) {
        if (spins < SPINS) {
            Thread.onSpinWait();
        } else {
            Thread.yield();
        }
        return spins + 1;
    }
}
