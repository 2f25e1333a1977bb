package io.cleave.bench;

import io.cleave.bench.memory.MemoryTorture;
import picocli.CommandLine.Command;

/** What must hold under processes that are killed at random. */
@Command(name = "torture", mixinStandardHelpOptions = true, subcommands = MemoryTorture.class,
        description = "Kill processes at random and see what is left.")
final class Torture {}
