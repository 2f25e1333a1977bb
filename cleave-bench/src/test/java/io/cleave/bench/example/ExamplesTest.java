package io.cleave.bench.example;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** The examples find their own results right. */
final class ExamplesTest {
    @ParameterizedTest
    @ValueSource(strings = {"crawl --pages 60 --delay 5", "crawl --pages 1", "thumbnails --images 12",
            "thumbnails --images 0", "async --pages 60 --delay 5", "word-count --words 20000", "word-count --words 0",
            "cache --questions 10", "job-queue --jobs 100 --kills 2", "job-queue --jobs 0",
            "price-board --updates 2000", "price-board --updates 10 --watchers 0"})
    void anExampleSucceeds(String arguments) {
        assertThat(new CommandLine(Examples.class).execute(arguments.split(" "))).isZero();
    }
}
