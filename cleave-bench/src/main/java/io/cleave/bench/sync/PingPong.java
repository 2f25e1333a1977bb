package io.cleave.bench.sync;

import io.cleave.bench.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Shows that no wake-up is lost: two JVMs wake each other in turn, millions of times, by semaphores, events or a
 * condition. Sleepers look after nothing by themselves meanwhile, as they would else find in the end what nobody had woken
 * them for; so a wake-up that is lost leaves both asleep.
 *
 * <pre>
 * ./bench torture pingpong --rounds 10000000
 * </pre>
 */
@Command(name = "pingpong", mixinStandardHelpOptions = true, description = "Two JVMs that wake each other in turn.")
public final class PingPong implements Callable<Integer> {
    /** What they wake each other by. */
    enum Means {
        SEMAPHORE, EVENT, CONDITION
    }

    private static final long SECONDS_MORE = 60;

    @Option(names = "--rounds", defaultValue = "10000000", description = "How many rounds (${DEFAULT-VALUE}).")
    private long rounds;
    @Option(names = "--by", defaultValue = "SEMAPHORE",
            description = "One of ${COMPLETION-CANDIDATES} (${DEFAULT-VALUE}).")
    private Means means = Means.SEMAPHORE;
    @Option(names = "--seconds", defaultValue = "600",
            description = "The longest that it may take (${DEFAULT-VALUE}).")
    private long seconds;
    @Option(names = "--quick", description = "A hundredth of the rounds.")
    private boolean quick;
    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    private PingPong() {
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (quick) {
            rounds = Math.max(1, rounds / 100);
        }
        String name = "pingpong-" + ProcessHandle.current().pid() + "-" + System.nanoTime();
        List<Process> parties = new ArrayList<>();
        try (Table table = Table.open(name)) {
            long start = System.nanoTime();
            for (int party = 0; party < 2; party++) {
                parties.add(start(name, party));
            }
            for (Process party : parties) {
                boolean _ = party.waitFor(seconds + SECONDS_MORE, TimeUnit.SECONDS);
            }
            return report(parties, table, (System.nanoTime() - start) / 1e9);
        } finally {
            parties.forEach(party -> party.destroyForcibly().onExit().join());
        }
    }

    private Process start(String name, int party) throws IOException {
        List<String> command = List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC", "-Xmx64m", "-Dcleave.sliceNanos="
                        + Long.MAX_VALUE / 4,
                "-cp", System.getProperty("java.class.path"), PingPongParty.class.getName(), name,
                Integer.toString(party), means.name(), Long.toString(rounds), Long.toString(seconds));
        return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    }

    private int report(List<Process> parties, Table table, double time) throws IOException {
        long sleeps = 0;
        boolean isRight = true;
        for (Process party : parties) {
            isRight &= !party.isAlive() && party.exitValue() == 0;
            if (!party.isAlive()) {
                String said = new String(party.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip();
                sleeps += said.isEmpty() ? 0 : Long.parseLong(said);
            }
        }
        long done = table.rounds();
        Map<String, Object> figures = new LinkedHashMap<>();
        figures.put("by", means.name().toLowerCase(Locale.ROOT));
        figures.put("rounds", done);
        figures.put("seconds", Math.round(time * 10) / 10.0);
        figures.put("rounds_per_second", Math.round(done / time));
        figures.put("sleeps", sleeps);
        figures.put("lost_wakeups", isRight ? 0 : 1);
        figures.put("done", isRight && done == rounds);
        if (json) {
            System.out.println(Json.text(figures));
        } else {
            figures.forEach((what, figure) -> System.out.printf(Locale.ROOT, "%-18s %s%n", what, figure));
        }
        return isRight && done == rounds ? 0 : 1;
    }
}
