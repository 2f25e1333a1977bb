package io.cleave.fission;

import io.cleave.pool.Task;
import io.cleave.share.Codec;
import io.cleave.work.Failure;
import io.cleave.work.Sneaky;
import io.cleave.work.Values;
import java.io.IOException;
import java.util.stream.Collector;
import org.jspecify.annotations.Nullable;

/**
 * A task for each item, whose results are gathered where they are computed, so that only what was gathered travels.
 *
 * <p>
 * Where the order of the items matters, each slice of them gives a container of its own. Where it does not, whoever computes
 * keeps one container for all that it computes: a child sends it when it leaves, and now and then before; until then its
 * chunks do not count as done.
 */
final class Reduction implements Body {
    private final Task<@Nullable Object, @Nullable Object> task;
    private final Collector<@Nullable Object, @Nullable Object, @Nullable Object> collector;
    private final boolean kept;
    /** What this process has gathered since {@link #startAfresh}; null where that is nothing. */
    private @Nullable Object container;
    private boolean any;
    /** What has been put together by {@link #add}. */
    private @Nullable Object all;
    private boolean anything;

    /**
     * Makes a reduction.
     *
     * @param kept whether there is one container for each process, rather than for each slice
     */
    Reduction(Task<@Nullable Object, @Nullable Object> task,
            Collector<@Nullable Object, @Nullable Object, @Nullable Object> collector,
            boolean kept) {
        this.task = task;
        this.collector = collector;
        this.kept = kept;
    }

    @Override
    public boolean run(@Nullable Object[] items, int from, int to, int skip, Sink sink) throws Exception {
        if (!kept) {
            startAfresh();
        }
        for (int i = from; i < to; i++) {
            if (!sink.begin(i)) {
                return false;
            }
            if (!any) {
                container = collector.supplier().get();
                any = true;
            }
            collector.accumulator().accept(container, task.apply(items[i]));
        }
        if (!kept && skip == 0) {
            sink.result(container);
        }
        return true;
    }

    /** Forgets what was gathered: it is somebody else's, or has been sent. */
    void startAfresh() {
        container = null;
        any = false;
    }

    /** Whether anything has been gathered since {@link #startAfresh}. */
    boolean isAny() {
        return any;
    }

    @Nullable Object container() {
        return container;
    }

    /** Adds what was gathered elsewhere, or of the slice behind those before. */
    void add(@Nullable Object other) {
        all = anything ? collector.combiner().apply(all, other) : other;
        anything = true;
    }

    /**
     * What comes of all that was added, and of what this process has kept, which becomes what it would be if it came from
     * elsewhere.
     *
     * @param codec for containers
     */
    @Nullable Object finish(Codec codec) {
        if (kept && any) {
            add(asIfSent(codec, container));
        }
        return collector.finisher().apply(anything ? all : collector.supplier().get());
    }

    private static @Nullable Object asIfSent(Codec codec, @Nullable Object own) {
        try {
            return Values.asIfSent(codec, own);
        } catch (IOException | RuntimeException | LinkageError | StackOverflowError e) {
            throw Sneaky.rethrow(Failure.unsendable(e, own, codec, null, -1, "caller, thread "
                    + Thread.currentThread().getName()).toThrowable());
        }
    }

    @Override
    public boolean isItemwise() {
        return false;
    }

    @Override
    public boolean isKept() {
        return kept;
    }
}
