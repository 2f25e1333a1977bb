package io.cleave.worker;

import io.cleave.WorkerDiedException;
import io.cleave.channel.Ring;
import io.cleave.share.Codec;
import io.cleave.work.Failure;
import io.cleave.work.PoolMemory;
import io.cleave.work.TaskFrames;
import java.io.IOException;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The asynchronous tasks of a worker that are under way: each item is begun by a virtual thread of its own. */
final class AsyncJobs {
    private final Ring.Producer out;
    private final Runnable ring;
    private final Codec codec;
    private final String name;
    private final Map<Long, Running> running = new ConcurrentHashMap<>();

    AsyncJobs(Ring.Producer out, Runnable ring, Codec codec, String name) {
        this.out = out;
        this.ring = ring;
        this.codec = codec;
        this.name = name;
    }

    /** One item. */
    private final class Running implements Runnable {
        private final long batch;
        private final Job job;
        private final @Nullable Object parcel;
        private final long index;
        private final long start = System.nanoTime();
        private @Nullable Object item;
        private volatile @Nullable Thread thread;
        private volatile @Nullable CompletionStage<?> stage;
        private volatile boolean isUnwanted;

        Running(long batch, Job job, @Nullable Object parcel, long index) {
            this.index = index;
            this.batch = batch;
            this.job = job;
            this.parcel = parcel;
        }

        @Override
        public void run() {
            try {
                job.open();
                item = Worker.open(parcel, codec);
                CompletionStage<?> begun = Objects.requireNonNull(job.applyAsync(item), "the task returned null, "
                        + "not a CompletionStage");
                stage = begun;
                if (isUnwanted) { // since before there was a stage to be cancelled
                    begun.toCompletableFuture().cancel(true);
                }
                var _ = begun.whenComplete((result, thrown) -> send(this, result, thrown));
            } catch (Throwable t) {
                send(this, null, t);
            }
        }

        void interrupt() {
            isUnwanted = true;
            CompletionStage<?> begun = stage;
            if (begun != null) {
                begun.toCompletableFuture().cancel(true);
            }
            Thread starter = thread;
            if (starter != null) {
                starter.interrupt();
            }
        }
    }

    void start(long batch, Job job, @Nullable Object parcel, long index) {
        Running item = new Running(batch, job, parcel, index);
        running.put(batch, item);
        item.thread = Thread.ofVirtual().name("cleave-task").start(item);
    }

    /** Interrupts what the pool does not want any more. */
    void interrupt(PoolMemory.Slot slot) {
        running.forEach((batch, item) -> {
            if (slot.isInterrupted(batch)) {
                item.interrupt();
            }
        });
    }

    private synchronized void send(Running item, @Nullable Object result, @Nullable Throwable thrown) {
        if (running.remove(item.batch) == null) {
            return; // it was sent
        }
        try {
            out.write(TaskFrames.AT, Long.BYTES, item.batch);
            if (thrown != null) {
                fail(Failure.of(unwrapped(thrown), item.item, item.index, name));
            } else {
                write(item, result);
            }
            out.write(TaskFrames.END, Long.BYTES, System.nanoTime() - item.start);
            ring.run();
        } catch (WorkerDiedException e) {
            Runtime.getRuntime().halt(0); // the pool is gone
        } catch (Throwable t) {
            Runtime.getRuntime().halt(Worker.EXIT_BROKEN);
        }
    }

    private static Throwable unwrapped(Throwable thrown) {
        return thrown instanceof CompletionException && thrown.getCause() != null ? thrown.getCause() : thrown;
    }

    private void write(Running item, @Nullable Object result) throws IOException {
        try {
            Worker.writeValue(out, codec, result);
        } catch (WorkerDiedException e) {
            throw e;
        } catch (Exception | LinkageError | StackOverflowError e) {
            fail(Failure.unsendable(e, result, codec, item.item, item.index, name));
        }
    }

    private void fail(Failure failure) throws IOException {
        byte[] bytes = failure.encode();
        out.write(TaskFrames.FAILURE, bytes, 0, bytes.length);
    }
}
