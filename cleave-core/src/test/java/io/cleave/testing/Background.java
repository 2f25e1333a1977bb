package io.cleave.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A call in a thread of its own, of this JVM or another. */
public final class Background<T> {
    private final CompletableFuture<T> result;
    private final Runnable interrupt;

    /** A call that somebody else makes. */
    public Background(CompletableFuture<T> result, Runnable interrupt) {
        this.result = result;
        this.interrupt = interrupt;
    }

    /** Something that a thread does. */
    public interface Action {
        void run() throws Exception;
    }

    public static <T> Background<T> start(boolean isVirtual, Callable<T> call) {
        CompletableFuture<T> result = new CompletableFuture<>();
        Runnable body = () -> {
            try {
                result.complete(call.call());
            } catch (Throwable t) {
                result.completeExceptionally(t);
            }
        };
        Thread thread = isVirtual ? Thread.ofVirtual().start(body) : Thread.ofPlatform().daemon().start(body);
        return new Background<>(result, thread::interrupt);
    }

    public static <T> Background<T> call(Callable<T> call) {
        return start(false, call);
    }

    public static Background<Void> run(Action action) {
        return start(false, action(action));
    }

    public static Background<Void> runVirtual(Action action) {
        return start(true, action(action));
    }

    private static Callable<Void> action(Action action) {
        return () -> {
            action.run();
            return null;
        };
    }

    public boolean isDone() {
        return result.isDone();
    }

    public void interrupt() {
        interrupt.run();
    }

    /** Checks that it goes on for a while. */
    public Background<T> staysBlocked() {
        Delays.pause(Delays.SHORT);
        assertThat(result).isNotDone();
        return this;
    }

    public T get() throws Exception {
        return get(Delays.PATIENCE);
    }

    public T get(Duration bound) throws Exception {
        try {
            return result.get(bound.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new AssertionError("still blocked", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Exception cause) {
                throw cause;
            }
            throw e;
        }
    }
}
