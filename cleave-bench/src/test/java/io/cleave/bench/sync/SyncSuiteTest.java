package io.cleave.bench.sync;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.memory.SharedMemory;
import io.cleave.os.Cpus;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** The suite as it is called, with rounds too short to say anything about speed. */
final class SyncSuiteTest {
    private static final Pattern ROW = Pattern
            .compile("\"work\":\"([^\"]+)\",\"subject\":\"([^\"]+)\",\"unit\":\"([^\"]+)\"");

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... arguments) {
        return new CommandLine(new SyncSuite()).setOut(new PrintWriter(out)).setErr(new PrintWriter(err))
                .execute(arguments);
    }

    private List<String> rows() {
        Matcher matcher = ROW.matcher(out.toString());
        return matcher.results().map(row -> row.group(1) + " " + row.group(2) + " " + row.group(3)).toList();
    }

    @Test
    void anUnknownWorkIsRefusedWithThoseThatThereAre() {
        assertThat(run("--work", "mutex-uncontended,mutex")).isEqualTo(2);
        assertThat(err.toString()).contains("there is no work \"mutex\"", "semaphore-pingpong-2p");
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void aRoundOfNoTimeIsRefused() {
        assertThat(run("--millis", "-1")).isEqualTo(2);
        assertThat(err.toString()).contains("at least 1 ms, not -1");
        assertThat(run("--millis", "soon")).isEqualTo(2);
    }

    @Test
    void theResultIsOneObject() {
        assertThat(run("--quick", "--json", "--millis", "2", "--work", "semaphore-uncontended")).isZero();
        assertThat(out.toString().strip()).startsWith("{\"suite\":\"sync\",\"quick\":true,\"machine\":{").endsWith("}")
                .hasLineCount(1);
        assertThat(rows()).containsExactly("semaphore-uncontended cleave ns/op",
                "semaphore-uncontended Semaphore ns/op",
                "semaphore-uncontended glibc-semaphore ns/op");
    }

    /** Each sort of measurement once, with the counts that its subjects check. */
    @ParameterizedTest
    @CsvSource({"mutex-contended-2p, 10", "spin-roundtrip-2p, 4", "wake-sleeper, 4"})
    void allSubjectsTakePart(String work, int rows) {
        assertThat(run("--quick", "--json", "--millis", "2", "--work", work)).isZero();
        assertThat(rows()).hasSize(Cpus.usable() > 1 ? rows : 0);
        assertThat(SharedMemory.list()).noneMatch(block -> block.name().startsWith("bench-sync-"));
    }
}
