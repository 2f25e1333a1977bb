package io.cleave.bench.pool;

import io.cleave.bench.pool.Order.Answer;
import io.cleave.bench.pool.Order.Kind;
import io.cleave.pool.ProcessPool;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A thread that uses the tortured pool in all ways, and sees to it that each task ends in one that is allowed. */
final class Client implements Runnable {
    /** After so long a task counts as lost. */
    static final long PATIENCE_SECONDS = 90;

    private static final int MEGABYTE = 1_000_000;
    private static final int MOST_TINY = 300;
    private static final int MOST_LARGE = 6;
    private static final int MOST_SUBMITTED = 40;
    private static final int MOST_WAIT_MILLIS = 30;

    private final ProcessPool pool;
    private final Ledger ledger;
    private final SplittableRandom random;
    private final int beginningsAllowed;
    private final BooleanSupplier mayHalt;
    /** Written by the one who ends the round. */
    private volatile boolean isOver;
    /** Written by the same, before the pool is closed under the client. */
    private volatile boolean isClosing;
    /** When the present call began, 0 where there is none; written by this thread. */
    private volatile long since;
    private volatile int tasksOfCall;

    Client(ProcessPool pool, Ledger ledger, SplittableRandom random, int retries, BooleanSupplier mayHalt) {
        this.pool = pool;
        this.ledger = ledger;
        this.random = random;
        this.beginningsAllowed = 1 + retries;
        this.mayHalt = mayHalt;
    }

    /** Ends after the present call; with {@code byForce}, the pool is going to be closed while it lasts. */
    void end(boolean byForce) {
        isClosing |= byForce;
        isOver = true;
    }

    /** How many tasks the present call has where it has lasted for too long, else 0. */
    int stuckTasks() {
        long began = since;
        return began != 0 && System.nanoTime() - began > TimeUnit.SECONDS.toNanos(2 * PATIENCE_SECONDS) ? tasksOfCall
                : 0;
    }

    @Override
    public void run() {
        while (!isOver) {
            boolean isSubmitting = random.nextInt(3) == 0;
            List<Order> orders = orders(isSubmitting ? MOST_SUBMITTED : MOST_TINY);
            tasksOfCall = orders.size();
            since = System.nanoTime() | 1;
            try {
                call(isSubmitting, orders);
            } catch (Throwable t) { // not from the pool, but from what it gave
                t.printStackTrace();
                ledger.wrong(0, "a client failed with " + t);
                return; // its tasks have no end, and so are lost
            }
            since = 0;
        }
    }

    private void call(boolean isSubmitting, List<Order> orders) {
        if (isSubmitting) {
            submit(orders);
            return;
        }
        switch (random.nextInt(4)) {
            case 0 -> map(orders);
            case 1 -> imap(orders);
            case 2 -> imapUnordered(orders);
            default -> amap(orders);
        }
    }

    /** Tasks for one call: mostly many small ones; now and then one of them throws, or ends its process. */
    private List<Order> orders(int mostTiny) {
        int sort = random.nextInt(8);
        int count = 1 + random.nextInt(sort < 2 ? MOST_LARGE : random.nextInt(1, mostTiny));
        int thrower = random.nextInt(6) == 0 ? random.nextInt(count) : -1;
        int halter = random.nextInt(20) == 0 && mayHalt.getAsBoolean() ? random.nextInt(count) : -1;
        List<Order> orders = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            Kind kind = random.nextInt(20) == 0 ? Kind.SLOW : Kind.PLAIN;
            if (i == thrower) {
                kind = Kind.THROWING;
            } else if (i == halter) {
                kind = Kind.HALTING;
            }
            long seed = random.nextLong();
            orders.add(new Order(ledger.open(beginningsAllowed), kind, seed, ProcessHandle.current().pid(),
                    Order.content(seed, sort == 0 ? MEGABYTE : random.nextInt(32)),
                    sort == 1 ? MEGABYTE : random.nextInt(32)));
        }
        return orders;
    }

    private void failed(List<Order> orders, int from, Throwable thrown, boolean mayBeCancelled) {
        ledger.failed(orders, from, thrown, mayBeCancelled, isClosing);
    }

    private void submit(List<Order> orders) {
        List<Future<Answer>> futures = new ArrayList<>();
        for (Order order : orders) {
            Call<Answer> call = () -> Order.carryOut(order);
            try {
                futures.add(pool.submit(call));
            } catch (Throwable t) {
                futures.add(CompletableFuture.failedFuture(t));
            }
        }
        boolean[] cancelled = new boolean[orders.size()];
        if (random.nextInt(3) == 0) {
            pause();
            for (int i = random.nextInt(orders.size()); i < orders.size(); i += 1 + random.nextInt(4)) {
                cancelled[i] = futures.get(i).cancel(random.nextBoolean());
            }
        }
        for (int i = 0; i < orders.size(); i++) {
            List<Order> one = orders.subList(i, i + 1);
            Answer answer = await(futures.get(i), one, cancelled[i]);
            if (answer != null && cancelled[i]) {
                ledger.wrong(1, "a task that was cancelled has given a result");
            } else if (answer != null) {
                ledger.answered(one.getFirst(), answer);
            }
        }
    }

    private void pause() {
        try {
            Thread.sleep(random.nextInt(MOST_WAIT_MILLIS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** What a future gives; null where it fails, which is written down. */
    private <V> @Nullable V await(Future<V> future, List<Order> orders, boolean mayBeCancelled) {
        try {
            return future.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            ledger.lost(orders.size(), orders.size() + " tasks have not ended for " + PATIENCE_SECONDS + " s");
        } catch (Throwable t) {
            failed(orders, 0, t, mayBeCancelled);
        }
        return null;
    }

    private void map(List<Order> orders) {
        List<Answer> answers;
        try {
            answers = pool.map(orders, Order::carryOut);
        } catch (Throwable t) {
            failed(orders, 0, t, false);
            return;
        }
        answered(orders, answers);
    }

    private void amap(List<Order> orders) {
        CompletableFuture<List<Answer>> future;
        try {
            future = pool.amap(orders, Order::carryOut);
        } catch (Throwable t) {
            failed(orders, 0, t, false);
            return;
        }
        boolean isCancelled = false;
        if (random.nextInt(4) == 0) {
            pause();
            isCancelled = future.cancel(true);
        }
        List<Answer> answers = await(future, orders, isCancelled);
        if (answers != null) {
            answered(orders, answers);
        }
    }

    private void answered(List<Order> orders, List<Answer> answers) {
        if (answers.size() != orders.size()) {
            ledger.wrong(orders.size(), answers.size() + " results of " + orders.size() + " tasks");
            return;
        }
        for (int i = 0; i < orders.size(); i++) {
            ledger.answered(orders.get(i), answers.get(i));
        }
    }

    /** Where to stop reading: at the end, or somewhere before. */
    private int limit(List<Order> orders) {
        return random.nextInt(4) == 0 ? random.nextInt(orders.size()) : orders.size();
    }

    private void imap(List<Order> orders) {
        int limit = limit(orders);
        int read = 0;
        try (Stream<Answer> stream = pool.imap(orders, Order::carryOut)) {
            Iterator<Answer> answers = stream.iterator();
            while (read < limit && answers.hasNext()) {
                Answer answer = answers.next();
                ledger.answered(orders.get(read), answer);
                read++;
            }
        } catch (Throwable t) {
            failed(orders, read, t, false);
            return;
        }
        ended(orders.subList(read, orders.size()), read, limit);
    }

    private void ended(List<Order> missing, int read, int limit) {
        if (read < limit) {
            ledger.wrong(missing.size(), "a stream ended after " + read + " results, and " + limit + " were wanted");
        } else {
            ledger.abandoned(missing);
        }
    }

    private void imapUnordered(List<Order> orders) {
        int limit = limit(orders);
        Map<Integer, Order> missing = new HashMap<>();
        orders.forEach(order -> missing.put(order.slot(), order));
        try (Stream<Answer> stream = pool.imapUnordered(orders, Order::carryOut)) {
            Iterator<Answer> answers = stream.iterator();
            while (orders.size() - missing.size() < limit && answers.hasNext()) {
                Answer answer = answers.next();
                Order order = missing.remove(answer.slot());
                if (order == null) {
                    ledger.wrong(1, "a stream gave the result of task " + answer.slot() + " twice, or nobody's");
                } else {
                    ledger.answered(order, answer);
                }
            }
        } catch (Throwable t) {
            failed(List.copyOf(missing.values()), 0, t, false);
            return;
        }
        ended(List.copyOf(missing.values()), orders.size() - missing.size(), limit);
    }
}
