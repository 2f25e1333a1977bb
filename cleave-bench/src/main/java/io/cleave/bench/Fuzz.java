package io.cleave.bench;

import io.cleave.bench.objects.HeapFuzz;
import io.cleave.bench.share.ShareFuzz;
import picocli.CommandLine.Command;

/** What must hold whatever is read. */
@Command(name = "fuzz", mixinStandardHelpOptions = true, subcommands = {ShareFuzz.class, HeapFuzz.class},
        description = "Change at random what is read, and see what comes of it.")
final class Fuzz {}
