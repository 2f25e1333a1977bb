package io.cleave.os;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.memory.SharedMemory;
import io.cleave.testing.ChildJvm;
import io.cleave.testing.Delays;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class FutexTest {
    private final MemorySegment word = Arena.ofAuto().allocate(ValueLayout.JAVA_INT);

    @Test
    void anotherValueThanExpectedEndsTheWaitAtOnce() {
        word.set(ValueLayout.JAVA_INT, 0, 7);
        assertThat(Futex.wait_bitset(word, 6, Futex.NEVER, false)).isEqualTo(-Errno.EAGAIN);
    }

    @Test
    void aWaitEndsAtItsDeadlineAndNotBefore() {
        long deadline = System.nanoTime() + Delays.SHORT.toNanos();
        int result;
        do {
            result = Futex.wait_bitset(word, 0, deadline, false);
        } while (result == -Errno.EINTR);
        assertThat(result).isEqualTo(-Errno.ETIMEDOUT);
        assertThat(System.nanoTime()).isGreaterThanOrEqualTo(deadline);
    }

    @Test
    void aDeadlineInThePastHasPassed() {
        assertThat(Futex.wait_bitset(word, 0, System.nanoTime() - 1, false)).isEqualTo(-Errno.ETIMEDOUT);
        assertThat(Futex.wait_bitset(word, 0, -1, false)).isEqualTo(-Errno.ETIMEDOUT);
    }

    @Test
    void aWakeWithoutAWaiterWakesNobody() {
        assertThat(Futex.wake(word, 1, false)).isZero();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aWaiterIsWoken(boolean isPrivate) {
        CompletableFuture<Integer> waiter = CompletableFuture
                .supplyAsync(() -> Futex.wait_bitset(word, 0, Futex.NEVER, isPrivate));
        assertThat(Delays.within(Delays.PATIENCE, () -> Futex.wake(word, 1, isPrivate) == 1)).isTrue();
        assertThat(waiter.join()).isZero();
    }

    @Test
    void aWaiterInAnotherProcessIsWoken() throws InterruptedException {
        try (SharedMemory block = SharedMemory.create("futex-test", 4);
                ChildJvm child = ChildJvm.start(Waits.class, block.name())) {
            child.awaitLine("waits");
            assertThat(Delays.within(Delays.PATIENCE, () -> Futex.wake(block.segment(), 1, false) == 1)).isTrue();
            assertThat(child.awaitLine("result ")).isEqualTo("0");
            assertThat(child.awaitExit()).isZero();
        }
    }

    static final class Waits {

        public static void main(String[] arguments) {
            try (SharedMemory block = SharedMemory.open(arguments[0])) {
                System.out.println("waits");
                System.out.println("result " + Futex.wait_bitset(block.segment(), 0, Futex.NEVER, false));
            }
        }
    }

    @Test
    void aWaitOnSeveralWordsNamesTheOneThatWasWoken() {
        MemorySegment words = Arena.ofAuto().allocate(ValueLayout.JAVA_INT, 3);
        CompletableFuture<Integer> waiter = CompletableFuture.supplyAsync(() -> waitAny(words));
        MemorySegment last = words.asSlice(8, 4);
        assertThat(Delays.within(Delays.PATIENCE, () -> waiter.isDone() || Futex.wake(last, 1, false) == 1)).isTrue();
        assertThat(waiter.join()).isIn(2, -Errno.ENOSYS);
    }

    private static int waitAny(MemorySegment words) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment vector = arena.allocate(3L * Futex.WAITV_ENTRY_BYTES, 8);
            for (int i = 0; i < 3; i++) {
                Futex.setEntry(vector, i, words.address() + 4L * i, 0);
            }
            return Futex.waitv(vector, 3, Futex.NEVER);
        }
    }
}
