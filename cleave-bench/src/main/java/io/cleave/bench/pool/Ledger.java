package io.cleave.bench.pool;

import io.cleave.CleaveException;
import io.cleave.WorkerDiedException;
import io.cleave.bench.pool.Order.Answer;
import io.cleave.bench.pool.Order.InCallerException;
import io.cleave.bench.pool.Order.Kind;
import io.cleave.bench.pool.Order.Refusal;
import java.io.PrintWriter;
import java.io.StringWriter;
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
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

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
    private final Beginnings beginnings;
    private final Consumer<String> people;
    private final AtomicLong slots = new AtomicLong();
    /** How often the task of a slot may have begun. */
    private final AtomicIntegerArray most = new AtomicIntegerArray(Beginnings.SLOTS);
    private final AtomicInteger told = new AtomicInteger();
    private final Set<String> kindsTold = ConcurrentHashMap.newKeySet();

    /** An empty one; {@code people} hear what went wrong. */
    Ledger(Beginnings beginnings, Consumer<String> people) {
        this.beginnings = beginnings;
        this.people = people;
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

    /** Looks once more at all tasks; nothing runs any more. */
    void checkAll() {
        long missing = 2 * count(Entry.TASKS) + count(Entry.DOUBLED);
        for (Entry entry : Entry.values()) {
            missing -= count(entry);
        }
        if (missing != 0) {
            lost(Math.abs(missing), missing + " tasks more than ends");
        }
        for (int slot = 0; slot < Math.min(slots.get(), Beginnings.SLOTS); slot++) {
            checkAgain(slot);
        }
    }

    private void checkAgain(int slot) {
        int begun = beginnings.begunVolatile(slot);
        int allowed = most.get(slot);
        if (begun > allowed) {
            most.set(slot, begun); // counted once
            add(Entry.DOUBLED, 1);
            tell("task " + slot + " began " + begun + " times, and at most " + allowed + " were allowed");
        }
    }

    /** A task has given a result. */
    void answered(Order order, @Nullable Answer answer) {
        int begun = beginnings.begunVolatile(order.slot());
        if (answer == null || !answer.isRightFor(order) || order.kind() == Kind.THROWING || order.kind() == Kind.HALTING
                || begun == 0) {
            wrong(1, "task " + order.slot() + " (" + order.kind() + ") began " + begun + " times and gave "
                    + (answer == null ? "nothing" : answer.slot() + " with " + answer.bytes().length + " bytes"));
        } else {
            add(Entry.RESULTS, 1);
        }
        checkAgain(order.slot());
        most.set(order.slot(), Math.max(1, begun)); // not once more from here on
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
                StringWriter stack = new StringWriter();
                cause.printStackTrace(new PrintWriter(stack, true));
                tell(stack.toString());
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
            people.accept(what);
        }
    }

    /** One line for each count, as {@code name=number}. */
    void print() {
        for (Entry entry : Entry.values()) {
            System.out.println(entry.name().toLowerCase(Locale.ROOT) + "=" + count(entry));
        }
    }
}
