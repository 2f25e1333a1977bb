package io.cleave.bench.soundness;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

final class TallyTest {
    private final Tally tally = new Tally();

    private void compare(List<?> expected, List<?> received, boolean ordered, boolean complete) {
        tally.compare("run", List.copyOf(expected), List.copyOf(received), ordered, complete);
    }

    private void assertCounts(long lost, long duplicated, long wrong) {
        assertThat(List.of(tally.lost(), tally.duplicated(), tally.wrong())).containsExactly(lost, duplicated, wrong);
    }

    @Test
    void whatIsRightIsNotCounted() {
        compare(List.of(1, 2, 3), List.of(1, 2, 3), true, true);
        compare(List.of(1, 2, 2), List.of(2, 1, 2), false, true);
        compare(List.of(1, 2, 3), List.of(1, 2), true, false);
        tally.compare("run", Arrays.asList(null, 1), Arrays.asList(null, 1), true, true);
        assertCounts(0, 0, 0);
        assertThat(tally.results()).isEqualTo(10);
    }

    @Test
    void aMissingResultIsLost() {
        compare(List.of(1, 2, 3), List.of(1, 3), true, true);
        assertCounts(1, 0, 0);
    }

    @Test
    void aResultThatComesTwiceIsADuplicate() {
        compare(List.of(1, 2, 3), List.of(3, 1, 2, 1), false, true);
        assertCounts(0, 1, 0);
    }

    @Test
    void aChangedResultIsWrongAndTheRightOneIsLost() {
        compare(List.of(1, 2, 3), List.of(1, 4, 3), true, true);
        assertCounts(1, 0, 1);
    }

    @Test
    void theWrongOrderIsWrong() {
        compare(List.of(1, 2, 3), List.of(1, 3, 2), true, true);
        compare(List.of(1, 2, 3), List.of(2), true, false);
        assertCounts(0, 0, 2);
    }

    @Test
    void arraysAreComparedByTheirContent() {
        tally.compare("run", List.of(String.valueOf(Trial.keyOf(new byte[] {1, 2}))), List.of(new byte[] {1, 2}), true,
                true);
        assertCounts(0, 0, 0);
        tally.compare("run", List.of(String.valueOf(Trial.keyOf(new byte[] {1, 2}))), List.of(new byte[] {1, 3}), true,
                true);
        assertCounts(1, 0, 1);
    }
}
