package io.cleave.objects;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An element, or a delivery, that a virtual thread waits for. Whoever cancels or completes the future closes the claim before, which fails
 * once the element is being taken: so either nobody takes one, or the future completes with it.
 */
final class QueueFuture<E> extends CompletableFuture<E> {
    private final Source<E> source;
    private final QueueClaim claim = new QueueClaim();
    private final Thread thread = Thread.ofVirtual().name("cleave-take").unstarted(this::run);

    /** Where it comes from. */
    interface Source<E> {
        /**
         * Waits.
         *
         * @return null where the claim was closed
         */
        @Nullable E take(QueueClaim claim) throws InterruptedException;
    }

    QueueFuture(Source<E> source) {
        this.source = source;
    }

    QueueFuture<E> start() {
        thread.start();
        return this;
    }

    private void run() {
        try {
            E element = source.take(claim);
            if (element != null) {
                boolean _ = super.complete(element);
            }
        } catch (Throwable t) { // an Error, too: whoever waits for the future has to learn that nobody works on it
            if (claim.close() || !claim.isClosed()) { // else whoever has closed it completes it, too
                boolean _ = super.completeExceptionally(t);
            }
        }
    }

    /** Whether somebody else than the thread may complete the future; the thread ends then. */
    private boolean close() {
        boolean isClosed = claim.close();
        if (isClosed) {
            thread.interrupt();
        }
        return isClosed;
    }

    @Override
    public boolean complete(E element) {
        return close() && super.complete(element);
    }

    @Override
    public boolean completeExceptionally(Throwable failure) {
        return close() && super.completeExceptionally(failure);
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
        return close() ? super.cancel(mayInterruptIfRunning) : isCancelled();
    }

    /** An element that is being taken already is lost with this, as one is that the future has completed with before. */
    @Override
    public void obtrudeValue(E element) {
        boolean _ = close();
        super.obtrudeValue(element);
    }

    @Override
    public void obtrudeException(Throwable failure) {
        boolean _ = close();
        super.obtrudeException(failure);
    }

    @Override
    public CompletableFuture<E> completeAsync(Supplier<? extends E> supplier) {
        return completeAsync(supplier, defaultExecutor());
    }

    @Override
    public CompletableFuture<E> completeAsync(Supplier<? extends E> supplier, Executor executor) {
        executor.execute(() -> {
            try {
                boolean _ = complete(supplier.get());
            } catch (Throwable t) { // an Error, too, as in any other future
                boolean _ = completeExceptionally(t);
            }
        });
        return this;
    }
}
