package io.cleave.testing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The processes that this test run has started: the descendants of this JVM, and those whose parent has died since.
 * The latter are recognised by {@code CLEAVE_DIR} in their environment, which is different for each run.
 */
final class TestProcesses {

    private static final String MARK = "CLEAVE_DIR=" + RunDirectory.PATH;

    private TestProcesses() {
    }

    /** The dead are among them as long as nobody has waited for them. */
    static Set<ProcessHandle> alive() {
        Set<ProcessHandle> processes = Stream
                .concat(ProcessHandle.current().descendants(),
                        ProcessHandle.allProcesses().filter(TestProcesses::bearsOurMark))
                .collect(Collectors.toSet());
        // The mark is also borne by this JVM and by those that it descends from.
        Optional<ProcessHandle> self = Optional.of(ProcessHandle.current());
        for (Optional<ProcessHandle> ancestor = self; ancestor.isPresent(); ancestor = ancestor.get().parent()) {
            processes.remove(ancestor.get());
        }
        return processes;
    }

    private static boolean bearsOurMark(ProcessHandle process) {
        if (!RunDirectory.IS_OURS) {
            return false;
        }
        try {
            byte[] environment = Files.readAllBytes(Path.of("/proc/" + process.pid() + "/environ"));
            String[] variables = new String(environment, StandardCharsets.UTF_8).split("\0");
            return Arrays.asList(variables).contains(MARK);
        } catch (IOException e) {
            return false; // another user's, or gone
        }
    }

    /** The command line without its class path, or the name where there is none. */
    static String describe(ProcessHandle process) {
        try {
            Path directory = Path.of("/proc/" + process.pid());
            String commandLine = Files.readString(directory.resolve("cmdline")).replace('\0', ' ')
                    .replaceFirst(" -cp \\S+", " -cp ...").strip();
            return process.pid() + " " + (commandLine.isEmpty()
                    ? "[" + Files.readString(directory.resolve("comm")).strip() + "]"
                    : commandLine);
        } catch (IOException e) {
            return process.pid() + " (gone)";
        }
    }
}
