package io.cleave.fission;

import io.cleave.work.Sneaky;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The platform thread in which a run's steps happen: the caller's own, or, where the caller is a virtual thread, one
 * kept for the run. A virtual thread cannot be forked: in the child nothing would ever mount it again.
 */
final class Driver implements AutoCloseable {
    private @Nullable ExecutorService standIn;

    boolean call(BooleanSupplier step) {
        if (!Thread.currentThread().isVirtual()) {
            return step.getAsBoolean();
        }
        ExecutorService executor = standIn;
        if (executor == null) {
            executor = Executors.newSingleThreadExecutor(
                    Thread.ofPlatform().daemon().name("cleave-fission-driver").factory());
            standIn = executor;
        }
        try {
            return executor.submit(step::getAsBoolean).get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            executor.shutdownNow(); // interrupts the step, which then ends the run
            return false;
        } catch (ExecutionException e) {
            throw Sneaky.rethrow(e.getCause() == null ? e : e.getCause());
        }
    }

    @Override
    public void close() {
        if (standIn != null) {
            standIn.shutdownNow();
        }
    }
}
