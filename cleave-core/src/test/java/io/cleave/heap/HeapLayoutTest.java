package io.cleave.heap;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** The format of a heap: a change here is a change of the version. */
class HeapLayoutTest {
    @Test
    void theHeaderIsWhereItWas() {
        assertThat(HeapLayout.MAGIC).isEqualTo(0x0348_4556_4145_4c43L);
        assertThat(new long[] {HeapLayout.MAXIMUM_AT, HeapLayout.PAGE_BYTES_AT, HeapLayout.SEED_AT, HeapLayout.STAMP_AT,
                HeapLayout.CONTEXTS_AT, HeapLayout.TABLE_AT, HeapLayout.DATA_AT, HeapLayout.COMMITTED_AT,
                HeapLayout.CENTRAL_LOCK_AT, HeapLayout.ROOTS_AT, HeapLayout.BINS_AT, HeapLayout.CLASSES_AT,
                HeapLayout.RAW_LOCKS_AT, HeapLayout.FIRST_CONTEXT_AT})
                .containsExactly(8, 16, 24, 32, 40, 48, 56, 64, 128, 192, 1024, 2048, 4608, 8192);
    }

    @Test
    void nothingInTheHeaderOverlaps() {
        assertThat(HeapLayout.ROOTS_AT + HeapLayout.ROOTS * 8L).isLessThanOrEqualTo(HeapLayout.BINS_AT);
        assertThat(HeapLayout.binAt(HeapLayout.BINS)).isLessThanOrEqualTo(HeapLayout.CLASSES_AT);
        assertThat(HeapLayout.classAt(HeapLayout.CLASSES)).isLessThanOrEqualTo(HeapLayout.RAW_LOCKS_AT);
        assertThat(SizeClasses.COUNT).isLessThanOrEqualTo(HeapLayout.CLASSES);
        assertThat(HeapLayout.RAW_LOCKS_AT + HeapLayout.RAW_LOCKS * HeapLayout.RAW_LOCK_BYTES)
                .isLessThanOrEqualTo(HeapLayout.FIRST_CONTEXT_AT);
    }

    @Test
    void aContextIsLaidOutAsItWas() {
        assertThat(new long[] {ContextLayout.OWNER_AT, ContextLayout.RECOVERER_AT, ContextLayout.STATUS_AT,
                ContextLayout.INNER_STATUS_AT, ContextLayout.PENDING_MASK_AT, ContextLayout.PENDING_AT,
                ContextLayout.COUNTS_AT, ContextLayout.PAIRS_AT, ContextLayout.INNER_PAIRS_AT, ContextLayout.STOCKS_AT,
                ContextLayout.BYTES}).containsExactly(0, 8, 64, 72, 80, 128, 640, 1280, 5280, 9280, 32768);
        assertThat(ContextLayout.COUNTS_AT + SizeClasses.COUNT * 8L).isLessThanOrEqualTo(ContextLayout.PAIRS_AT);
        assertThat(ContextLayout.STOCKS_AT + SizeClasses.stockBytes()).isLessThanOrEqualTo(ContextLayout.BYTES);
        assertThat(ContextLayout.BYTES % HeapLayout.PAGE_BYTES).isZero();
    }

    @Test
    void everySizeHasTheSmallestClassThatHoldsIt() {
        for (int bytes = 1; bytes <= SizeClasses.LARGEST_BYTES; bytes++) {
            int sizeClass = SizeClasses.of(bytes);
            assertThat(SizeClasses.size(sizeClass)).isGreaterThanOrEqualTo(bytes);
            if (sizeClass > 0) {
                assertThat(SizeClasses.size(sizeClass - 1)).isLessThan(bytes);
            }
        }
        assertThat(SizeClasses.of(SizeClasses.LARGEST_BYTES)).isEqualTo(SizeClasses.HEADER - 1);
    }

    @Test
    void spansWasteAtMostAnEighthAndBlocksAreAligned() {
        for (int i = 0; i < SizeClasses.COUNT; i++) {
            long bytes = SizeClasses.pages(i) * HeapLayout.PAGE_BYTES;
            assertThat(SizeClasses.blocks(i)).as("class %d", i).isPositive();
            assertThat(bytes - (long) SizeClasses.blocks(i) * SizeClasses.size(i)).isLessThanOrEqualTo(bytes / 8);
            assertThat(SizeClasses.size(i) % (SizeClasses.size(i) > 512 ? 64 : 16)).isZero();
            assertThat(SizeClasses.stock(i)).isBetween(2, ContextLayout.PENDING);
        }
    }
}
