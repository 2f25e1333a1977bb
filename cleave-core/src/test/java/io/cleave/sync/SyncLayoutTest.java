package io.cleave.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.owner.Participants;
import io.cleave.owner.ParticipantsLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The formats in shared memory, which must not change by accident, and the memory that is refused. */
final class SyncLayoutTest {

    @Test
    void sizesAndOffsetsAreAsDocumented() {
        assertThat(List.of(MutexLayout.WORD_AT, MutexLayout.HOLDS_AT, MutexLayout.STAMP_AT, MutexLayout.CONDITIONS_AT,
                MutexLayout.conditionAt(7), MutexLayout.BYTES)).containsExactly(0L, 8L, 16L, 64L, 456L, 512L);
        assertThat(List.of(MutexLayout.GROUPS_IN_CONDITION, MutexLayout.TURNS_IN_CONDITION,
                MutexLayout.PASSED_IN_CONDITION)).containsExactly(8L, 24L, 40L);
        assertThat(List.of(BarrierLayout.WORD_AT, BarrierLayout.PARTIES_AT, BarrierLayout.STAMP_AT,
                BarrierLayout.HISTORY_AT, BarrierLayout.MEMBERS_AT, BarrierLayout.BYTES, BarrierLayout.NAMED_BYTES))
                .containsExactly(0L, 8L, 24L, 64L, 320L, 832L, 2320L);
        assertThat(List.of(LatchLayout.WORD_AT, LatchLayout.STAMP_AT, LatchLayout.MEMBERS_AT, LatchLayout.BYTES,
                LatchLayout.NAMED_BYTES)).containsExactly(0L, 24L, 64L, 576L, 2064L);
        assertThat(List.of(FutexWord.BYTES, SharedAtomicInt.BYTES, SharedAtomicLong.BYTES, SharedEvent.BYTES,
                SharedMutex.BYTES, SharedSemaphore.BYTES, SharedReadWriteLock.BYTES, SharedCountDownLatch.BYTES,
                SharedBarrier.BYTES)).containsExactly(4L, 4L, 8L, 64L, 512L, 1024L, 1024L, 576L, 832L);
        assertThat(List.of(TallyLayout.STATE_AT, TallyLayout.TURN_AT, TallyLayout.STAMP_AT,
                TallyLayout.LEDGER_AT, TallyLayout.RESERVE_AT, TallyLayout.NEXT_RESERVE_AT, TallyLayout.NEXT_BASE_AT,
                TallyLayout.WANTED_AT, TallyLayout.BEAT_AT, TallyLayout.NEXT_SEAT_AT, TallyLayout.WRITER_AT,
                TallyLayout.WRITE_HOLDS_AT, TallyLayout.DIED_AT, TallyLayout.IDENTITY_AT, TallyLayout.MEMBERS_AT,
                TallyLayout.BYTES, TallyLayout.NAMED_BYTES)).containsExactly(0L, 8L, 24L, 32L, 40L, 48L, 56L, 64L,
                        72L, 80L, 88L, 96L, 104L, 112L, 128L, 1024L, 4096L);
    }

    @Test
    void aTallysStateIsPackedAsDocumented() {
        long state = TallyLayout.next(0x1ff_ffff, TallyLayout.MARK | TallyLayout.RESERVED, -3, 5, 1023);
        assertThat(state).isEqualTo(1L << 62 | 1L << 59 | 0xfffdL << 43 | 6L << 35 | 1023L << 25);
        assertThat(TallyLayout.available(state)).isEqualTo(-3);
        assertThat(TallyLayout.last(state)).isEqualTo(5);
        assertThat(TallyLayout.held(state)).isEqualTo(1023);
        assertThat(TallyLayout.last(0)).isEqualTo(-1);
        assertThat(TallyLayout.given(TallyLayout.next(0, 0, -1, -1, 0), -1, 1)).isZero(); // a debt would carry
        assertThat(TallyLayout.available(TallyLayout.nextAvailable(state, TallyLayout.MOST_AVAILABLE)))
                .isEqualTo(32_767);
    }

    @Test
    void aBarriersWordAndHistoryArePackedAsDocumented() {
        long word = BarrierLayout.fresh(-2) + 5 * BarrierLayout.ARRIVAL;
        assertThat(word).isEqualTo(0x5_ffff_fffeL);
        assertThat(BarrierLayout.arrived(word)).isEqualTo(5);
        assertThat(BarrierLayout.broken(word)).isEqualTo(0x8000_0000_ffff_ffffL);
        assertThat(BarrierLayout.broken(BarrierLayout.fresh(-1))).isEqualTo(0x8000_0000_0000_0000L);
        assertThat(BarrierLayout.arrived(BarrierLayout.broken(word))).isZero();
        assertThat(BarrierLayout.emptyHistory(-1)).isEqualTo(0x7ff_ffffL << 32);
        assertThat(List.of(BarrierLayout.historyAt(0), BarrierLayout.historyAt(31), BarrierLayout.historyAt(32),
                BarrierLayout.historyAt(-1), BarrierLayout.historyAt(1024))).containsExactly(64L, 64L, 72L, 312L, 64L);
        assertThat(BarrierLayout.bit(-1)).isEqualTo(1L << 31);
    }

    @Test
    void thoseWhoComeFirstLieOnLinesOfTheirOwn() {
        Members members = new Members(new SharedWords(MemorySegment.NULL), LatchLayout.MEMBERS_AT, Long.BYTES,
                LatchLayout.MEMBERS);
        List<Integer> order = IntStream.range(0, LatchLayout.MEMBERS).map(members::spread).boxed().toList();
        assertThat(order).doesNotHaveDuplicates().allMatch(index -> index >= 0 && index < LatchLayout.MEMBERS);
        assertThat(order.subList(0, 8).stream().map(seat -> members.at(seat) / 64)).doesNotHaveDuplicates();
    }

    @Test
    void anOwnerIsPackedAsDocumented() {
        long process = ParticipantsLayout.process(4095, 0x3fff);
        assertThat(process).isEqualTo(0xffff_ffc0_0000_0000L);
        assertThat(ParticipantsLayout.slot(process)).isEqualTo(4095);
        assertThat(ParticipantsLayout.generation(process)).isEqualTo(0x3fff);
        assertThat(ParticipantsLayout.process(1, 0x4001)).isEqualTo(0x0010_0040_0000_0000L);
        assertThat(ParticipantsLayout.OWNER).isEqualTo(~7L);
        assertThat(ParticipantsLayout.FILE_BYTES).isEqualTo(135_168);
    }

    @Test
    void theCallingThreadIsAlive() {
        assertThat(Participants.me() & ~ParticipantsLayout.OWNER).isZero();
        assertThat(Participants.isDead(Participants.me())).isFalse();
        assertThat(Participants.pid(Participants.me())).isEqualTo((int) ProcessHandle.current().pid());
        assertThat(Participants.isDead(Participants.me() ^ 1L << ParticipantsLayout.GENERATION_SHIFT)).isTrue();
    }

    @Test
    void memoryThatCannotHoldAnObjectIsRefusedWithTheNumbers() {
        List<Function<MemorySegment, Object>> makers = List.of(FutexWord::at, SharedAtomicInt::at, SharedAtomicLong::at,
                SharedEvent::at, SharedMutex::at, SharedSemaphore::at, SharedReadWriteLock::at,
                SharedCountDownLatch::at, SharedBarrier::at);
        try (Arena arena = Arena.ofShared()) {
            MemorySegment memory = arena.allocate(2048, 64);
            MemorySegment closed;
            try (Arena other = Arena.ofShared()) {
                closed = other.allocate(2048, 64);
            }
            for (Function<MemorySegment, Object> maker : makers) {
                assertThatThrownBy(() -> maker.apply(memory.asSlice(1))).isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("aligned").hasMessageContaining("is 1 past");
                assertThatThrownBy(() -> maker.apply(memory.asSlice(0, 3))).isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("segment has 3");
                assertThatThrownBy(() -> maker.apply(memory.asReadOnly())).isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("read-only");
                assertThatThrownBy(() -> maker.apply(MemorySegment.ofArray(new long[200])))
                        .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("heap");
                assertThatThrownBy(() -> maker.apply(closed)).isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("closed");
            }
        }
    }
}
