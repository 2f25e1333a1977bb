package io.cleave.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The machine code in the library is what its source gives. */
class WholeForkCodeTest {
    private static final Path SCRIPT = Path.of("..", "scripts", "machine-code");

    @Test
    void theConstantIsWhatTheSourceGives() throws Exception {
        assumeTrue(Files.isExecutable(SCRIPT), "the tests do not run in the project's directory");
        assumeTrue(outputOf("--version").strip().equals(WholeForkCode.COMPILER),
                "there is no gcc " + WholeForkCode.COMPILER + ", and another makes other code");
        List<String> lines = outputOf().lines().toList();
        assertThat(lines.subList(0, 4)).containsExactly("whole_fork " + WholeForkCode.ENTRY,
                "own_thread " + WholeForkCode.OWN_THREAD, "parked " + WholeForkCode.PARKED,
                "restorer " + WholeForkCode.RESTORER);
        assertThat(lines.stream().skip(4).collect(Collectors.joining("\n")).strip())
                .isEqualTo(WholeForkCode.BASE64.strip());
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
