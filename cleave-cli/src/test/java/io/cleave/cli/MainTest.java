package io.cleave.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

final class MainTest {

    static Set<String> commands() {
        return new TreeSet<>(Cli.line().getSubcommands().keySet());
    }

    @Test
    void theCommandsAreTheOnesThatAreDocumented() {
        assertThat(commands()).containsExactly("cleanup", "demo", "doctor", "inspect", "ls", "pfilter", "pmap",
                "version");
    }

    @ParameterizedTest
    @MethodSource("commands")
    void everyCommandHasHelp(String command) {
        Cli.Result help = Cli.run(command, "--help");
        assertThat(help.code()).isZero();
        assertThat(help.out()).startsWith("Usage: cleave " + command).contains("--help");
        assertThat(help.err()).isEmpty();
        // The results of these are the text that their user asks for.
        assertThat(help.out().contains("--json")).isEqualTo(!Set.of("pmap", "pfilter").contains(command));
    }

    @ParameterizedTest
    @MethodSource("commands")
    void anUnknownOptionIsAMistakeOfUsage(String command) {
        Cli.Result result = command.equals("inspect") ? Cli.run(command, "a-name", "--no-such-option")
                : Cli.run(command, "--no-such-option");
        assertThat(result.code()).isEqualTo(2);
        assertThat(result.out()).isEmpty();
        assertThat(result.err()).contains("--no-such-option");
    }

    @ParameterizedTest
    @ValueSource(strings = {"demo --children 0", "demo --limit 0", "demo --top -1", "demo --limit many",
            "doctor --forks 0",
            "inspect", "inspect a b", "inspect a --bytes -1", "cleanup --quiet --verbose", "frobnicate", "demo demo"})
    void wrongArgumentsAreRefusedWithoutDoingAnything(String line) {
        Cli.Result result = Cli.run(line.split(" ", -1));
        assertThat(result.code()).isEqualTo(2);
        assertThat(result.out()).isEmpty();
        assertThat(result.err()).isNotBlank().doesNotContain("\tat ");
    }

    @Test
    void aMisspeltCommandIsGuessed() {
        assertThat(Cli.run("dem").err()).contains("cleave demo");
    }

    @Test
    void withoutACommandThereIsHelpAndAnError() {
        Cli.Result result = Cli.run();
        assertThat(result.code()).isEqualTo(2);
        assertThat(result.out()).isEmpty();
        assertThat(result.err()).startsWith("Usage: cleave").contains(commands());
    }

    @Test
    void helpIsAResultAndGoesToStandardOutput() {
        Cli.Result result = Cli.run("--help");
        assertThat(result.code()).isZero();
        assertThat(result.out()).startsWith("Usage: cleave").contains(commands());
    }

    @Test
    void theVersionIsToldToPeopleAndPrograms() {
        assertThat(Cli.run("version").out()).matches("cleave \\S+, Java 25\\S* \\(.*\\), Linux .*\\R");
        assertThat(Cli.run("version", "--json").out())
                .matches("\\{\"cleave\":\".*\",\"java\":\"25.*\",\"vm\":\".*\",\"os\":\"Linux .*\"}\\R");
    }

    @Test
    void theReadmeNamesOnlyCommandsThatExist() throws IOException {
        Path readme = Path.of("..", "README.md");
        assumeTrue(Files.exists(readme), "there is no README.md");
        Stream<String> named = Pattern.compile("\\./cleave ([a-z]+)").matcher(Files.readString(readme)).results()
                .map(match -> match.group(1));
        assertThat(named).isNotEmpty().isSubsetOf(commands());
    }
}
