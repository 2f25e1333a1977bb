package io.cleave.sync;

import static io.cleave.sync.AtomicsContract.compare;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.testing.Background;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Shared numbers beside those of java.util.concurrent, and the bare futex. */
final class AtomicsTest {
    private final Arena arena = Arena.ofShared();

    @AfterEach
    void close() {
        arena.close();
    }

    @Test
    void theMethodsOfAtomicIntegerDoTheSame() throws Exception {
        SharedAtomicInt shared = SharedAtomicInt.at(arena.allocate(4, 4));
        compare(new AtomicInteger(), call -> call.on(shared, MemorySegment.NULL));
    }

    @Test
    void theMethodsOfAtomicLongDoTheSame() throws Exception {
        SharedAtomicLong shared = SharedAtomicLong.at(arena.allocate(8, 8));
        compare(new AtomicLong(), call -> call.on(shared, MemorySegment.NULL));
    }

    @Test
    void noAdditionIsLostBetweenTwoHandles() throws Exception {
        try (SharedAtomicLong one = SharedAtomicLong.named("count");
                SharedAtomicLong two = SharedAtomicLong.named("count");
                SharedAtomicInt small = SharedAtomicInt.named("small")) {
            List<Background<Void>> all = new ArrayList<>();
            for (SharedAtomicLong number : List.of(one, two)) {
                all.add(Background.run(() -> {
                    for (int i = 0; i < 50_000; i++) {
                        number.incrementAndGet();
                        small.getAndUpdate(value -> value + 2);
                    }
                }));
            }
            for (Background<Void> each : all) {
                each.get();
            }
            assertThat(one.get()).isEqualTo(100_000);
            assertThat(small.get()).isEqualTo(200_000);
        }
    }

    @Test
    void aFutexWordSaysHowAWaitEnded() throws Exception {
        FutexWord word = FutexWord.at(arena.allocate(4, 4));
        assertThat(word.await(1)).isEqualTo(FutexWord.Wait.CHANGED);
        assertThat(word.await(0, Duration.ZERO)).isEqualTo(FutexWord.Wait.TIMED_OUT);
        assertThat(word.await(0, Duration.ofMillis(2))).isEqualTo(FutexWord.Wait.TIMED_OUT);
        Background<FutexWord.Wait> waiter = Background.call(() -> word.await(0)).staysBlocked();
        assertThat(word.wake(0)).isZero();
        waiter.staysBlocked();
        assertThat(word.compareAndSet(0, 7)).isTrue();
        int woken = word.wake(5);
        assertThat(waiter.get()).isEqualTo(woken == 1 ? FutexWord.Wait.WOKEN : FutexWord.Wait.CHANGED);
        assertThat(List.of(word.getAndSet(8), word.getAndAdd(2), word.get(), word.getAcquire()).stream()
                .map(String::valueOf).collect(Collectors.joining(" "))).isEqualTo("7 8 10 10");
        Background<FutexWord.Wait> interrupted = Background.call(() -> word.await(10)).staysBlocked();
        interrupted.interrupt();
        assertThatThrownBy(interrupted::get).isInstanceOf(InterruptedException.class);
    }
}
