package io.cleave.bench.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.cleave.fission.Fission;
import io.cleave.fission.Support;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class WaysTest {
    @ParameterizedTest
    @CsvSource({"cleave, false", "cleave, true", "cleave-default, false", "cleave-threads, false",
            "cleave-threads, true", "cleave-fission, false", "cleave-fission-isolated, false", "fork-join, false",
            "fork-join, true", "pp4j, true", "sequential, false"})
    void eachGivesTheSameResults(String name, boolean oneByOne) throws Exception {
        assumeTrue(!name.startsWith("cleave-fission") || Fission.support() instanceof Support.Supported);
        List<Integer> items = IntStream.range(0, 100).boxed().toList();
        try (Way way = Ways.open(name, 2, oneByOne)) {
            int captured = 41;
            assertThat(way.<Integer>call(() -> captured + 1)).isEqualTo(42);
            assertThat(way.<Integer, Integer>map(items, x -> x + captured))
                    .isEqualTo(items.stream().map(x -> x + 41).toList());
            assertThat(way.<byte[], Integer>map(List.of(new byte[3], new byte[5]), array -> array.length))
                    .containsExactly(3, 5);
        }
    }
}
