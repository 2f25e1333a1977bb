package io.cleave.bench.live;

import io.cleave.bench.Cast;
import io.cleave.bench.Row;
import io.cleave.bench.Samples;
import io.cleave.bench.SubjectProcess;
import io.cleave.bench.Suite;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;

/**
 * What a live object costs, beside an ordinary one of a single thread: {@code ./bench live [--quick] [--json]}.
 *
 * <table>
 * <caption>The works</caption>
 * <tr><th>field-get, field-set</th><td>a field of a primitive by its method.</td></tr>
 * <tr><th>field-add-long-ns</th><td>a number is added to at once; the ordinary object's by a plain addition.</td></tr>
 * <tr><th>call-ns</th><td>a default method that reads two fields.</td></tr>
 * <tr><th>nested</th><td>a field of an object in the object.</td></tr>
 * <tr><th>str-get, str-set</th><td>a string of 4 characters, which is in the field, and one of 31 or 36, which is in a
 * block.</td></tr>
 * <tr><th>dict, list</th><td>an entry and an element of a map and a list in the object.</td></tr>
 * <tr><th>update-two-ns, read-two-ns</th><td>two fields at once, which the ordinary object has no means for.</td></tr>
 * </table>
 */
@Command(name = "live", description = "What live objects in a shared heap cost, beside ordinary ones.")
public final class LiveSuite extends Suite {
    /** Makes the command. */
    public LiveSuite() {
    }

    @Override
    protected List<Row> measure() throws IOException {
        List<Row> rows = new ArrayList<>();
        progress().begin("starting the subjects");
        try (Cast cast = new Cast(progress())) {
            for (String way : List.of("cleave", "java")) {
                cast.add(way, SubjectProcess.jvm(LiveSubject.class, LiveSubject.options(), way));
            }
            for (Map.Entry<String, Integer> work : LiveSubject.works().entrySet()) {
                progress().begin(work.getKey());
                rows.addAll(Samples.take(work.getKey() + " " + work.getValue(), cast.all(), 5, rounds(15, 41),
                        progress()).rows(work.getKey(), "ns"));
            }
        }
        return rows;
    }
}
