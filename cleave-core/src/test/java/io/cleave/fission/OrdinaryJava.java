package io.cleave.fission;

import io.cleave.os.Unistd;
import io.cleave.pool.Task;
import io.cleave.testing.Delays;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Runs what people do in tasks, and prints a row for each: whether its results were right, where it ran and for how long.
 * The first argument names the ways in which that is done; the others, if any, the only entries to run.
 */
final class OrdinaryJava {
    static final String ROW = "row | ";
    private static final int WARM_UPS = 2;
    private static final int FIRST_WARM_UP = 100;
    /** What makes a fork worth its while. */
    private static final long PADDING_NANOS = 8_000_000;

    /** Where an entry is computed. */
    enum Place {
        /** In children only. */
        CHILD,
        /** In children, unless what it waits for is in the calling JVM. */
        ANYWHERE,
        /** In a child that makes all that it needs itself; where the caller has used the same before, anywhere. */
        CHILD_IF_COLD,
        /** As that, and not at all where the caller has used the same before: what it needs then is not in a child. */
        ONLY_COLD
    }

    /** A way to run an entry. */
    enum Way {
        /** Only in children, before the calling JVM has done anything of the kind. */
        COLD(3),
        /** In children as far as possible, after the calling JVM has done the same. */
        WARM(3),
        /** As a pool decides by itself. */
        DEFAULT(5);

        private final int count;

        Way(int count) {
            this.count = count;
        }

        List<Integer> items() {
            return IntStream.range(0, count).boxed().toList();
        }

        Fission pool() {
            Fission.Builder builder = Fission.builder().children(2);
            return switch (this) {
                case COLD -> builder.warmUp(0).itemTimeout(Delays.PATIENCE).build();
                case WARM -> builder.itemTimeout(Delays.PATIENCE).build(); // which begins all items in children
                case DEFAULT -> builder.build();
            };
        }

        Task<Integer, Outcome> task(Entry entry) {
            return this == DEFAULT ? x -> {
                long end = System.nanoTime() + PADDING_NANOS;
                while (System.nanoTime() < end) {
                    Thread.onSpinWait();
                }
                return outcome(entry, x);
            } : x -> outcome(entry, x);
        }
    }

    /**
     * Something that people do.
     *
     * @param name what it is
     * @param place where it is computed
     * @param task does it
     * @param right the right result for an item
     */
    record Entry(String name, Place place, Task<Integer, Object> task, IntFunction<Object> right) {}

    /** What became of an item. */
    record Outcome(String value, int process, long nanos) {}

    /** A list of entries in the making. */
    static final class Entries {
        final List<Entry> all = new ArrayList<>();

        Entries add(String name, Task<Integer, Object> task, IntFunction<Object> right) {
            return add(name, Place.CHILD, task, right);
        }

        Entries add(String name, Place place, Task<Integer, Object> task, IntFunction<Object> right) {
            all.add(new Entry(name, place, task, right));
            return this;
        }
    }

    private OrdinaryJava() {
    }

    static List<Entry> entries() {
        Entries entries = new Entries();
        OrdinaryThreads.addTo(entries);
        OrdinaryData.addTo(entries);
        OrdinaryCode.addTo(entries);
        OrdinarySystem.addTo(entries);
        OrdinaryServices.addTo(entries);
        return entries.all;
    }

    private static Outcome outcome(Entry entry, int item) {
        long start = System.nanoTime();
        String value;
        try {
            value = String.valueOf(entry.task.apply(item));
        } catch (Throwable t) {
            StringWriter text = new StringWriter();
            t.printStackTrace(new PrintWriter(text));
            value = text.toString().lines().limit(30).collect(Collectors.joining(" // "));
        }
        return new Outcome(value, Unistd.getpid(), System.nanoTime() - start);
    }

    public static void main(String[] arguments) {
        List<Entry> entries = entries();
        if (arguments.length > 1) {
            List<String> names = List.of(arguments).subList(1, arguments.length);
            entries = entries.stream().filter(entry -> names.contains(entry.name)).toList();
        }
        for (String way : arguments[0].split(",")) {
            for (Entry entry : entries) {
                if (entry.place != Place.ONLY_COLD || way.equals("COLD")) {
                    System.out.println(ROW + row(Way.valueOf(way), entry));
                }
            }
        }
        System.out.println("done");
        System.exit(0); // whatever the entries have left running
    }

    private static String row(Way way, Entry entry) {
        StringBuilder wrong = new StringBuilder();
        if (way == Way.WARM) {
            for (int i = FIRST_WARM_UP; i < FIRST_WARM_UP + WARM_UPS; i++) {
                judge(entry, i, outcome(entry, i), wrong);
            }
        }
        long start = System.nanoTime();
        List<Outcome> outcomes = List.of();
        FissionReport report;
        try (Fission fission = way.pool()) {
            try {
                outcomes = fission.map(way.items(), way.task(entry));
            } catch (RuntimeException e) {
                wrong.append(e.toString().lines().collect(Collectors.joining(" // ")));
            }
            report = fission.lastReport();
        }
        long millis = (System.nanoTime() - start) / 1_000_000;
        for (int i = 0; i < outcomes.size(); i++) {
            judge(entry, i, outcomes.get(i), wrong);
        }
        long here = outcomes.stream().filter(outcome -> outcome.process == Unistd.getpid()).count();
        String where = here == 0 ? "child" : here == outcomes.size() ? "caller" : "child and caller";
        String lost = report.provenDeadlocks() + report.unprovenTimeouts() == 0 ? ""
                : report.provenDeadlocks() + " proven, " + report.unprovenTimeouts() + " unproven";
        return String.join(" | ", way.toString(), entry.name, entry.place.toString(),
                wrong.isEmpty() ? "right" : "WRONG: " + wrong, where, lost, millis + " ms");
    }

    private static void judge(Entry entry, int item, Outcome outcome, StringBuilder wrong) {
        String right = String.valueOf(entry.right.apply(item));
        if (!outcome.value.equals(right)) {
            wrong.append("item ").append(item).append(" is ").append(outcome.value).append(", not ").append(right)
                    .append("; ");
        }
    }
}
