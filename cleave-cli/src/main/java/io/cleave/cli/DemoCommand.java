package io.cleave.cli;

import io.cleave.cli.demo.ClassIndex;
import io.cleave.cli.demo.ClassNode;
import io.cleave.cli.demo.Way;
import io.cleave.fission.Fission;
import io.cleave.fission.FissionReport;
import io.cleave.fission.Support;
import io.cleave.memory.SharedMemory;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Does one real job in several ways, and shows that all agree and what each took. */
@Command(name = "demo", subcommands = SnapshotCommand.class, description = {
        "Analyse every class of the running JDK: in one thread, in several threads, in other processes, and in forked "
                + "copies of this JVM.",
        "The class files and an index over them lie on the heap of this JVM; the forked children read them there, the "
                + "other processes have to be given theirs. Each class is parsed, verified and searched for figures. All ways must agree to the last one."})
final class DemoCommand extends CleaveCommand {
    private static final Duration WARM_UP = Duration.ofSeconds(4);
    private static final int MOST_PASSES = 5;
    private static final int REHEARSED = 3_000;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Option(names = "--children", paramLabel = "N",
            description = "How many children, processes and threads. Default: as many as processors can be used.")
    private @Nullable Integer children;

    @Option(names = "--limit", paramLabel = "N",
            description = "Analyse only N classes, spread evenly over all of them.")
    private int limit = Integer.MAX_VALUE;

    @Option(names = "--top", paramLabel = "N", defaultValue = "5",
            description = "How many lines each of the findings gets. Default: ${DEFAULT-VALUE}.")
    private int top;

    @Option(names = "--spark", description = "Also compute on Apache Spark: on a cluster of two executors that is "
            + "started on this machine, unless --master names another.")
    private boolean spark;

    @Option(names = "--master", paramLabel = "URL",
            description = "The Spark cluster to compute on, such as spark://host:7077; implies --spark.")
    private @Nullable String master;

    @Override
    public Integer call() throws IOException, ExecutionException, InterruptedException {
        atLeast(1, "--limit", limit);
        atLeast(0, "--top", top);
        if (children != null) {
            atLeast(1, "--children", children);
        }
        if (Fission.support() instanceof Support.Unsupported(String reason)) {
            err().println("cleave demo: this JVM cannot be forked: " + reason);
            return FAILED;
        }
        // Where there can be no blocks it fails here, rather than after the work.
        SharedMemory.create("cleave-demo." + ProcessHandle.current().pid(), 1).close();
        Progress.eraseOnInterrupt();
        int workers = children == null ? parallelism() : children;
        ClassIndex index;
        try (Progress progress = Progress.start("reading classes", -1)) {
            index = ClassIndex.load(progress);
        }
        List<ClassNode> items = ClassIndex.spread(index.classes(), limit);
        List<Way> ways = new ArrayList<>(
                List.of(Way.sequential(), Way.threads(workers), Way.processes(workers), Way.fission(workers)));
        if (!spark && master == null) {
            return run(index, items, ways, workers);
        }
        Cluster cluster;
        try (Progress _ = Progress.start("starting Spark", -1)) {
            cluster = Cluster.open(master);
        }
        try (cluster) {
            ways.add(Way.spark(cluster.pool()));
            return run(index, items, ways, workers);
        }
    }

    private static int parallelism() {
        try (Fission fission = Fission.create()) {
            return fission.parallelism();
        }
    }

    private int run(ClassIndex index, List<ClassNode> items, List<Way> ways, int workers)
            throws ExecutionException, InterruptedException {
        DemoText text = new DemoText(style(), index, items, workers);
        if (!json) {
            text.introduction().forEach(out()::println);
            out().flush();
        }
        warmUp(workers, index, items);
        List<Way.Outcome> outcomes = new ArrayList<>();
        for (Way way : ways) {
            outcomes.add(measure(way, way.name(), index, items));
        }
        boolean identical = outcomes.stream().map(Way.Outcome::findings).distinct().count() == 1;
        if (json) {
            out().println(json(items, ways, outcomes, identical));
        } else {
            text.comparison(ways, outcomes, identical).forEach(out()::println);
            text.findings(outcomes.getFirst().findings(), top).forEach(out()::println);
        }
        return identical ? DONE : FAILED;
    }

    /**
     * Runs the job untimed, so that the first of the ways is not the one that pays for the compiler; and a part of it
     * with results encoded, as often, so that the children are not the only ones to meet code that was not compiled.
     */
    private static void warmUp(int workers, ClassIndex index, List<ClassNode> items)
            throws ExecutionException, InterruptedException {
        warmUp(Way.rehearsal(), index, ClassIndex.spread(items, REHEARSED));
        warmUp(Way.threads(workers), index, items);
    }

    private static void warmUp(Way way, ClassIndex index, List<ClassNode> items)
            throws ExecutionException, InterruptedException {
        long end = System.nanoTime() + WARM_UP.toNanos();
        for (int pass = 0; pass == 0 || (pass < MOST_PASSES && System.nanoTime() < end); pass++) {
            measure(way, "warming up", index, items);
        }
    }

    private static Way.Outcome measure(Way way, String title, ClassIndex index, List<ClassNode> items)
            throws ExecutionException, InterruptedException {
        System.gc(); // nobody inherits the garbage of the one before
        try (Progress progress = Progress.start(title, items.size())) {
            return way.run(index, items, progress);
        }
    }

    private static JsonObject json(List<ClassNode> items, List<Way> ways, List<Way.Outcome> outcomes,
            boolean identical) {
        JsonObject json = new JsonObject().put("items", items.size());
        for (int i = 0; i < ways.size(); i++) {
            json.put(ways.get(i).key() + "_s", Units.rounded(Units.seconds(outcomes.get(i).time()), 4));
        }
        json.put("identical", identical);
        for (Way.Outcome outcome : outcomes) {
            FissionReport report = outcome.report();
            if (report != null) {
                json.put("forks", report.forks()).put("deadlocks", report.provenDeadlocks())
                        .put("reforks", report.reforks())
                        .put("dirtied_mib_per_child", Units.mib(dirtiedPerChild(report)));
            }
        }
        return json;
    }

    /** What a child changed or allocated on average, in bytes. */
    static long dirtiedPerChild(FissionReport report) {
        return report.forks() == 0 ? 0 : report.bytesDirtied() / report.forks();
    }
}
