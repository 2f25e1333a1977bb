package io.cleave.sync;

import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** Waits that keep no platform thread: each is a virtual one that sleeps in {@link Room} like any other. */
final class Async {
    private Async() {
    }

    /**
     * Starts a wait.
     *
     * @param wait what to wait for; it is interrupted where the future is cancelled or completed by somebody else
     * @param giveBack undoes a wait whose result nobody takes
     */
    static <T> CompletableFuture<T> start(Callable<T> wait, Consumer<T> giveBack) {
        CompletableFuture<T> future = new CompletableFuture<>();
        Thread thread = Thread.ofVirtual().unstarted(() -> {
            try {
                T result = wait.call();
                if (!future.complete(result)) {
                    giveBack.accept(result);
                }
            } catch (Throwable t) { // an Error, too: whoever waits for the future has to learn that nobody works on it
                future.completeExceptionally(t);
            }
        });
        var _ = future.whenComplete((_, _) -> {
            if (!Thread.currentThread().equals(thread)) {
                thread.interrupt();
            }
        });
        thread.start();
        return future;
    }
}
