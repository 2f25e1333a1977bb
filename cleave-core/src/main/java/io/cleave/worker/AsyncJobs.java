package io.cleave.worker;

import io.cleave.WorkerDiedException;
import io.cleave.channel.FrameBuffer;
import io.cleave.channel.Ring;
import io.cleave.share.Codec;
import io.cleave.work.Failure;
import io.cleave.work.PoolMemory;
import io.cleave.work.TaskFrames;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** The asynchronous tasks of a worker that are under way: each item is begun by a virtual thread of its own. */
final class AsyncJobs {
    private static final long LEAVE_NANOS = 100_000_000;

    private final Ring.Producer out;
    private final Runnable ring;
    private final Codec codec;
    private final String name;
    private final Map<Long, Running> running = new ConcurrentHashMap<>();
    /** In which stages are cancelled. */
    private final Queue<Thread> cancelling = new ConcurrentLinkedQueue<>();

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
        private final AtomicBoolean isSent = new AtomicBoolean();

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
                    cancel();
                }
                var _ = begun.whenComplete((result, thrown) -> send(this, result, thrown));
            } catch (Throwable t) {
                send(this, null, t);
            }
        }

        void interrupt() {
            if (isUnwanted) {
                return;
            }
            isUnwanted = true;
            Thread starter = thread;
            if (starter != null) {
                starter.interrupt();
            }
            if (stage != null) { // what hangs on it is the user's, and may take long
                cancelling.add(Thread.ofVirtual().name("cleave-cancel").start(this::cancel));
            }
        }

        private void cancel() {
            CompletionStage<?> begun = stage;
            if (begun != null) {
                begun.toCompletableFuture().cancel(true);
            }
        }
    }

    void start(long batch, Job job, @Nullable Object parcel, long index) {
        Running item = new Running(batch, job, parcel, index);
        running.put(batch, item);
        item.thread = Thread.ofVirtual().name("cleave-task").start(item);
    }

    /** Gives what hangs on cancelled stages a little time before the JVM ends. */
    void awaitCancelled() {
        long end = System.nanoTime() + LEAVE_NANOS;
        try {
            for (Thread thread = cancelling.poll(); thread != null; thread = cancelling.poll()) {
                boolean _ = thread.join(Duration.ofNanos(Math.max(1, end - System.nanoTime())));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Interrupts what the pool does not want any more. */
    void interrupt(PoolMemory.Slot slot) {
        cancelling.removeIf(thread -> !thread.isAlive());
        running.forEach((batch, item) -> {
            if (slot.isInterrupted(batch)) {
                item.interrupt();
            }
        });
    }

    /** Encodes what has come of an item, which may take long and run code of the user's, and then sends it, under a lock. */
    private void send(Running item, @Nullable Object result, @Nullable Throwable thrown) {
        if (!item.isSent.compareAndSet(false, true)) {
            return;
        }
        try {
            FrameBuffer frames = new FrameBuffer(128);
            frames.write(TaskFrames.AT, Long.BYTES, item.batch);
            if (thrown != null) {
                boolean _ = Worker.writeFailure(frames, unwrapped(thrown), item.item, item.index, name);
            } else {
                write(frames, item, result);
            }
            frames.write(TaskFrames.END, Long.BYTES, System.nanoTime() - item.start);
            send(item, frames);
        } catch (WorkerDiedException e) {
            Runtime.getRuntime().halt(0); // the pool is gone
        } catch (Throwable t) {
            Runtime.getRuntime().halt(PoolMemory.EXIT_BROKEN);
        }
    }

    private synchronized void send(Running item, FrameBuffer frames) {
        running.remove(item.batch); // before the pool hears of its end, and may use the number's place again
        frames.writeTo(out);
        ring.run();
    }

    private static Throwable unwrapped(Throwable thrown) {
        return thrown instanceof CompletionException && thrown.getCause() != null ? thrown.getCause() : thrown;
    }

    private void write(FrameBuffer frames, Running item, @Nullable Object result) throws IOException {
        try {
            Worker.writeValue(frames, codec, result);
        } catch (Exception | LinkageError | StackOverflowError e) {
            byte[] bytes = Failure.unsendable(e, result, codec, item.item, item.index, name).encode();
            frames.write(TaskFrames.FAILURE, bytes, 0, bytes.length);
        } catch (Error e) { // whatever its class throws
            boolean _ = Worker.writeFailure(frames, e, item.item, item.index, name);
        }
    }
}
