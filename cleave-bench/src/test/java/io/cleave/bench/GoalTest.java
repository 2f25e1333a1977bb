package io.cleave.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

final class GoalTest {
    private static Row row(String subject, double median) {
        return new Row("work", subject, "ms", 1, median, median, median);
    }

    private static Goal goal(String json) {
        return Goal.read("[{\"suite\":\"s\",\"work\":\"work\"," + json + "}]").getFirst();
    }

    @Test
    void lowerIsBetterThanSoManyTimesTheRival() {
        Goal goal = goal("\"rival\":\"r\",\"better\":\"lower\",\"ratio\":1.5");
        assertThat(goal.judge(List.of(row("cleave", 3), row("r", 2)))).contains(new Goal.Verdict(1.5, true));
        assertThat(goal.judge(List.of(row("cleave", 3.2), row("r", 2)))).contains(new Goal.Verdict(1.6, false));
        assertThat(goal.text()).isEqualTo("at most 1.50 x r");
    }

    @Test
    void higherIsBetterThanAFigure() {
        Goal goal = goal("\"rival\":null,\"better\":\"higher\",\"value\":50");
        assertThat(goal.judge(List.of(row("cleave", 49)))).contains(new Goal.Verdict(49, false));
        assertThat(goal.judge(List.of(row("cleave", 50)))).contains(new Goal.Verdict(50, true));
        assertThat(goal.text()).isEqualTo("at least 50");
    }

    @Test
    void withoutTheRivalThereIsNoVerdict() {
        assertThat(goal("\"rival\":\"r\",\"better\":\"lower\",\"ratio\":1").judge(List.of(row("cleave", 1)))).isEmpty();
    }

    @Test
    void theTableHasGoalsForEachSuite() {
        assertThat(Goal.of("fission")).extracting(Goal::work).containsExactly("first-result-1GiB", "dirtied-1GiB-MiB",
                "speedup-2000x500us", "tiny-item");
    }
}
