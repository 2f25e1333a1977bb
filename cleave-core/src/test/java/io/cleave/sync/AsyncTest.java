package io.cleave.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.testing.Delays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What becomes of the result of an asynchronous wait. */
final class AsyncTest {
    private final AtomicInteger givenBack = new AtomicInteger();

    private CompletableFuture<String> completed() {
        CompletableFuture<String> future = Async.start(() -> "got", _ -> givenBack.incrementAndGet());
        // its text says it without counting as a question
        assertThat(Delays.within(Delays.PATIENCE, () -> future.toString().contains("Completed normally"))).isTrue();
        return future;
    }

    @Test
    void anErrorCompletesTheFuture() {
        CompletableFuture<String> future = Async.start(() -> {
            throw new StackOverflowError("seen");
        }, _ -> {});
        assertThatThrownBy(() -> future.get(Delays.PATIENCE.toMillis(), TimeUnit.MILLISECONDS))
                .isInstanceOf(ExecutionException.class).hasCauseInstanceOf(StackOverflowError.class);
    }

    @Test
    void whatArrivesAfterTheCancellingIsGivenBack() {
        CountDownLatch isInterrupted = new CountDownLatch(1);
        CompletableFuture<String> future = Async.start(() -> {
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                isInterrupted.countDown();
            }
            return "too late";
        }, _ -> givenBack.incrementAndGet());
        assertThat(future.cancel(true)).isTrue();
        assertThat(Delays.within(Delays.PATIENCE, () -> givenBack.get() == 1)).isTrue();
        assertThat(isInterrupted.getCount()).isZero();
    }

    @Test
    void whatHasArrivedIsGivenBackOnceByCancellingUnlessSomebodyHasAskedForIt() throws Exception {
        CompletableFuture<String> future = completed();
        assertThat(future.cancel(false)).isTrue();
        assertThat(future.isCancelled()).isTrue();
        assertThat(future.cancel(false)).isTrue();
        assertThat(givenBack).hasValue(1);
        assertThatThrownBy(future::get).isInstanceOf(CancellationException.class);
        assertThatThrownBy(future::join).isInstanceOf(CancellationException.class);
    }

    @Test
    void whatSomebodyHasAskedForIsTheirs() throws Exception {
        CompletableFuture<String> got = completed();
        assertThat(got.get()).isEqualTo("got");
        CompletableFuture<String> joined = completed();
        assertThat(joined.join()).isEqualTo("got");
        CompletableFuture<String> gotNow = completed();
        assertThat(gotNow.getNow("")).isEqualTo("got");
        CompletableFuture<String> result = completed();
        assertThat(result.resultNow()).isEqualTo("got");
        CompletableFuture<String> used = completed();
        assertThat(used.thenApply(String::length).join()).isEqualTo(3);
        CompletableFuture<String> seen = completed();
        assertThat(seen.isDone()).isTrue();
        CompletableFuture<String> stage = completed();
        CompletionStage<String> minimal = stage.minimalCompletionStage();
        assertThat(minimal.toCompletableFuture().join()).isEqualTo("got");
        CompletableFuture<String> relayed = completed();
        assertThat(CompletableFuture.completedFuture(1).thenCompose(_ -> relayed).join()).isEqualTo("got");
        CompletableFuture<String> raced = completed();
        assertThat(CompletableFuture.anyOf(raced.copy(), new CompletableFuture<String>()).join()).isEqualTo("got");
        for (CompletableFuture<String> future : List.of(got, joined, gotNow, result, used, seen, stage, relayed,
                raced)) {
            assertThat(future.cancel(true)).isFalse();
            assertThat(future.join()).isEqualTo("got");
        }
        assertThat(givenBack).hasValue(0);
    }
}
