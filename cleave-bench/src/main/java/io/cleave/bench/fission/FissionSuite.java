package io.cleave.bench.fission;

import io.cleave.bench.Cast;
import io.cleave.bench.Python;
import io.cleave.bench.Row;
import io.cleave.bench.Samples;
import io.cleave.bench.Subject;
import io.cleave.bench.SubjectProcess;
import io.cleave.bench.Suite;
import io.cleave.os.ProcFs;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * What a fork of the running JVM costs: {@code ./bench fission [--quick] [--json]}.
 *
 * <table>
 * <caption>The works</caption>
 * <tr><th>first-result-1GiB</th><td>from the call to the first result, with 1 GiB of live objects in pages of 4 KiB. All
 * subjects have run the code before. {@code cleave} computes nothing in the calling JVM; {@code cleave-warm} is the
 * default, whose first result comes from the caller; {@code bare-fork} is a fork whose child stores one word.</td></tr>
 * <tr><th>first-result-1GiB-huge</th><td>the same with {@code cleave}'s heap in transparent huge pages. {@code bare-fork} has
 * small ones.</td></tr>
 * <tr><th>pause-1GiB-huge-ms</th><td>for how long a busy thread of the caller stands still around a fork, as it sees it
 * itself; {@code -200-threads} and {@code -2000-threads}: with so many others that wait. {@code nothing} does not fork, but
 * for the same time.</td></tr>
 * <tr><th>dirtied-1GiB-MiB</th><td>what a child has to itself after reading half of that, and changing
 * nothing.</td></tr>
 * <tr><th>speedup-2000x500us</th><td>2,000 items of half a millisecond each. {@code cleave-isolated} computes nothing in
 * the calling JVM, which has compiled the code before.</td></tr>
 * <tr><th>cold-isolated-2000x500us</th><td>the same in a new JVM each time, where the code has never run and nothing is
 * computed in the calling JVM, against the loop of a JVM that has compiled it.</td></tr>
 * <tr><th>alloc-2000x1ms</th><td>2,000 items of about a millisecond that allocate about a MiB each, in small objects,
 * beside 1 GiB of live ones.</td></tr>
 * <tr><th>tiny-item</th><td>a million items of a few nanoseconds each. {@code cleave} decides by itself where to compute
 * them; {@code cleave-forced} has all but the first come from children.</td></tr>
 * <tr><th>result-1MB</th><td>64 items, each a new, filled array of 1 MB. {@code cleave-isolated} computes nothing in the
 * calling JVM.</td></tr>
 * </table>
 *
 * All of them have two workers, as the goals are for two.
 */
@Command(name = "fission",
        description = "What a fork of the running JVM costs, beside a bare fork, CPython and threads.")
public final class FissionSuite extends Suite {
    /** How many children, threads or processes compute at once. */
    static final int WORKERS = 2;

    private static final int ITEMS = 2000;
    private static final long ITEM_NANOS = 500_000;
    private static final long ALLOCATING_ITEM_NANOS = 1_000_000;
    private static final long NEEDED_MIB = 14 << 10;
    private static final String PYTHON = "cpython-fork";
    private static final String SMALL_PAGES = "-XX:-UseTransparentHugePages";
    private static final List<String> BIG_HEAP = List.of("-Xms4g", "-Xmx4g", "-Xmn1500m", SMALL_PAGES);
    private static final List<String> HUGE_HEAP = List.of("-Xms4g", "-Xmx4g", "-Xmn1500m",
            "-XX:+UseTransparentHugePages");
    private static final List<String> SMALL_HEAP = List.of("-Xms1500m", "-Xmx1500m", "-Xmn900m");

    @Option(names = "--work", split = ",", paramLabel = "SORT",
            description = "Measure these sorts only, instead of all: compute, cold, tiny, large, alloc, graph, huge.")
    private List<String> chosen = List.of("compute", "cold", "tiny", "large", "alloc", "graph", "huge");

    /** Measures a sort of work. */
    private interface Part {
        List<Row> measure() throws IOException;
    }

    /** Makes the command. */
    public FissionSuite() {
    }

    @Override
    protected List<Row> measure() throws IOException {
        List<Row> rows = new ArrayList<>();
        for (String sort : chosen) {
            switch (sort) {
                case "compute" -> rows.addAll(computing());
                case "cold" -> rows.addAll(cold());
                case "tiny" -> rows.addAll(tiny());
                case "large" -> rows.addAll(large());
                case "alloc" -> rows.addAll(withGraph(this::allocating));
                case "graph" -> rows.addAll(withGraph(this::graph));
                case "huge" -> rows.addAll(withGraph(this::huge));
                default -> throw wrong("there is no sort of work \"" + sort + "\"");
            }
        }
        return rows;
    }

    private Cast cast(Class<?> main, List<String> heap, String script, String... ways) throws IOException {
        progress().begin("starting the subjects of " + script);
        Cast cast = new Cast(progress());
        for (String way : ways) {
            cast.add(way, SubjectProcess.jvm(main, heap, way));
        }
        Optional<List<String>> python = Python.command(FissionSuite.class, "fission.py", script, "" + WORKERS);
        if (python.isPresent()) {
            cast.add(PYTHON, python.get());
        } else {
            skip(PYTHON + " (" + script + ")", "there is no python3 on the PATH");
        }
        return cast;
    }

    private List<Row> withGraph(Part part) throws IOException {
        long free = ProcFs.memoryField("/proc/meminfo", "MemAvailable") >> 20;
        if (free < NEEDED_MIB) {
            skip("1 GiB of live objects", "it takes " + NEEDED_MIB + " MiB of free memory, and there are " + free);
            return List.of();
        }
        return part.measure();
    }

    private List<Row> graph() throws IOException {
        List<Row> rows = new ArrayList<>();
        try (Cast cast = cast(GraphSubject.class, BIG_HEAP, "graph", "bare-fork", "cleave", "cleave-warm", "threads")) {
            progress().begin("first-result-1GiB");
            rows.addAll(Samples.take("first", cast.all(), rounds(3, 5), rounds(11, 31), progress())
                    .rows("first-result-1GiB", "ms"));
            progress().begin("dirtied-1GiB-MiB");
            Samples dirtied = Samples.take("dirtied", cast.some("cleave", "cleave-warm", PYTHON), 1, rounds(3, 7),
                    progress());
            rows.addAll(dirtied.rows("dirtied-1GiB-MiB", "MiB"));
            rows.add(Row.of("dirtied-1GiB-MiB", "cleave, told by the child", "MiB", dirtied.of("cleave", 1)));
        }
        return rows;
    }

    private List<Row> huge() throws IOException {
        List<Row> rows = new ArrayList<>();
        progress().begin("starting the subjects of huge pages");
        try (Cast cast = new Cast(progress())) {
            cast.add("cleave", SubjectProcess.jvm(GraphSubject.class, HUGE_HEAP, "cleave"));
            cast.add("bare-fork", SubjectProcess.jvm(GraphSubject.class, BIG_HEAP, "bare-fork"));
            cast.add("nothing", SubjectProcess.jvm(GraphSubject.class, HUGE_HEAP, "nothing"));
            progress().begin("first-result-1GiB-huge");
            rows.addAll(
                    Samples.take("first", cast.some("cleave", "bare-fork"), rounds(3, 5), rounds(11, 31), progress())
                            .rows("first-result-1GiB-huge", "ms"));
            rows.addAll(pauses(cast, "pause-1GiB-huge-ms", 0));
            rows.addAll(pauses(cast, "pause-1GiB-huge-200-threads-ms", 200));
            rows.addAll(pauses(cast, "pause-1GiB-huge-2000-threads-ms", 2000));
        }
        return rows;
    }

    private List<Row> pauses(Cast cast, String work, int threads) throws IOException {
        progress().begin(work);
        return Samples.take("pause " + threads, cast.all(), rounds(2, 5), rounds(11, 31), progress()).rows(work, "ms");
    }

    private List<Row> allocating() throws IOException {
        progress().begin("starting the subjects that allocate");
        try (Cast cast = new Cast(progress())) {
            for (String way : List.of("sequential", "cleave", "threads")) {
                cast.add(way, SubjectProcess.jvm(ComputeSubject.class, BIG_HEAP, way, ComputeSubject.WITH_GRAPH));
            }
            String work = "alloc-2000x1ms";
            progress().begin(work);
            int steps = (int) cast.some("sequential").getFirst().measure("calibrate " + ALLOCATING_ITEM_NANOS)[0];
            return Samples.take("run " + ITEMS + " " + steps, cast.all(), 2, rounds(5, 11), progress())
                    .speedUps(work, "sequential");
        }
    }

    /** Each sample from a JVM of its own, which has run nothing yet. */
    private List<Row> cold() throws IOException {
        String work = "cold-isolated-2000x500us";
        progress().begin(work);
        try (Cast cast = new Cast(progress())) {
            SubjectProcess warm = cast.add("sequential", compute("sequential")).all().getFirst();
            String run = "run " + ITEMS + " " + (int) warm.measure("calibrate " + ITEM_NANOS)[0];
            Samples samples = Samples.take(run, List.of(warm, new Subject() {
                @Override
                public String name() {
                    return "cleave";
                }

                @Override
                public double[] measure(String request) throws IOException {
                    try (SubjectProcess fresh = SubjectProcess.start(name(), compute("cleave-isolated-cold"))) {
                        return fresh.measure(request);
                    }
                }
            }), 1, rounds(5, 11), progress());
            return samples.speedUps(work, "sequential");
        }
    }

    private static List<String> compute(String way) {
        return SubjectProcess.jvm(ComputeSubject.class, SMALL_HEAP, way);
    }

    private List<Row> computing() throws IOException {
        List<Row> rows = new ArrayList<>();
        try (Cast cast = cast(ComputeSubject.class, SMALL_HEAP, "compute", "sequential", "cleave", "cleave-isolated",
                "threads")) {
            int steps = (int) cast.some("sequential").getFirst().measure("calibrate " + ITEM_NANOS)[0];
            String work = "speedup-2000x500us";
            progress().begin(work);
            Samples samples = Samples.take("run " + ITEMS + " " + steps,
                    cast.some("sequential", "cleave", "cleave-isolated", "threads"), 2, rounds(5, 11), progress());
            rows.addAll(samples.speedUps(work, "sequential"));
            List<SubjectProcess> python = cast.some(PYTHON);
            if (!python.isEmpty()) {
                Samples own = Samples.take("run " + ITEMS, python, 1, rounds(3, 7), progress());
                rows.add(Row.of(work, PYTHON, "x", own.of(PYTHON, 0)));
            }
            rows.addAll(samples.rows("seconds-2000x500us", "s"));
        }
        return rows;
    }

    private List<Row> large() throws IOException {
        progress().begin("result-1MB");
        try (Cast cast = new Cast(progress())) {
            for (String way : List.of("cleave", "cleave-isolated", "threads")) {
                cast.add(way, SubjectProcess.jvm(LargeSubject.class, SMALL_HEAP, way));
            }
            return Samples.take("run", cast.all(), rounds(5, 10), rounds(11, 31), progress()).rows("result-1MB",
                    "ms/item");
        }
    }

    private List<Row> tiny() throws IOException {
        try (Cast cast = cast(TinySubject.class, SMALL_HEAP, "tiny", "sequential", "cleave", "cleave-forced",
                "threads")) {
            progress().begin("tiny-item");
            return Samples.take("run", cast.all(), rounds(5, 10), rounds(11, 31), progress()).rows("tiny-item",
                    "us/item");
        }
    }
}
