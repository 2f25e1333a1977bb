package io.cleave.bench.soundness;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class ForkSoundnessTest {
    @Test
    void aPercentileIsTheLeastThatSoManyDoNotExceed() {
        List<Duration> durations = IntStream.rangeClosed(1, 200).mapToObj(Duration::ofMillis).toList();
        assertThat(ForkSoundness.percentile(durations, 50)).isEqualTo(new BigDecimal(100));
        assertThat(ForkSoundness.percentile(durations, 99)).isEqualTo(new BigDecimal(198));
        assertThat(ForkSoundness.percentile(durations.subList(0, 1), 50)).isEqualTo(new BigDecimal(1));
        assertThat(ForkSoundness.percentile(List.of(), 50)).isNull();
    }
}
