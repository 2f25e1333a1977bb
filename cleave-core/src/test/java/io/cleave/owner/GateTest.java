package io.cleave.owner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class GateTest {
    private static final int ROUNDS = 60;
    private static final int PASSES = 200;

    /** Stands for the memory behind a gate. Not volatile: what the gate orders is enough. */
    private boolean isGone;

    private Gate gate(int seats) {
        isGone = false;
        return new Gate(() -> isGone = true, MemorySegment.NULL, seats);
    }

    /** Passes the gate until it is shut, and counts how often the memory was gone inside. */
    private void pass(Gate gate, AtomicInteger late, AtomicInteger passed) {
        while (true) {
            try {
                gate.enter();
            } catch (IllegalStateException e) {
                return; // it is shut
            }
            try {
                if (isGone) {
                    late.incrementAndGet();
                }
                passed.incrementAndGet();
            } finally {
                gate.exit();
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 3, false", "16, 3, false", "2, 5, false", "16, 4, true"})
    void theMemoryGoesWhenNobodyIsInside(int seats, int threads, boolean areVirtual) throws InterruptedException {
        AtomicInteger late = new AtomicInteger();
        for (int round = 0; round < ROUNDS; round++) {
            Gate gate = gate(seats);
            AtomicInteger passed = new AtomicInteger();
            List<Thread> all = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                Runnable task = () -> pass(gate, late, passed);
                all.add(areVirtual ? Thread.ofVirtual().start(task) : Thread.ofPlatform().start(task));
            }
            while (passed.get() < PASSES) {
                Thread.onSpinWait();
            }
            gate.close(List.of());
            for (Thread each : all) {
                each.join();
            }
            assertThat(isGone).isTrue();
        }
        assertThat(late).hasValue(0);
    }

    @Test
    void aThreadMayComeInAgainWhileItIsInside() throws InterruptedException {
        Gate gate = gate(16);
        gate.enter();
        gate.enter();
        gate.exit();
        AtomicBoolean isClosed = new AtomicBoolean();
        CountDownLatch hasBegun = new CountDownLatch(1);
        Thread closer = Thread.ofPlatform().start(() -> {
            hasBegun.countDown();
            gate.close(List.of());
            isClosed.set(true);
        });
        hasBegun.await();
        while (!gate.isClosed()) {
            Thread.onSpinWait();
        }
        assertThatThrownBy(gate::enter).isInstanceOf(IllegalStateException.class).hasMessageContaining("closed");
        assertThat(isGone).isFalse();
        assertThat(isClosed).isFalse();
        gate.exit();
        closer.join();
        assertThat(isGone).isTrue();
    }

    /** There are many more threads than seats, most of which have ended: their seats go to others, and nothing is counted twice. */
    @Test
    void seatsOfThreadsThatHaveEndedAreUsedAgain() throws InterruptedException {
        Gate gate = gate(2);
        AtomicInteger inside = new AtomicInteger();
        for (int i = 0; i < 200; i++) {
            Thread thread = Thread.ofPlatform().start(() -> {
                gate.enter();
                inside.incrementAndGet();
                gate.exit();
            });
            thread.join();
        }
        gate.close(List.of());
        assertThat(inside).hasValue(200);
        assertThat(isGone).isTrue();
    }
}
