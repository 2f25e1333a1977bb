package io.cleave.bench.fission;

import io.cleave.bench.Cast;
import io.cleave.bench.Python;
import io.cleave.bench.Row;
import io.cleave.bench.Samples;
import io.cleave.bench.SubjectProcess;
import io.cleave.bench.Suite;
import io.cleave.os.ProcFs;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;

/**
 * What a fork of the running JVM costs: {@code ./bench fission [--quick] [--json]}.
 *
 * <table>
 * <caption>The works</caption>
 * <tr><th>first-result-1GiB</th><td>from the call to the first result, with 1 GiB of live objects in pages of 4 KiB. All
 * subjects have run the code before. {@code cleave} computes nothing in the calling JVM; {@code cleave-warm} is the
 * default, whose first result comes from the caller; {@code bare-fork} is a fork whose child stores one word.</td></tr>
 * <tr><th>dirtied-1GiB-MiB</th><td>what a child has to itself after reading half of that, and changing
 * nothing.</td></tr>
 * <tr><th>speedup-2000x500us</th><td>2,000 items of half a millisecond each. {@code cleave-isolated} computes nothing in
 * the calling JVM, which has compiled the code before; {@code cleave-isolated-cold} does so where it has not, and a tenth
 * of the items.</td></tr>
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
    private static final int COLD_ITEMS = 200;
    private static final long ITEM_NANOS = 500_000;
    private static final long NEEDED_MIB = 14 << 10;
    private static final String PYTHON = "cpython-fork";
    private static final List<String> BIG_HEAP = List.of("-Xms4g", "-Xmx4g", "-Xmn1500m",
            "-XX:-UseTransparentHugePages");
    private static final List<String> SMALL_HEAP = List.of("-Xms1500m", "-Xmx1500m", "-Xmn900m");

    /** Makes the command. */
    public FissionSuite() {
    }

    @Override
    protected List<Row> measure() throws IOException {
        List<Row> rows = new ArrayList<>();
        rows.addAll(computing());
        rows.addAll(tiny());
        rows.addAll(large());
        rows.addAll(bigHeap());
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

    private List<Row> bigHeap() throws IOException {
        long free = ProcFs.memoryField("/proc/meminfo", "MemAvailable") >> 20;
        if (free < NEEDED_MIB) {
            skip("1 GiB of live objects", "it takes " + NEEDED_MIB + " MiB of free memory, and there are " + free);
            return List.of();
        }
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

    private List<Row> computing() throws IOException {
        List<Row> rows = new ArrayList<>();
        try (Cast cast = cast(ComputeSubject.class, SMALL_HEAP, "compute", "sequential", "cleave", "cleave-isolated",
                "cleave-isolated-cold", "threads")) {
            int steps = (int) cast.some("sequential").getFirst().measure("calibrate " + ITEM_NANOS)[0];
            String work = "speedup-2000x500us";
            progress().begin(work);
            Samples samples = Samples.take("run " + ITEMS + " " + steps,
                    cast.some("sequential", "cleave", "cleave-isolated", "threads"), 2, rounds(5, 11), progress());
            rows.addAll(samples.speedUps(work, "sequential"));
            Samples cold = Samples.take("run " + COLD_ITEMS + " " + steps,
                    cast.some("sequential", "cleave-isolated-cold"), 0, rounds(1, 3), progress());
            rows.addAll(cold.speedUps(work, "sequential").subList(1, 2));
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
