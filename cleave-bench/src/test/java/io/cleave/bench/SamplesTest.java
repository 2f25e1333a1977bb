package io.cleave.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class SamplesTest {
    private final List<String> turns = new ArrayList<>();

    private Subject subject(String name, double... answers) {
        return new Subject() {
            private int next;

            @Override
            public String name() {
                return name;
            }

            @Override
            public double[] measure(String request) {
                turns.add(name + " " + request);
                double answer = answers[next];
                next++;
                return new double[] {answer, -answer};
            }
        };
    }

    private static Progress silent() {
        return new Progress(new PrintStream(OutputStream.nullOutputStream(), false));
    }

    @Test
    void subjectsTakeTurnsAndWarmUpsDoNotCount() throws IOException {
        Samples samples = Samples.take("run", List.of(subject("a", 100, 2, 4), subject("b", 100, 1, 1)), 1, 2,
                silent());
        assertThat(turns).containsExactly("a run", "b run", "a run", "b run", "a run", "b run");
        assertThat(samples.rows("work", "s")).containsExactly(new Row("work", "a", "s", 2, 3, 2, 4),
                new Row("work", "b", "s", 2, 1, 1, 1));
        assertThat(samples.of("a", 1)).containsExactly(-2, -4);
    }

    @Test
    void aSpeedUpIsThatOfEachRound() throws IOException {
        Samples samples = Samples.take("run", List.of(subject("slow", 10, 30), subject("fast", 5, 10)), 0, 2, silent());
        assertThat(samples.speedUps("work", "slow")).containsExactly(new Row("work", "slow", "x", 2, 1, 1, 1),
                new Row("work", "fast", "x", 2, 2.5, 2, 3));
    }
}
