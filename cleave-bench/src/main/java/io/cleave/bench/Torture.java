package io.cleave.bench;

import io.cleave.bench.memory.MemoryTorture;
import io.cleave.bench.objects.ObjectsTorture;
import io.cleave.bench.pool.PoolTorture;
import io.cleave.bench.share.ShareTorture;
import io.cleave.bench.sync.PingPong;
import io.cleave.bench.sync.SyncTorture;
import picocli.CommandLine.Command;

/** What must hold under processes that are killed at random. */
@Command(name = "torture", mixinStandardHelpOptions = true,
        subcommands = {MemoryTorture.class, ShareTorture.class, SyncTorture.class, PoolTorture.class,
                ObjectsTorture.class,
                PingPong.class},
        description = "Kill processes at random and see what is left.")
final class Torture {}
