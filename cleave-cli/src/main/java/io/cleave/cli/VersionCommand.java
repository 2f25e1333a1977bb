package io.cleave.cli;

import java.util.Objects;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Says which Cleave this is, and on what it runs. */
@Command(name = "version", description = "Print the versions of Cleave, of Java and of the kernel.")
final class VersionCommand extends CleaveCommand {
    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Override
    public Integer call() {
        String kernel = System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                + System.getProperty("os.arch");
        if (json) {
            out().println(new JsonObject().put("cleave", version()).put("java", Runtime.version().toString())
                    .put("vm", System.getProperty("java.vm.name")).put("os", kernel));
        } else {
            out().println("cleave " + version() + ", Java " + Runtime.version() + " ("
                    + System.getProperty("java.vm.name") + "), " + kernel);
        }
        return DONE;
    }

    /** The version in the jar's manifest. */
    static String version() {
        return Objects.requireNonNullElse(Main.class.getPackage().getImplementationVersion(), "(unpacked)");
    }
}
