package io.cleave.bench.pool;

import io.cleave.CleaveException;
import io.cleave.WorkerDiedException;
import io.cleave.bench.pool.Order.Answer;
import io.cleave.bench.pool.Order.InCallerException;
import io.cleave.bench.pool.Order.Kind;
import io.cleave.bench.pool.Order.Refusal;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Who was given which task, and how each has ended. Slots for the counts of beginnings are used in turn; when one comes
 * round again, and at the end, its task must not have begun once more since it ended.
 */
final class Ledger {
    private static final int MOST_TOLD = 40;

    /** What is counted. */
    enum Entry {
        TASKS, RESULTS, THROWN, DIED, OTHER_TYPED, CANCELLED, REJECTED, IN_CALLER, WRONG, LOST, DOUBLED
    }

    private final Map<Entry, AtomicLong> counts = new EnumMap<>(Entry.class);
    private final Beginnings beginnings = Beginnings.shared();
    private final AtomicLong slots = new AtomicLong();
    /** How often the task of a slot may have begun. */
    private final AtomicIntegerArray most = new AtomicIntegerArray(Beginnings.SLOTS);
    private final AtomicInteger told = new AtomicInteger();
    private final Set<String> kindsTold = ConcurrentHashMap.newKeySet();

    Ledger() {
        for (Entry entry : Entry.values()) {
            counts.put(entry, new AtomicLong());
        }
    }

    long count(Entry entry) {
        return counter(entry).get();
    }

    @SuppressWarnings("NullAway") // it has all of them
    private AtomicLong counter(Entry entry) {
        return counts.get(entry);
    }

    private void add(Entry entry, long number) {
        long ignored = counter(entry).addAndGet(number);
    }

    /** A slot for a task that is going to be submitted, and may begin so often. */
    int open(int beginningsAllowed) {
        long ticket = slots.getAndIncrement();
        int slot = (int) (ticket % Beginnings.SLOTS);
        if (ticket >= Beginnings.SLOTS) {
            checkAgain(slot);
            beginnings.resetVolatile(slot);
        }
        most.set(slot, beginningsAllowed);
        add(Entry.TASKS, 1);
        return slot;
    }

    /** Looks once more at all that have ended; nothing runs any more. */
    void checkAll() {
        for (int slot = 0; slot < Math.min(slots.get(), Beginnings.SLOTS); slot++) {
            checkAgain(slot);
        }
    }

    private void checkAgain(int slot) {
        if (beginnings.begunVolatile(slot) > most.get(slot)) {
            add(Entry.DOUBLED, 1);
            tell("task " + slot + " began " + beginnings.begunVolatile(slot) + " times, and at most " + most.get(slot)
                    + " were allowed");
        }
    }

    /** A task has given a result. */
    void answered(Order order, Answer answer) {
        int begun = beginnings.begunVolatile(order.slot());
        if (!answer.isRightFor(order) || order.kind() == Kind.THROWING || order.kind() == Kind.HALTING || begun == 0) {
            wrong(1, "task " + order.slot() + " (" + order.kind() + ") began " + begun + " times and gave "
                    + answer.slot() + " with " + answer.bytes().length + " bytes");
        } else {
            add(Entry.RESULTS, 1);
        }
        most.set(order.slot(), Math.min(most.get(order.slot()), Math.max(1, begun))); // and not once more from here on
        checkAgain(order.slot());
    }

    /**
     * Tasks have failed together.
     *
     * @param orders the tasks, and before them those of the same call that have given results
     * @param from the first of those that failed
     * @param mayBeCancelled whether somebody has cancelled them
     * @param isClosing whether the pool is being closed
     */
    void failed(List<Order> orders, int from, Throwable thrown, boolean mayBeCancelled, boolean isClosing) {
        Throwable cause = thrown;
        while ((cause instanceof ExecutionException || cause instanceof CompletionException)
                && cause.getCause() != null) {
            cause = cause.getCause();
        }
        List<Order> failed = orders.subList(from, orders.size());
        Entry entry = entry(orders, cause, mayBeCancelled, isClosing);
        if (entry == Entry.WRONG) {
            wrong(failed.size(), "tasks ended in " + cause);
            if (kindsTold.add(cause.getClass().getName())) {
                cause.printStackTrace();
            }
        } else {
            add(entry, failed.size());
            if (entry == Entry.OTHER_TYPED && kindsTold.add(cause.getClass().getName())) {
                tell("the first of its kind: " + cause);
            }
        }
        failed.forEach(order -> checkAgain(order.slot()));
    }

    private static Entry entry(List<Order> orders, Throwable cause, boolean mayBeCancelled, boolean isClosing) {
        return switch (cause) {
            case Refusal refusal when orders.stream().anyMatch(order -> order.slot() == refusal.slot
                    && order.kind() == Kind.THROWING) ->
                Entry.THROWN;
            case InCallerException inCaller -> Entry.IN_CALLER;
            case WorkerDiedException died -> Entry.DIED;
            case CleaveException typed -> Entry.OTHER_TYPED;
            case CancellationException cancelled when mayBeCancelled || isClosing -> Entry.CANCELLED;
            case RejectedExecutionException rejected when isClosing -> Entry.REJECTED;
            case IllegalStateException closed when isClosing -> Entry.REJECTED;
            default -> Entry.WRONG;
        };
    }

    /** Somebody stopped reading before these tasks gave anything. */
    void abandoned(List<Order> orders) {
        add(Entry.CANCELLED, orders.size());
        orders.forEach(order -> checkAgain(order.slot()));
    }

    void wrong(long tasks, String what) {
        add(Entry.WRONG, tasks);
        tell(what);
    }

    void lost(long tasks, String what) {
        add(Entry.LOST, tasks);
        tell(what);
    }

    private void tell(String what) {
        if (told.getAndIncrement() < MOST_TOLD) {
            System.err.println(what);
        }
    }

    /** One line for each count, as {@code name=number}. */
    void print() {
        for (Entry entry : Entry.values()) {
            System.out.println(entry.name().toLowerCase(Locale.ROOT) + "=" + count(entry));
        }
    }
}
