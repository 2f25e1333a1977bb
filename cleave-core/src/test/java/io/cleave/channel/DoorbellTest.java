package io.cleave.channel;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.testing.Delays;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** A doorbell loses no ring. */
final class DoorbellTest {
    private final MemorySegment memory = Arena.ofAuto().allocate(Doorbell.BYTES, 64);
    private final Doorbell bell = new Doorbell(memory);

    private static Doorbell fresh() {
        return new Doorbell(Arena.ofAuto().allocate(Doorbell.BYTES, 64));
    }

    private static long later() {
        return System.nanoTime() + Delays.PATIENCE.toNanos();
    }

    /** Waits until a number has been reached; false where it slept until its deadline. */
    private static boolean await(Doorbell bell, AtomicLong number, long wanted) {
        while (number.get() < wanted) {
            int ticket = bell.prepare();
            if (number.get() >= wanted) {
                bell.cancel();
                return true;
            }
            long deadline = later();
            bell.sleep(ticket, deadline);
            if (System.nanoTime() >= deadline) {
                return false;
            }
        }
        return true;
    }

    @Test
    void noWakeUpIsLostInAHundredThousandRoundsBetweenTwoThreads() throws Exception {
        int rounds = 100_000;
        Doorbell there = fresh();
        Doorbell back = fresh();
        AtomicLong sent = new AtomicLong();
        AtomicLong answered = new AtomicLong();
        FutureTask<Boolean> answering = new FutureTask<>(() -> {
            for (int round = 1; round <= rounds; round++) {
                if (!await(there, sent, round)) {
                    return false;
                }
                answered.set(round);
                back.ring();
            }
            return true;
        });
        Thread thread = Thread.ofPlatform().start(answering);
        for (int round = 1; round <= rounds; round++) {
            sent.set(round);
            there.ring();
            assertThat(await(back, answered, round)).as("answer %d comes", round).isTrue();
        }
        assertThat(answering.get(Delays.PATIENCE.toNanos(), TimeUnit.NANOSECONDS)).isTrue();
        thread.join();
    }

    @Test
    void aRingBetweenTheAnnouncementAndTheSleepEndsTheSleep() {
        int ticket = bell.prepare();
        bell.ring();
        long deadline = later();
        bell.sleep(ticket, deadline);
        assertThat(System.nanoTime()).as("not the deadline ended it").isLessThan(deadline);
    }

    @Test
    void ringingWhereNobodySleepsChangesNothing() {
        for (int i = 0; i < 10; i++) {
            bell.ring();
        }
        assertThat(memory.get(JAVA_INT, 0)).as("ticket").isZero();
        bell.prepare();
        assertThat(memory.get(JAVA_INT, 4)).as("sleepers").isEqualTo(1);
        bell.cancel();
        bell.ring();
        assertThat(memory.get(JAVA_INT, 4)).isZero();
        assertThat(memory.get(JAVA_INT, 0)).isZero();
    }

    @Test
    void eachRingThatFindsASleeperRaisesTheTicket() {
        bell.prepare();
        bell.ring();
        bell.ring();
        assertThat(memory.get(JAVA_INT, 0)).isEqualTo(2);
        assertThat(bell.prepare()).isEqualTo(2);
        bell.cancel();
    }

    @Test
    void aSleepEndsWithItsDeadline() {
        long deadline = System.nanoTime() + Delays.SHORT.toNanos();
        while (System.nanoTime() < deadline) {
            bell.sleep(bell.prepare(), deadline); // may end early for no reason
        }
        assertThat(memory.get(JAVA_INT, 4)).as("sleepers").isZero();
        bell.sleep(bell.prepare(), System.nanoTime() - 1);
    }

    /** A waiter that died asleep has left its announcement behind. */
    @Test
    void aDeadSleeperHarmsNobody() throws Exception {
        bell.prepare();
        bell.ring();
        AtomicLong number = new AtomicLong();
        FutureTask<Boolean> waiting = new FutureTask<>(() -> await(bell, number, 1));
        Thread thread = Thread.ofPlatform().start(waiting);
        Delays.pause(Delays.SHORT);
        number.set(1);
        bell.ring();
        assertThat(waiting.get(Delays.PATIENCE.toNanos(), TimeUnit.NANOSECONDS)).isTrue();
        thread.join();
    }
}
