package io.cleave.fission;

import io.cleave.fork.Forks;
import io.cleave.fork.WholeSupport;
import io.cleave.work.Caught;
import io.cleave.work.Failure;
import io.cleave.work.Sneaky;
import io.cleave.work.Values;
import java.io.IOException;
import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What the calling JVM computes itself, and the decisions about it.
 *
 * <p>
 * The first items run here: that loads their classes, which a child can do only at the risk of a deadlock; it gets their
 * code compiled, which a child cannot do at all; it tells what an item costs, and so whether forking pays; and it yields
 * the first result at once. A child goes on with the compiled code that was there when it was forked, so while this
 * JVM's compiler is still making progress, this JVM goes on computing items beside its children and has them succeeded
 * by fresh ones, at growing intervals.
 */
final class Inline {
    private static final long WARM_UP_NANOS = 10_000_000;
    private static final long LEAST_WARM_UP_NANOS = 2_000_000;
    private static final long DEAR_NANOS = 100_000;
    /**
     * Cheaper items than this are watched while they still become cheaper, as the compiler may make forking needless; and
     * one look is not believed, as a pause of the collector, a while in the interpreter or another process may fall
     * into it.
     */
    private static final long CHEAP_NANOS = 10_000;
    private static final int LOOKS_AT_CHEAP = 3;
    private static final double SETTLED = 0.8;
    private static final long BATCH_NANOS = 20_000;
    private static final int MOST_IN_BATCH = 1024;
    private static final long MOST_NANOS_TO_HELP = 20_000_000;
    /** What carrying a result from a child to the caller costs, about, on both sides. */
    private static final double TRANSPORT_NANOS = 200;
    private static final long FIRST_GENERATION_NANOS = 50_000_000;
    private static final int GENERATION_GROWTH = 4;
    private static final int MOST_GENERATIONS = 5;
    private static final @Nullable CompilationMXBean COMPILER = ManagementFactory.getCompilationMXBean();

    private final Body body;
    private final Settings settings;
    private final long startMillis = System.nanoTime() / 1_000_000;
    private final long compiledBefore = compiledMillis();

    private int batch = 1;
    private long items;
    private long nanos;
    private long checkedItems;
    private long checkedNanos;
    private double nanosPerItem;
    private int looksInFavour;
    private long slowestNanos;
    private int slowestItems;
    private boolean forkingPays;

    private boolean helping;
    private int generation;
    private long generationEnds;
    private long generationNanos = FIRST_GENERATION_NANOS;
    private long compiledAtGeneration;

    Inline(Body body, Settings settings) {
        this.body = body;
        this.settings = settings;
    }

    long items() {
        return items;
    }

    /** What an item has taken here lately, 0 where nobody knows. */
    double nanosPerItem() {
        return nanosPerItem;
    }

    /** Whether the next item should be computed here rather than in children. */
    boolean wantsNext(Input input) {
        if (settings.warmUp() != Settings.ADAPTIVE) {
            return items < settings.warmUp();
        }
        if (settings.itemTimeoutNanos() > 0) {
            return false;
        }
        if (nanos - checkedNanos >= LEAST_WARM_UP_NANOS && isWarm()) {
            check(input);
        }
        return !forkingPays;
    }

    /** Whether enough has been computed here: less of it where items are dear and the compiler has nothing to do. */
    private boolean isWarm() {
        long since = nanos - checkedNanos;
        return since >= WARM_UP_NANOS
                || (since > DEAR_NANOS * (items - checkedItems) && compiledMillis() == compiledBefore);
    }

    private void check(Input input) {
        double before = nanosPerItem;
        nanosPerItem = (double) (nanos - checkedNanos) / Math.max(1, items - checkedItems);
        boolean cheap = usualNanosPerItem() < CHEAP_NANOS;
        checkedNanos = nanos;
        checkedItems = items;
        slowestNanos = 0;
        slowestItems = 0;
        double saved = nanosPerItem * (1 - 1.0 / settings.children()) - TRANSPORT_NANOS;
        long remaining = input.remaining();
        boolean pays = saved > 0
                && (remaining < 0 || remaining * saved > ForkCost.nanos() * (double) settings.children());
        looksInFavour = pays ? looksInFavour + 1 : 0;
        forkingPays = pays && (!cheap || (looksInFavour >= LOOKS_AT_CHEAP && nanosPerItem > SETTLED * before));
    }

    /** What an item has taken since the last look, but for the slowest batch where there were others. */
    private double usualNanosPerItem() {
        long others = items - checkedItems - slowestItems;
        return others <= 0 ? nanosPerItem : (double) (nanos - checkedNanos - slowestNanos) / others;
    }

    /** How many of the next items to compute at once: so many cheap ones that looking at the clock costs little. */
    int batch(int available) {
        long most = settings.warmUp() == Settings.ADAPTIVE || Forks.isChild() ? batch
                : Math.min(batch, settings.warmUp() - items);
        return (int) Math.min(most, available);
    }

    /**
     * Computes a slice here, as if a child had done it.
     *
     * @param all the items
     * @param from the first to compute
     * @param to the one behind the last
     * @param skip how many of its results are known already
     * @param base the place of {@code all[0]} in the whole input
     * @param results take each result
     */
    void compute(@Nullable Object[] all, int from, int to, int skip, long base, Consumer<@Nullable Object> results) {
        long start = System.nanoTime();
        Here sink = new Here(all, base, results);
        try {
            body.run(all, from, to, skip, sink);
        } catch (Throwable t) {
            throw Sneaky.rethrow(sink.refused != null ? sink.refusal() : account(t, sink));
        }
        long taken = System.nanoTime() - start;
        items += to - from;
        note(taken, to - from);
        if (taken < BATCH_NANOS) {
            batch = Math.min(2 * batch, MOST_IN_BATCH);
        } else if (taken > 2 * BATCH_NANOS) {
            batch = (int) Math.max(1, batch * BATCH_NANOS / taken);
        }
    }

    private void note(long taken, int itemsTaken) {
        nanos += taken;
        if (taken > slowestNanos) {
            slowestNanos = taken;
            slowestItems = itemsTaken;
        }
    }

    /**
     * A slice in the generator form that is computed here, some results at a time: there may be more of them than memory
     * holds, and whoever takes them may want no more. Its stream stays open in between.
     */
    final class Slice implements AutoCloseable {
        private final @Nullable Object[] all;
        private final int from;
        private final int to;
        private final int skip;
        private final Here sink;
        private @Nullable OpenSlice open;
        private long taken;
        private boolean done;

        /**
         * Makes a slice that has not begun.
         *
         * @param all the items
         * @param from the first of the slice
         * @param to the one behind its last
         * @param skip how many of its results are known already
         * @param base the place of {@code all[0]} in the whole input
         * @param results take each result
         */
        Slice(@Nullable Object[] all, int from, int to, int skip, long base, Consumer<@Nullable Object> results) {
            this.all = all;
            this.from = from;
            this.to = to;
            this.skip = skip;
            this.sink = new Here(all, base, results);
        }

        /** Whether all of its results are there. */
        boolean isDone() {
            return done;
        }

        /**
         * Goes on for a moment.
         *
         * @param isEnough asked before each result
         */
        void goOn(BooleanSupplier isEnough) {
            long start = System.nanoTime();
            try {
                advance(start, isEnough);
            } catch (Throwable t) {
                Throwable why = Run.with(t, Run.thrownBy(this::close));
                throw Sneaky.rethrow(sink.refused != null ? sink.refusal() : account(why, sink));
            } finally {
                taken += System.nanoTime() - start;
            }
            if (done) {
                items += to - from;
                note(taken, to - from);
            }
        }

        private void advance(long start, BooleanSupplier isEnough) {
            OpenSlice slice = open;
            if (slice == null) {
                sink.begin(from);
                slice = ((Body.Slicewise) body).open(all, from, to, skip);
                open = slice;
            }
            while (!done && System.nanoTime() - start < BATCH_NANOS && !isEnough.getAsBoolean()) {
                done = !slice.next(sink);
            }
            if (done) {
                close();
            }
        }

        @Override
        public void close() {
            OpenSlice slice = open;
            open = null;
            if (slice != null) {
                slice.close();
            }
        }
    }

    private static Throwable account(Throwable thrown, Here sink) {
        return Failure.addAccount(thrown, sink.all[sink.index], sink.base + sink.index, caller());
    }

    private static String caller() {
        return "caller, thread " + Thread.currentThread().getName();
    }

    /** Takes results as they are computed here. */
    private final class Here implements Body.Sink {
        private final @Nullable Object[] all;
        private final long base;
        private final Consumer<@Nullable Object> results;
        private int index;
        private @Nullable Throwable refused;
        private @Nullable Object refusedValue;

        Here(@Nullable Object[] all, long base, Consumer<@Nullable Object> results) {
            this.all = all;
            this.base = base;
            this.results = results;
        }

        @Override
        public boolean begin(int next) {
            index = next;
            return true;
        }

        @Override
        public void result(@Nullable Object value) {
            Object sent;
            try {
                if (!Values.isSimple(value)) {
                    Preparation.markReady(settings.codec());
                }
                sent = Values.asIfSent(settings.codec(), value);
            } catch (IOException | RuntimeException | LinkageError | StackOverflowError e) {
                refused = e;
                refusedValue = value;
                if (!body.forgives()) {
                    throw Sneaky.rethrow(e);
                }
                sent = Caught.told(refusal());
            }
            results.accept(sent);
        }

        @Override
        public void failed(Throwable thrown) {
            results.accept(Caught.told(Failure.addAccount(thrown, all[index], base + index, caller())));
        }

        Throwable refusal() {
            Throwable why = refused == null ? new IllegalStateException() : refused;
            return Failure
                    .unsendable(why, refusedValue, settings.codec(), all[index], base + index, caller()).toThrowable();
        }
    }

    /** Whether this JVM should compute beside its children for now; begins a new generation of them where it is due. */
    boolean mayHelp(Children children, long itemsInChildren) {
        if (settings.isIsolated()) {
            return false;
        }
        if (children.isHopeless(itemsInChildren) || children.isRefused()) {
            return true;
        }
        if (WholeSupport.isThere() || settings.itemTimeoutNanos() > 0 || nanosPerItem > MOST_NANOS_TO_HELP) {
            return false;
        }
        long now = System.nanoTime();
        if (generation == 0) {
            beginGeneration(now);
            long elapsed = now / 1_000_000 - startMillis;
            helping = (compiledAtGeneration - compiledBefore) * 2 > elapsed;
        } else if (helping && now - generationEnds > 0) {
            long compiled = compiledMillis() - compiledAtGeneration;
            helping = compiled * 10_000_000 > generationNanos && generation < MOST_GENERATIONS;
            if (helping) {
                generationNanos *= GENERATION_GROWTH;
                children.askAllToLeave();
                beginGeneration(now);
            }
        }
        return helping;
    }

    private void beginGeneration(long now) {
        generation++;
        generationEnds = now + generationNanos;
        compiledAtGeneration = compiledMillis();
    }

    private static long compiledMillis() {
        return COMPILER != null && COMPILER.isCompilationTimeMonitoringSupported() ? COMPILER.getTotalCompilationTime()
                : 0;
    }
}
