package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.heap.Heap;
import org.junit.jupiter.api.Test;

/** The format of lists, which processes with other versions of the library may have written. */
class ListLayoutTest {
    @Test
    void everyFieldIsWhereItWas() {
        assertThat(new long[] {ListLayout.GENERATION, ListLayout.VERSION, ListLayout.SCHEMA, ListLayout.PRINT,
                ListLayout.SPARE_KIND, ListLayout.FIRST_STATE, ListLayout.SPARE_TREE, ListLayout.SPARE_COUNT,
                ListLayout.FIRST_STRIPE, ListLayout.LOCK}).containsExactly(0, 24, 32, 40, 48, 64, 128, 136, 144, 248);
        assertThat(new long[] {ListLayout.TREE_IN_STATE, ListLayout.COUNT_IN_STATE, ListLayout.TAIL_IN_STATE,
                ListLayout.TAIL_END_IN_STATE, ListLayout.STATE_BYTES}).containsExactly(0, 8, 16, 24, 32);
        assertThat(ListLayout.OWN_END).isLessThanOrEqualTo(Heap.HEADER_BYTES - Long.BYTES);
        assertThat(ListLayout.stateAt(1024, 6)).isEqualTo(1024 + 64);
        assertThat(ListLayout.stateAt(1024, -1)).isEqualTo(1024 + 96);
        assertThat(ListLayout.stripeAt(1024, 9 * 2048 + 5)).isEqualTo(1024 + 144 + 8);
    }

    @Test
    void aTreeIsItsRootWithItsHeight() {
        long tree = ListLayout.tree(4096 | ListLayout.IRREGULAR, 5);
        assertThat(tree).isEqualTo(4096 + 1 + 10);
        assertThat(ListLayout.offset(tree)).isEqualTo(4096);
        assertThat(ListLayout.height(tree)).isEqualTo(5);
        assertThat(ListLayout.isIrregular(tree)).isTrue();
        assertThat(ListLayout.root(tree)).isEqualTo(4096 + 1);
        assertThat(ListLayout.childAt(tree, 127)).isEqualTo(4096 + 1016);
        assertThat(ListLayout.endAt(tree, 0)).isEqualTo(4096 + 1024);
    }

    @Test
    void kindsOfListsKeepTheirNumbers() {
        assertThat(new int[] {RootKind.LIST.number(), RootKind.INTS.number(), RootKind.LONGS.number(),
                RootKind.DOUBLES.number()}).containsExactly(8, 9, 10, 11);
        assertThat(SlotKind.INTS.leafShift()).isEqualTo(9);
        assertThat(SlotKind.VALUES.leafShift()).isEqualTo(8);
        assertThat(ListTree.leafBytes(0)).isEqualTo(64);
        assertThat(ListTree.leafBytes(65)).isEqualTo(128);
        assertThat(ListTree.leafBytes(2048)).isEqualTo(2048);
    }
}
