package io.cleave.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SnapshotCommandTest {
    @Test
    void whatIsSavedByAForkIsConsistentAndNothingIsLeft(@TempDir Path directory) {
        Cli.Result result = Cli.run("demo", "snapshot", "--json", "--size", "40", "--directory", directory.toString());
        assertThat(result.err()).isEmpty();
        assertThat(result.lines()).singleElement().asString().startsWith("{\"bytes\":41943040,\"accounts\":")
                .contains("\"forked_consistent\":true", "\"stopped_consistent\":true", "\"copied_consistent\":true",
                        "\"forked_pause_ms\":", "\"right\":true");
        assertThat(result.code()).isZero();
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void peopleGetATableAndAChart(@TempDir Path directory) {
        Cli.Result result = Cli.run("demo", "snapshot", "--size", "20", "--directory", directory.toString());
        assertThat(result.code()).isZero();
        assertThat(result.lines())
                .anyMatch(line -> line.matches("  stop and fork +[0-9.]+ m?s +[0-9,]+ .* consistent"))
                .anyMatch(line -> line.matches("  stop and save +#+ [0-9.]+ m?s"));
    }

    @Test
    void badArgumentsAreRefusedWithTheRemedy(@TempDir Path directory) {
        assertThat(Cli.run("demo", "snapshot", "--size", "2000000").err()).contains("CLEAVE_JAVA_OPTS=-Xmx");
        assertThat(Cli.run("demo", "snapshot", "--size", "0").code()).isEqualTo(2);
        assertThat(Cli.run("demo", "snapshot", "--writers", "0").code()).isEqualTo(2);
        assertThat(Cli.run("demo", "snapshot", "--directory", directory.resolve("none").toString()).err())
                .contains("is no directory");
    }
}
