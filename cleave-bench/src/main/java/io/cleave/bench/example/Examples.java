package io.cleave.bench.example;

import picocli.CommandLine.Command;

/** The examples. */
@Command(name = "example", mixinStandardHelpOptions = true,
        subcommands = {FeatureTable.class, TensorExchange.class, Crawl.class, Thumbnails.class,
                AsyncRequests.class, WordCount.class, CacheThatStays.class, JobQueue.class,
                PriceBoard.class},
        description = "Small programs that show how a part of the library is used.")
public final class Examples {
    private Examples() {
    }
}
