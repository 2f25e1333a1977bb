package io.cleave.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.owner.SharedCell;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.Random;
import java.util.concurrent.BrokenBarrierException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How a generation of a barrier ended, as those learn who come back late. */
final class BarrierWordTest {
    private static final int PARTIES = 3;
    /** How far the history goes back for certain: all its windows but the one that is being replaced. */
    private static final int REMEMBERED = (BarrierLayout.WINDOWS - 1) << BarrierLayout.WINDOW_SHIFT;

    private final Arena arena = Arena.ofShared();
    private SharedCell cell;
    private BarrierWord word;

    @AfterEach
    void close() {
        arena.close();
    }

    private void open(int generation) {
        MemorySegment memory = arena.allocate(BarrierLayout.BYTES, 64);
        cell = new SharedCell(memory, BarrierLayout.WORD_AT);
        word = new BarrierWord(cell, new SharedWords(memory));
        word.parties(PARTIES);
        assertThat(cell.cas(0, BarrierLayout.fresh(generation))).isTrue();
    }

    private int arrive() throws BrokenBarrierException {
        return BarrierLayout.generation(word.arrive());
    }

    private void pass() throws BrokenBarrierException {
        for (int i = 0; i < PARTIES; i++) {
            int _ = arrive();
        }
    }

    @Test
    void aResetIsNoPassHoweverManyFollowBeforeTheWaiterLooks() throws Exception {
        for (int resets = 1; resets <= REMEMBERED; resets = resets * 3 / 2 + 1) {
            open(0);
            int mine = arrive();
            for (int i = 0; i < resets; i++) {
                word.reset();
                if (i + 1 < resets) {
                    int _ = arrive();
                }
            }
            assertThat(word.isOver(mine)).isTrue();
            assertThat(word.hasBroken(mine)).as(resets + " resets").isTrue();
        }
    }

    @Test
    void aPassIsNoBreakWhateverFollowsBeforeTheWaiterLooks() throws Exception {
        open(0);
        int mine = arrive();
        int _ = arrive();
        int _ = arrive();
        for (int i = 1; i < REMEMBERED; i++) {
            assertThat(word.breakIn(mine + i)).isTrue();
            assertThat(word.hasBroken(mine)).isFalse();
            assertThat(word.hasBroken(mine + i)).isTrue();
            word.reset();
        }
    }

    @Test
    void onlyTheGenerationInWhichOneWaitedIsBrokenForIt() throws Exception {
        open(0);
        int mine = arrive();
        word.reset();
        assertThat(word.breakIn(mine)).isFalse();
        pass();
        assertThat(word.hasBroken(mine)).isTrue();
        assertThat(word.hasBroken(mine + 1)).isFalse();
        assertThat(BarrierLayout.isBroken(word.get())).isFalse();
    }

    @Test
    void aBrokenBarrierTakesNobodyUntilItIsReset() throws Exception {
        open(7);
        assertThat(word.breakIn(7)).isTrue();
        assertThatThrownBy(() -> word.arrive()).isInstanceOf(BrokenBarrierException.class)
                .hasMessageContaining("reset()");
        assertThat(word.breakIn(8)).isFalse();
        word.reset();
        pass();
        assertThat(BarrierLayout.generation(word.get())).isEqualTo(9);
    }

    @Test
    void aResetOfAFreshBarrierChangesNothing() {
        open(5);
        long before = word.get();
        word.reset();
        assertThat(word.get()).isEqualTo(before);
    }

    @Test
    void whoSleptThroughMoreThanTheHistoryHoldsTakesItsGenerationForBroken() throws Exception {
        open(0);
        int mine = arrive();
        int _ = arrive();
        int _ = arrive();
        for (int i = 1; i <= REMEMBERED + 64; i++) {
            assertThat(word.breakIn(i)).isTrue();
            word.reset();
        }
        assertThat(word.hasBroken(mine)).isTrue();
    }

    /** Begins shortly before numbers come again, or where the signs change, among other places. */
    @ParameterizedTest
    @ValueSource(ints = {0, -700, Integer.MAX_VALUE - 700, 12_345})
    void everyGenerationThatTheHistoryHoldsEndedAsItDid(int first) throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        open(first);
        BitSet broken = new BitSet();
        for (int i = 0; i < 4_000; i++) {
            int generation = first + i;
            assertThat(BarrierLayout.generation(word.get())).isEqualTo(generation);
            assertThat(arrive()).isEqualTo(generation);
            switch (random.nextInt(4)) {
                case 0 -> {
                    word.reset();
                    broken.set(i);
                }
                case 1 -> {
                    assertThat(word.breakIn(generation)).isTrue();
                    broken.set(i);
                    assertThat(word.hasBroken(generation)).isTrue();
                    word.reset();
                }
                default -> {
                    int _ = arrive();
                    int _ = arrive();
                }
            }
            for (int look = 0; look < 20; look++) {
                int back = random.nextInt(Math.min(i + 1, REMEMBERED));
                assertThat(word.hasBroken(generation - back)).as("seed " + seed + ", generation " + i + ", " + back
                        + " back").isEqualTo(broken.get(i - back));
            }
        }
    }

    @Test
    void whatBrokeFourBillionGenerationsAgoIsForgotten() throws Exception {
        open(100);
        int mine = arrive();
        word.reset();
        assertThat(word.hasBroken(mine)).isTrue();
        // As if all others had been passed since, which leaves nothing in the history.
        assertThat(cell.cas(word.get(), BarrierLayout.fresh(99))).isTrue();
        for (int generation = 99; generation < 300; generation++) {
            assertThat(arrive()).isEqualTo(generation);
            int _ = arrive();
            int _ = arrive();
            assertThat(word.hasBroken(generation)).as("generation %d", generation).isFalse();
        }
    }
}
