package io.cleave.worker;

import io.cleave.pool.AsyncTask;
import io.cleave.pool.Task;
import io.cleave.share.Codec;
import io.cleave.work.Failure;
import io.cleave.work.Parcel;
import io.cleave.work.TaskFrames;
import java.io.IOException;
import java.io.InvalidObjectException;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** A task that the pool has sent, deserialised when it is first needed. */
final class Job {
    private final int form;
    /** Where its classes are, where it has said so. */
    final @Nullable ClassLoader loader;
    private @Nullable Object parcel;
    private @Nullable Object task;
    /** Why it cannot be deserialised. */
    private @Nullable Throwable failure;

    Job(int form, @Nullable Object parcel, @Nullable ClassLoader loader) {
        this.loader = loader;
        this.form = form;
        this.parcel = parcel;
    }

    boolean isAsync() {
        return form == TaskFrames.ASYNC;
    }

    /** Deserialises the task, if it is not. */
    synchronized void open() throws IOException {
        if (task != null) {
            return;
        }
        if (failure != null) {
            throw new InvalidObjectException("the task cannot be deserialised in a worker: " + Failure.reason(failure),
                    failure);
        }
        try {
            task = Objects.requireNonNull(Parcel.open(parcel, Codec.java()));
            parcel = null;
        } catch (IOException | RuntimeException | LinkageError e) {
            failure = e;
            throw new InvalidObjectException("the task cannot be deserialised in a worker: " + Failure.reason(e), e);
        }
    }

    @SuppressWarnings("unchecked")
    @Nullable Object apply(@Nullable Object item) throws Exception {
        return switch (form) {
            case TaskFrames.CALL -> ((Callable<?>) present()).call();
            case TaskFrames.RUN -> {
                ((Runnable) present()).run();
                yield null;
            }
            default -> ((Task<@Nullable Object, @Nullable Object>) present()).apply(item);
        };
    }

    @SuppressWarnings("unchecked")
    CompletionStage<?> applyAsync(@Nullable Object item) throws Exception {
        return ((AsyncTask<@Nullable Object, ?>) present()).apply(item);
    }

    private synchronized Object present() {
        return Objects.requireNonNull(task);
    }
}
