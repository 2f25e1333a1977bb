package io.cleave.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

final class ResultTableTest {
    private static final List<Row> ROWS = List.of(new Row("work", "rival", "ms", 3, 20, 10, 40),
            new Row("work", "cleave", "ms", 3, 25, 21, 1234), new Row("other", "cleave", "us", 3, 0.05, 0.01, 1.5));

    @Test
    void columnsAreAlignedAndGoalsAreJudged() {
        List<Goal> goals = Goal
                .read("[{\"suite\":\"s\",\"work\":\"work\",\"rival\":\"rival\",\"better\":\"lower\",\"ratio\":1.5}]");
        assertThat(new ResultTable(ROWS, goals).lines()).containsExactly("",
                "work, ms    median      min     max   rounds    ratio",
                "  rival         20       10      40        3      1 x",
                "  cleave        25       21   1,234        3   1.25 x",
                "  goal met: 1.25, wanted at most 1.50 x rival", "",
                "other, us   median      min     max   rounds    ratio",
                "  cleave    0.0500   0.0100    1.50        3");
    }

    @Test
    void aMissedGoalIsSaidLoudly() {
        List<Goal> goals = Goal
                .read("[{\"suite\":\"s\",\"work\":\"work\",\"rival\":\"rival\",\"better\":\"lower\",\"ratio\":1.2}]");
        assertThat(new ResultTable(ROWS, goals).lines()).contains("  goal MISSED: 1.25, wanted at most 1.20 x rival");
    }
}
