package io.cleave.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.OwnerDiedException;
import io.cleave.owner.ParticipantsLayout;
import io.cleave.testing.Background;
import io.cleave.testing.Delays;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Who takes part in a barrier or a latch: by which handles, until when, and what the end of others does to it. */
final class MembershipTest {
    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory = arena.allocate(1_000, 64);
    private final SharedWords words = new SharedWords(memory);

    @AfterEach
    void close() {
        arena.close();
    }

    /** Seats of processes that have died, with something that they had. */
    private void seatDead(long membersAt, int count, long payload) {
        for (int seat = 0; seat < count; seat++) {
            words.set(membersAt + seat * 8L, ParticipantsLayout.process(4000, seat) | payload);
        }
    }

    private int seats(long membersAt) {
        int taken = 0;
        for (int seat = 0; seat < BarrierLayout.MEMBERS; seat++) {
            taken += words.get(membersAt + seat * 8L) == 0 ? 0 : 1;
        }
        return taken;
    }

    private long payload(long membersAt) {
        long sum = 0;
        for (int seat = 0; seat < BarrierLayout.MEMBERS; seat++) {
            sum += Members.payload(words.get(membersAt + seat * 8L));
        }
        return sum;
    }

    @Test
    void aRefusedNumberLeavesNothingBehind() {
        assertThatThrownBy(() -> SharedBarrier.at(memory, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> SharedBarrier.at(memory)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> SharedCountDownLatch.at(memory, -1)).isInstanceOf(IllegalArgumentException.class);
        assertThat(memory.mismatch(MemorySegment.ofArray(new long[125]))).isEqualTo(-1);
        assertThatThrownBy(() -> SharedBarrier.named("refused", 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> SharedCountDownLatch.named("refused", -1))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aProcessHasOneSeatWhileOneOfItsHandlesIsOpen() {
        SharedBarrier one = SharedBarrier.at(memory, 2);
        SharedBarrier two = SharedBarrier.at(memory);
        assertThat(seats(BarrierLayout.MEMBERS_AT)).isOne();
        assertThat(payload(BarrierLayout.MEMBERS_AT)).isEqualTo(2);
        one.close();
        one.close();
        assertThat(payload(BarrierLayout.MEMBERS_AT)).isOne();
        two.close();
        assertThat(seats(BarrierLayout.MEMBERS_AT)).isZero();
    }

    @Test
    void comingToABarrierThatOneHasClosedAttachesAgain() throws Exception {
        SharedBarrier barrier = SharedBarrier.at(memory, 1);
        barrier.close();
        assertThat(barrier.await()).isZero();
        assertThat(payload(BarrierLayout.MEMBERS_AT)).isOne();
        barrier.close();
        assertThat(seats(BarrierLayout.MEMBERS_AT)).isZero();
    }

    @Test
    void whoWaitsThroughAClosedHandleIsStillMissedWhereItDies() {
        SharedBarrier barrier = SharedBarrier.at(memory, 2);
        Background<Integer> waiter = Background.call(() -> barrier.await());
        assertThat(Delays.within(Delays.PATIENCE, () -> barrier.getNumberWaiting() == 1)).isTrue();
        barrier.close();
        assertThat(payload(BarrierLayout.MEMBERS_AT)).isOne();
        barrier.reset();
        assertThatThrownBy(waiter::get).isInstanceOf(BrokenBarrierException.class);
        assertThat(seats(BarrierLayout.MEMBERS_AT)).isZero();
    }

    @Test
    void theDeadMakeRoomAndBreakTheBarrier() throws Exception {
        SharedBarrier barrier = SharedBarrier.at(memory, 1);
        barrier.close();
        seatDead(BarrierLayout.MEMBERS_AT, BarrierLayout.MEMBERS, 1);
        SharedBarrier next = SharedBarrier.at(memory);
        assertThat(seats(BarrierLayout.MEMBERS_AT)).isOne();
        assertThatThrownBy(next::await).isInstanceOf(BrokenBarrierException.class);
        next.reset();
        assertThat(next.await()).isZero();
        next.close();
    }

    @Test
    void theDeadThatHadNothingMakeRoomAndBreakNothing() throws Exception {
        SharedBarrier barrier = SharedBarrier.at(memory, 1);
        barrier.close();
        seatDead(BarrierLayout.MEMBERS_AT, BarrierLayout.MEMBERS, 0);
        try (SharedBarrier next = SharedBarrier.at(memory)) {
            assertThat(next.await()).isZero();
        }
    }

    @Test
    void aResetIsTheEndOfAllDeathsBeforeIt() throws Exception {
        try (SharedBarrier barrier = SharedBarrier.at(memory, 1)) {
            words.set(BarrierLayout.MEMBERS_AT + 63 * 8L, ParticipantsLayout.process(4000, 1) | 2);
            barrier.reset();
            assertThat(barrier.await()).isZero();
        }
    }

    @Test
    void theDeadMakeRoomAtALatchAndBreakItWhereTheyDidNothing() throws Exception {
        SharedCountDownLatch.at(memory, 3).close();
        seatDead(LatchLayout.MEMBERS_AT, LatchLayout.MEMBERS, LatchLayout.ACTIVE | 1);
        SharedCountDownLatch latch = SharedCountDownLatch.at(memory);
        assertThat(seats(LatchLayout.MEMBERS_AT)).isOne();
        assertThat(latch.await(Duration.ZERO)).isFalse();
        latch.close();
        seatDead(LatchLayout.MEMBERS_AT, LatchLayout.MEMBERS, 1);
        SharedCountDownLatch next = SharedCountDownLatch.at(memory);
        assertThatThrownBy(() -> next.await()).isInstanceOf(OwnerDiedException.class).hasMessageContaining("3");
        for (int i = 0; i < 3; i++) {
            next.countDown();
        }
        next.await(); // it was completed all the same
        next.close();
        assertThat(seats(LatchLayout.MEMBERS_AT)).isZero();
    }

    @Test
    void aHandleThatClosesUnderItsWaitersTakesThemAlong() throws Exception {
        for (boolean isVirtual : new boolean[] {false, true}) {
            try (SharedBarrier others = SharedBarrier.named("taken-along", 3)) {
                SharedBarrier closing = SharedBarrier.named("taken-along", 3);
                Background<Integer> leaving = Background.start(isVirtual, () -> closing.await());
                Background<Integer> staying = Background.start(isVirtual, () -> others.await());
                assertThat(Delays.within(Delays.PATIENCE, () -> others.getNumberWaiting() == 2)).isTrue();
                leaving.staysBlocked();
                closing.close();
                assertThatThrownBy(leaving::get).isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(staying::get).isInstanceOf(BrokenBarrierException.class);
                assertThat(others.getNumberWaiting()).isZero();
                others.reset();
                List<Background<Integer>> all = new ArrayList<>();
                for (int i = 0; i < 3; i++) {
                    all.add(Background.start(isVirtual, () -> others.await()));
                }
                List<Integer> indices = new ArrayList<>();
                for (Background<Integer> one : all) {
                    indices.add(one.get());
                }
                assertThat(indices).containsExactlyInAnyOrder(0, 1, 2);
            }
        }
    }
}
