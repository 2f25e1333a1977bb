package io.cleave.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

final class DemoCommandTest {
    private static final String NUMBER = "[0-9]+(\\.[0-9]+)?(E-?[0-9]+)?";

    @Test
    void allWaysAgreeAndProgramsGetOneObject() {
        Cli.Result result = Cli.run("demo", "--json", "--limit", "150", "--children", "2");
        assertThat(result.err()).isEmpty();
        assertThat(result.lines()).singleElement().asString()
                .matches(("{'items':150,'sequential_s':#,'threads_s':#,'processes_s':#,'fission_s':#,'identical':true,"
                        + "'forks':#,'deadlocks':#,'reforks':#,'dirtied_mib_per_child':#}").replace("{", "\\{")
                        .replace("}", "\\}")
                        .replace('\'', '"').replace("#", NUMBER));
        assertThat(result.code()).isZero();
    }

    @Test
    void peopleGetATableOfTheWaysAndWhatWasFound() {
        Cli.Result result = Cli.run("demo", "--limit", "150", "--top", "2", "--children", "2");
        assertThat(result.code()).isZero();
        assertThat(result.out()).contains("Identical to the last figure", "most-called methods", "largest methods");
        assertThat(result.lines()).anyMatch(line -> line.matches("  way +time +speed-up +forks +deadlocks +dirtied .*"))
                .anyMatch(line -> line.matches("  sequential +[0-9.]+ m?s +1\\.00 x"))
                .anyMatch(line -> line.matches("  2 threads +[0-9.]+ m?s +[0-9.]+ x"))
                .anyMatch(line -> line.matches("  2 processes +[0-9.]+ m?s +[0-9.]+ x"))
                .anyMatch(line -> line.matches("The index for the other processes: [0-9.]+ MiB, written in .*"))
                .anyMatch(line -> line
                        .matches("  2 forked children +[0-9.]+ m?s +[0-9.]+ x +[0-9]+ +[0-9]+ +[0-9.]+ .*"));
    }

    @Test
    void withoutFindingsThereIsOnlyTheTable() {
        Cli.Result result = Cli.run("demo", "--limit", "20", "--top", "0", "--children", "1");
        assertThat(result.code()).isZero();
        assertThat(result.out()).contains("1 thread ", "1 process ", "1 forked child ").doesNotContain("most-called");
    }

    @Test
    void onAPipeNoBarIsDrawnAndNoColourIsUsed() throws Exception {
        Cli.Result result = Cli.process(Map.of(), "demo", "--limit", "20", "--top", "1");
        assertThat(result.code()).isZero();
        assertThat(result.out()).doesNotContain("\r").doesNotContain("\u001b");
        assertThat(result.err()).doesNotContain("\r").doesNotContain("\u001b").doesNotContain("%");
    }

    @Test
    void whereNoBlockCanBeMadeItSaysSoBeforeItWorks() throws Exception {
        Cli.Result result = Cli.process(Map.of("CLEAVE_DIR", "/dev/shm/cleave-is-not-there"), "demo");
        assertThat(result.code()).isEqualTo(1);
        assertThat(result.out()).isEmpty();
        assertThat(result.err()).contains("/dev/shm/cleave-is-not-there", "CLEAVE_DIR",
                "a directory that this user may write to");
    }

    @Test
    void stringsOfTheJdkAreShownWithoutSurprises() {
        assertThat(DemoText.quoted("a\tb\n\u0000\u20ac")).isEqualTo("\"a\\tb\\n\\u0000\\u20ac\"");
    }
}
