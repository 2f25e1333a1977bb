package io.cleave.fission;

import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A run as streams read it. A stream that nobody can read any more, because nobody refers to it, has ended though nobody
 * has closed it: its children go when the collector finds that out.
 *
 * @param <R> the results' type
 */
final class RunSpliterator<R extends @Nullable Object> extends Spliterators.AbstractSpliterator<R> {
    /** Ends runs in a thread of its own. */
    private static final Cleaner CLEANER = Cleaner.create();

    private final Run run;

    RunSpliterator(Run run) {
        super(Long.MAX_VALUE, run.isOrdered() ? Spliterator.ORDERED : 0);
        this.run = run;
        CLEANER.register(this, run::close);
    }

    /** Has the cleaner's thread started here, and not in a child that uses a pool itself. */
    static void prepare() {
        CLEANER.register(new Object(), () -> {});
    }

    @Override
    public boolean tryAdvance(Consumer<? super R> action) {
        try {
            return run.tryAdvance(action);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    @Override
    public void forEachRemaining(Consumer<? super R> action) {
        try {
            run.forEachRemaining(action);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    @Override
    public @Nullable Spliterator<R> trySplit() {
        return null; // the parallel work happens in the children
    }
}
