package io.cleave.bench.objects;

import io.cleave.bench.FuzzCommand;
import java.util.List;
import picocli.CommandLine.Command;

/**
 * Shows that no heap, whatever is in it, does worse than a typed exception: heaps whose bytes and words were changed at
 * random, or that were cut short, are opened, read, iterated, verified and written to, by JVMs with a small heap of their
 * own, of which none may crash, not get on, or run out of memory.
 *
 * <pre>
 * ./bench fuzz heap --json
 * </pre>
 */
@Command(name = "heap", mixinStandardHelpOptions = true, description = "Shared heaps, changed at random.")
public final class HeapFuzz extends FuzzCommand {
    private static final long COUNT = 100_000;

    private HeapFuzz() {
        super(HeapFuzzReader.class, List.of("heaps"), COUNT);
    }
}
