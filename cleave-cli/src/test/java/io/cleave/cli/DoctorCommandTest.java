package io.cleave.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.cli.doctor.Check;
import io.cleave.cli.doctor.Diagnosis;
import io.cleave.cli.doctor.ForkTest;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

final class DoctorCommandTest {
    private static final ForkTest WELL = new ForkTest(50, 1, 0, Duration.ofMillis(2), "");
    private static final ForkTest ILL = new ForkTest(3, 0, 0, Duration.ofMillis(2), "round 3 gave [4], not 10");

    private static String printed(List<Check> checks, ForkTest fork) {
        StringWriter text = new StringWriter();
        DoctorCommand.print(new PrintWriter(text, true), Style.PLAIN, new Diagnosis(checks, fork));
        return text.toString();
    }

    @Test
    void programsGetOneObjectWithEveryCheck() {
        Cli.Result result = Cli.run("doctor", "--json", "--forks", "2");
        assertThat(result.err()).isEmpty();
        assertThat(result.lines()).singleElement().asString()
                .startsWith("{\"ok\":true,\"checks\":[{\"group\":\"java\",")
                .contains("\"name\":\"futex_waitv\"", "\"name\":\"collector\"", "\"name\":\"locked memory\"",
                        "\"name\":\"huge pages for blocks\"", "\"name\":\"blocks in ", "\"name\":\"self-test\"")
                .containsPattern(
                        "],\"forks\":[0-9]+,\"deadlocks\":[0-9]+,\"unproven_timeouts\":[0-9]+,\"ms_per_fork\":[0-9.]+}$");
        assertThat(result.code()).isZero();
    }

    @Test
    void everyLineThatIsNotWellHasARemedy() {
        for (Check check : Diagnosis.make(1).checks()) {
            assertThat(check.remedy().isEmpty()).as(check.name()).isEqualTo(check.status() == Check.Status.OK);
            assertThat(check.value()).as(check.name()).isNotBlank();
        }
    }

    @Test
    void remediesFollowWhatTheyAreFor() {
        String text = printed(List.of(new Check("java", "version", Check.Status.OK, "25", ""),
                new Check("memory", "overcommit", Check.Status.WARN, "2, never", "sysctl vm.overcommit_memory=0"),
                new Check("memory", "blocks", Check.Status.MISSING, "read-only", "name another directory")), WELL);
        assertThat(text.lines()).containsExactly("java", //
                "  ok       version                     25", "", //
                "memory", //
                "  warn     overcommit                  2, never", //
                "             sysctl vm.overcommit_memory=0", //
                "  missing  blocks                      read-only", //
                "             name another directory", "", //
                "Cleave works here.");
    }

    @Test
    void cleaveWorksWhereEveryForkGaveTheRightResult() {
        assertThat(new Diagnosis(List.of(), WELL).works()).isTrue();
        assertThat(new Diagnosis(List.of(), ILL).works()).isFalse();
        assertThat(new Diagnosis(List.of(), new ForkTest(0, 0, 0, Duration.ZERO, "")).works()).isFalse();
        assertThat(printed(List.of(), ILL)).contains("Cleave does not work here.");
    }
}
