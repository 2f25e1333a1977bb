package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.UUID;
import org.junit.jupiter.api.Test;

/** The layout of queues is part of the heap's format, which processes of different builds share. */
class QueueLayoutTest {
    @Test
    void offsetsAreWhereTheyAlwaysWere() {
        assertThat(new long[] {QueueLayout.HEAD_BLOCK, QueueLayout.TAIL_BLOCK, QueueLayout.CAPACITY,
                QueueLayout.SLOTS, QueueLayout.SLOT_BYTES, QueueLayout.SCHEMA, QueueLayout.PRINT, QueueLayout.CHUNKS})
                .containsExactly(24, 32, 40, 48, 56, 64, 72, 80);
        assertThat(new long[] {QueueLayout.MARK, QueueLayout.TURN, QueueLayout.GAP_BEGIN, QueueLayout.GAP_END,
                QueueLayout.HEAD, QueueLayout.LOCK}).containsExactly(192, 200, 208, 216, 240, 248);
        assertThat(new long[] {QueueLayout.SEQUENCE, QueueLayout.KNOWN_HEAD, QueueLayout.BEGUN, QueueLayout.TAIL})
                .containsExactly(208, 216, 232, 240);
        assertThat(new long[] {QueueLayout.STAMP, QueueLayout.ID, QueueLayout.CONTENT, QueueLayout.BLOCK_IN_SLOT,
                QueueLayout.LENGTH_IN_SLOT, QueueLayout.NUMBER_IN_SLOT}).containsExactly(0, 8, 16, 16, 24, 8);
        assertThat(new long[] {QueueLayout.RETURNED, QueueLayout.FREE_ENTRY, QueueLayout.ENTRY_CHUNKS,
                QueueLayout.STATE_IN_ENTRY, QueueLayout.NEXT_IN_ENTRY, QueueLayout.COUNT_IN_ENTRY,
                QueueLayout.PLACE_IN_ENTRY, QueueLayout.AT_PLACE_IN_ENTRY, QueueLayout.SLOT_IN_ENTRY})
                .containsExactly(224, 232, 8, 0, 8, 8, 16, 24, 32);
    }

    @Test
    void stampsTellLapAndLength() {
        long stamp = QueueLayout.stamp(-1, 112);
        assertThat(stamp).isEqualTo(0xffff_ffff_0000_7001L);
        assertThat(QueueLayout.isOfLap(stamp, 0xffff_ffffL)).isTrue();
        assertThat(QueueLayout.isOfLap(stamp, 0xffff_fffeL)).isFalse();
        assertThat(QueueLayout.isOfLap(0, 0)).isFalse();
        assertThat(QueueLayout.length(QueueLayout.ofLap(stamp, 3))).isEqualTo(112);
        assertThat(QueueLayout.isInBlock(QueueLayout.stampOfBlock(0))).isTrue();
        assertThat(QueueLayout.isFull(QueueLayout.stampOfRemoved(0))).isFalse();
    }

    @Test
    void slotsAndChunksFollowFromTheCapacity() {
        int[] capacities = {1, 8, 9, 1000, QueueLayout.MOST_CAPACITY};
        int[] slots = {8, 8, 16, 1024, QueueLayout.MOST_CAPACITY};
        for (int i = 0; i < capacities.length; i++) {
            assertThat(QueueLayout.slots(capacities[i])).isEqualTo(slots[i]);
            assertThat(slots[i] / QueueLayout.chunkSlots(slots[i])).isBetween(1, QueueLayout.MOST_CHUNKS);
        }
        assertThat(QueueLayout.slotBytes(Long.class)).isEqualTo(64);
        assertThat(QueueLayout.slotBytes(UUID.class)).isEqualTo(128);
        assertThat(QueueLayout.NUMBER_SLOT_BYTES).isEqualTo(16);
    }

    @Test
    void kindsHaveTheNumbersThatTheyAlwaysHad() {
        assertThat(new int[] {RootKind.QUEUE.number(), RootKind.STACK.number(), RootKind.INT_QUEUE.number(),
                RootKind.LONG_QUEUE.number(), RootKind.DOUBLE_QUEUE.number()}).containsExactly(16, 17, 18, 19, 20);
    }
}
