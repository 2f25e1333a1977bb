package io.cleave.bench.share;

import io.cleave.bench.FuzzCommand;
import java.util.List;
import picocli.CommandLine.Command;

/**
 * Shows that no token and no block, whatever is in it, does worse than a typed exception: a JVM with a small heap reads
 * what was changed at random, half of it with checksums that are right again, so that what lies behind them is met, too.
 *
 * <pre>
 * ./bench fuzz share --json
 * </pre>
 */
@Command(name = "share", mixinStandardHelpOptions = true,
        description = "Tokens and blocks of shared values, changed at random.")
public final class ShareFuzz extends FuzzCommand {
    private static final long COUNT = 200_000;

    private ShareFuzz() {
        super(ShareFuzzReader.class, List.of("tokens", "blocks"), COUNT);
    }
}
