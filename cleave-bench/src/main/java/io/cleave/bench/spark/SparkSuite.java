package io.cleave.bench.spark;

import io.cleave.bench.Row;
import io.cleave.bench.Samples;
import io.cleave.bench.Suite;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;

/**
 * What a pool on Spark costs beside Spark's own interface, on a Master, two Workers and two executors of one core on
 * this machine: {@code ./bench spark [--quick] [--json]}. Both have the same executors, and take turns.
 *
 * <table>
 * <caption>The works</caption>
 * <tr><th>map-1000</th><td>1,000 items that compute for 2 ms each. {@code spark} has them in as many partitions as
 * there are cores, which is Spark's own default; {@code spark-1000} in a partition each.</td></tr>
 * <tr><th>map-1000-empty</th><td>1,000 items that compute nothing: what the way itself costs.</td></tr>
 * <tr><th>broadcast-100MB</th><td>an array of floats to all executors, until each has looked at both ends of
 * it.</td></tr>
 * <tr><th>pss-100MB</th><td>how much larger all executors together are then than they were before, each with its part
 * of what they share, after a collection of their garbage. Each subject has executors of its own, and one
 * round.</td></tr>
 * </table>
 */
@Command(name = "spark", description = "Pools on a Spark cluster of two executors, beside Spark's own interface.")
public final class SparkSuite extends Suite {
    private static final String HOME = "cleave.spark.home";

    /** Makes the command. */
    public SparkSuite() {
    }

    @Override
    protected List<Row> measure() throws IOException {
        String home = System.getProperty(HOME);
        if (home == null) {
            throw wrong("Spark is not on the class path; run ./bench spark at the root of Cleave's sources, which "
                    + "adds it");
        }
        List<Row> rows = new ArrayList<>();
        progress().begin("starting a cluster");
        try (SparkWorks works = SparkWorks.start(Path.of(home))) {
            for (String work : List.of("map-1000", "map-1000-empty", "broadcast-100MB")) {
                progress().begin(work);
                rows.addAll(Samples.take(work, works.subjects(work), rounds(2, 5), rounds(5, 15), progress()).rows(work,
                        "ms"));
            }
            progress().begin("pss-100MB");
            rows.addAll(Samples.take("pss-100MB", works.memorySubjects(), 0, rounds(1, 3), progress()).rows("pss-100MB",
                    "MiB"));
        }
        return rows;
    }
}
