package io.cleave.sync;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.testing.Delays;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A call in a thread of its own. */
final class Background<T> {
    private final CompletableFuture<T> result = new CompletableFuture<>();
    private final Thread thread;

    private Background(Callable<T> call, boolean isVirtual) {
        Runnable body = () -> {
            try {
                result.complete(call.call());
            } catch (Throwable t) {
                result.completeExceptionally(t);
            }
        };
        thread = isVirtual ? Thread.ofVirtual().start(body) : Thread.ofPlatform().daemon().start(body);
    }

    /** Something that a thread does. */
    interface Action {
        void run() throws Exception;
    }

    static <T> Background<T> call(Callable<T> call) {
        return new Background<>(call, false);
    }

    static Background<Void> run(Action action) {
        return new Background<>(() -> {
            action.run();
            return null;
        }, false);
    }

    static Background<Void> runVirtual(Action action) {
        return new Background<>(() -> {
            action.run();
            return null;
        }, true);
    }

    Thread thread() {
        return thread;
    }

    void interrupt() {
        thread.interrupt();
    }

    /** Checks that it goes on for a while. */
    Background<T> staysBlocked() {
        Delays.pause(Delays.SHORT);
        assertThat(result).isNotDone();
        return this;
    }

    T get() throws Exception {
        try {
            return result.get(Delays.PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
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
