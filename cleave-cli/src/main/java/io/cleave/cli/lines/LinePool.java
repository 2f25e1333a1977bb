package io.cleave.cli.lines;

import io.cleave.fission.Fission;
import io.cleave.pool.Pool;
import io.cleave.pool.ProcessPool;
import io.cleave.pool.ThreadPool;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A pool of any kind that computes lines from lines. */
public final class LinePool implements AutoCloseable {
    /** More lines than this are not collected for a fork. */
    private static final int BATCH = 1 << 16;

    private final PoolKind kind;
    private final Pool pool;
    private long before;

    private LinePool(PoolKind kind, Pool pool) {
        this.kind = kind;
        this.pool = pool;
    }

    /** Takes what came of each line, in the order of the lines. */
    public interface Results {
        /** Takes the next one, which may be null. */
        void accept(@Nullable String result);
    }

    /**
     * Makes a pool.
     *
     * @param workers how many, null for one for each processor
     * @param classPath where workers find classes that this JVM's own class path does not have
     * @throws UnsupportedOperationException where there is no such pool here
     */
    public static LinePool open(PoolKind kind, @Nullable Integer workers, List<Path> classPath) {
        return new LinePool(kind, switch (kind) {
            case THREAD -> workers == null ? ThreadPool.create() : ThreadPool.create(workers);
            case FISSION -> workers == null ? Fission.create() : Fission.builder().children(workers).build();
            case PROCESS -> {
                ProcessPool.Builder settings = ProcessPool.builder().classPath(classPath.toArray(Path[]::new));
                yield (workers == null ? settings : settings.workers(workers)).build();
            }
        });
    }

    /**
     * Computes all lines.
     *
     * @param results gets each result as soon as it and all before it are there
     */
    public void compute(Lines lines, LineTask task, Results results) {
        if (kind != PoolKind.FISSION) {
            compute((Iterable<String>) lines, task, results);
            return;
        }
        // A fork is made where there is a collection, not on the way through an iterator that may make it wait.
        for (List<String> batch = lines.take(BATCH); !batch.isEmpty(); batch = lines.take(BATCH)) {
            compute((Iterable<String>) batch, task, results);
            before += batch.size();
        }
    }

    private void compute(Iterable<String> items, LineTask task, Results results) {
        try (Stream<@Nullable String> stream = pool.imap(items, task)) {
            stream.forEachOrdered(results::accept);
        }
    }

    /** How many lines there are before the one with which the pool's own count of items begins. */
    public long before() {
        return before;
    }

    /** Ends what is still being computed; does not wait for threads, as not all can be interrupted. */
    @Override
    public void close() {
        if (pool instanceof ThreadPool threads) {
            threads.shutdownNow();
        } else {
            pool.close();
        }
    }
}
