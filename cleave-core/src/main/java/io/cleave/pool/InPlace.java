package io.cleave.pool;

import io.cleave.work.Failure;
import io.cleave.work.Sneaky;
import java.util.Iterator;
import java.util.List;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/** What a pool does where it is used by one of its own workers, or by a forked child: it computes there, item by item. */
final class InPlace {
    private InPlace() {
    }

    static <T extends @Nullable Object, R extends @Nullable Object> Stream<R> stream(Iterable<? extends T> items,
            Task<? super T, ? extends R> task) {
        return StreamSupport.stream(new Spliterators.AbstractSpliterator<R>(Long.MAX_VALUE, Spliterator.ORDERED) {
            private @Nullable Iterator<? extends T> iterator;
            private long index;

            @Override
            public boolean tryAdvance(Consumer<? super R> action) {
                if (iterator == null) {
                    iterator = items.iterator();
                }
                if (!iterator.hasNext()) {
                    return false;
                }
                action.accept(compute(iterator.next()));
                index++;
                return true;
            }

            private R compute(T item) {
                try {
                    return task.apply(item);
                } catch (Throwable t) {
                    throw Sneaky.rethrow(
                            Failure.addAccount(t, item, index, "thread " + Thread.currentThread().getName()));
                }
            }
        }, false);
    }

    static <T extends @Nullable Object, R extends @Nullable Object> CompletableFuture<List<R>> future(
            Iterable<? extends T> items, Task<? super T, ? extends R> task) {
        try {
            return CompletableFuture.completedFuture(InPlace.<T, R>stream(items, task).toList());
        } catch (Throwable t) {
            return CompletableFuture.failedFuture(t);
        }
    }
}
