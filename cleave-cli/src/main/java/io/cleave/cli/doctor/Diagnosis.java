package io.cleave.cli.doctor;

import io.cleave.fission.Fission;
import io.cleave.fission.Support;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Everything that was found out about this machine.
 *
 * @param checks the lines, in order
 * @param fork what forking came to
 */
public record Diagnosis(List<Check> checks, ForkTest fork) {

    /**
     * Looks at everything.
     *
     * @param forks how many forks the self-test makes
     */
    public static Diagnosis make(int forks) {
        List<Check> checks = new ArrayList<>();
        boolean linux = "Linux".equals(System.getProperty("os.name"));
        if (!linux) {
            checks.add(Check.missing("kernel", "version", System.getProperty("os.name", "unknown"),
                    "Cleave needs Linux: on other systems use a virtual machine or a container"));
            return new Diagnosis(checks, ForkTest.NONE);
        }
        checks.addAll(guarded("java", JavaChecks::run));
        checks.addAll(guarded("kernel", KernelChecks::run));
        checks.addAll(guarded("memory", MemoryChecks::run));
        checks.addAll(guarded("limits", LimitChecks::run));
        ForkTest fork = ForkTest.NONE;
        if (Fission.support() instanceof Support.Supported) {
            fork = ForkTest.run(forks);
            checks.add(fork.check());
        }
        return new Diagnosis(checks, fork);
    }

    /** A group whose look failed altogether is one line. */
    private static List<Check> guarded(String group, Supplier<List<Check>> look) {
        try {
            return look.get();
        } catch (RuntimeException | LinkageError e) {
            return List.of(Check.missing(group, "all of it", "cannot be looked at: " + e,
                    "start java with --enable-native-access=ALL-UNNAMED, on a Linux with glibc or musl"));
        }
    }

    /** Whether the main job works here: a fork of this JVM that computes and hands back its result. */
    public boolean works() {
        return fork.forks() > 0 && fork.failure().isEmpty();
    }
}
