package io.cleave.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The machine code in the library is what its sources give. */
class MachineCodeTest {
    private static final Path SCRIPT = Path.of("..", "scripts", "machine-code");

    @Test
    void theConstantOfAWholeForkIsWhatItsSourceGives() throws Exception {
        List<String> lines = made("wholefork", WholeForkCode.COMPILER);
        assertThat(lines.subList(0, 3)).containsExactly("whole_fork " + WholeForkCode.WHOLE_FORK,
                "own_thread " + WholeForkCode.OWN_THREAD, "parked " + WholeForkCode.PARKED);
        assertThat(String.join("\n", lines.subList(3, lines.size()))).isEqualTo(WholeForkCode.BASE64.strip());
    }

    @Test
    void theConstantOfTheGuardIsWhatItsSourceGives() throws Exception {
        List<String> lines = made("sigbusguard", SigbusGuardCode.COMPILER);
        assertThat(lines.getFirst()).isEqualTo("sigbus " + SigbusGuardCode.SIGBUS);
        assertThat(String.join("\n", lines.subList(1, lines.size()))).isEqualTo(SigbusGuardCode.BASE64.strip());
    }

    private static List<String> made(String source, String compiler) throws Exception {
        assumeTrue(Files.isExecutable(SCRIPT), "the tests do not run in the project's directory");
        assumeTrue(outputOf("--version").strip().equals(compiler),
                "there is no gcc " + compiler + ", and another makes other code");
        return outputOf(source).strip().lines().toList();
    }

    /** Java and C have the same list of the plan's fields. */
    @Test
    void thePlanHasTheFieldsOfItsSource() throws IOException {
        Path source = Path.of("src", "main", "native", "wholefork.c");
        assumeTrue(Files.exists(source), "the tests do not run in the project's directory");
        String text = Files.readString(source);
        String body = text.substring(text.indexOf("struct plan {") + 13,
                text.indexOf("};", text.indexOf("struct plan {")));
        List<String> fields = body.replaceAll("(?s)/\\*.*?\\*/", "").lines()
                .flatMap(line -> List.of(line.split(";")).stream())
                .map(String::strip).filter(part -> !part.isEmpty())
                .map(part -> part.replaceFirst("^(struct \\w+|\\w+) ", ""))
                .flatMap(part -> List.of(part.split(",")).stream())
                .map(name -> name.replace("*", "").strip().toUpperCase(java.util.Locale.ROOT)).toList();
        assertThat(List.of(WholeForkPlan.Field.values())).extracting(Enum::name).isEqualTo(fields);
    }

    private static String outputOf(String... arguments) throws IOException, InterruptedException {
        List<String> command = new java.util.ArrayList<>(List.of(SCRIPT.toString()));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return output;
    }
}
