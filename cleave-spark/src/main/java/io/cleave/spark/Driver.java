package io.cleave.spark;

import io.cleave.pool.Task;
import io.cleave.share.Codec;
import io.cleave.work.Loaders;
import io.cleave.work.Refusal;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.jspecify.annotations.Nullable;

/** What a pool is in the driver: the context, and the runs that are under way. */
final class Driver {
    /** Larger tasks are broadcast, rather than sent again with each job. */
    private static final int MOST_INLINE_CODE = 32 << 10;
    /** What Spark adds to a partition's items on their way. */
    private static final long RPC_MARGIN = 1 << 20;
    private static final AtomicLong NUMBERS = new AtomicLong();

    final JavaSparkContext context;
    final SparkSettings settings;
    /** Whether the context ends with the pool. */
    private final boolean isOwner;
    final Executors executors;
    /** How the names of its threads begin. */
    final String name = "cleave-spark-" + NUMBERS.incrementAndGet();
    /** What an item may take on its way. */
    final long mostBytes;
    /** What the results of a job may take in all; 0 for any number. */
    final long mostResults;
    final AtomicLong retries = new AtomicLong();
    private final Set<SparkRun<?>> open = ConcurrentHashMap.newKeySet();
    final SharedRegistry shared;
    private volatile boolean closed;

    Driver(JavaSparkContext context, SparkSettings settings, boolean isOwner) {
        this.isOwner = isOwner;
        this.context = context;
        this.settings = settings;
        this.mostBytes = (context.getConf().getSizeAsMb("spark.rpc.message.maxSize", "128") << 20) - RPC_MARGIN;
        this.mostResults = context.getConf().getSizeAsBytes("spark.driver.maxResultSize", "1g");
        this.executors = new Executors(context, settings.executorTimeout(), settings.executorLogs());
        this.shared = SharedRegistry.of(context);
        context.sc().addSparkListener(executors);
    }

    int parallelism() {
        return Math.max(1, context.defaultParallelism());
    }

    boolean isClosed() {
        return closed;
    }

    /**
     * Begins a call.
     *
     * @throws IllegalArgumentException where the task cannot be serialised, naming the part that cannot
     */
    <R extends @Nullable Object> SparkRun<R> begin(Iterable<?> items, Task<?, ?> task, SparkRun.Kind kind) {
        byte[] code = encoded(task);
        Broadcast<byte[]> broadcast = code.length > MOST_INLINE_CODE ? Contexts.broadcast(context, code) : null;
        SharedRegistry.Lease lease = shared.lease();
        PortionWork work = new PortionWork(broadcast == null ? code : null, broadcast, lease.values,
                settings.maxRetries());
        ClassLoader loader = Loaders.isOwn(task.getClass()) ? task.getClass().getClassLoader() : null;
        SparkRun<R> run = new SparkRun<>(this, new Items(items, name), work, kind, loader, ended -> {
            open.remove(ended);
            shared.release(lease);
            if (broadcast != null) {
                Contexts.destroy(context, broadcast);
            }
        });
        open.add(run);
        if (closed) {
            run.close();
        }
        return run;
    }

    private static byte[] encoded(Task<?, ?> task) {
        Refusal.requireSerializable(task, "the task");
        try {
            return Codec.java().encode(task);
        } catch (Exception | LinkageError | StackOverflowError e) {
            throw Refusal.of("the task", task, Codec.java(), e);
        }
    }

    /** What is to be done at the end, whatever becomes of the steps before it. */
    private interface Step extends AutoCloseable {
        @Override
        void close();
    }

    void close() {
        closed = true;
        boolean isInterrupted = Thread.interrupted(); // Spark would stop half of its parts only
        try (Step _ = this::stop; Step _ = this::forgetExecutors; Step _ = () -> shared.close(this)) {
            open.forEach(SparkRun::close);
        } finally {
            if (isInterrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void forgetExecutors() {
        if (!context.sc().isStopped()) {
            context.sc().removeSparkListener(executors);
        }
    }

    private void stop() {
        if (isOwner) {
            context.stop();
        }
    }
}
