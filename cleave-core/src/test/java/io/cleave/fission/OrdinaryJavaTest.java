package io.cleave.fission;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.testing.ChildJvm;
import io.cleave.testing.Delays;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What people do in tasks is right in a child, be it new to the JVM or in use in the caller. */
final class OrdinaryJavaTest {
    @TempDir
    private Path directory;

    /** A line of the table. */
    private record Row(String way, String name, OrdinaryJava.Place place, String result, String where, String lost,
            String time) {
        static Row of(String line) {
            String[] parts = line.split(" \\| ", -1);
            return new Row(parts[1], parts[2], OrdinaryJava.Place.valueOf(parts[3]), parts[4], parts[5], parts[6],
                    parts[7]);
        }

        boolean isInChild() {
            return place == OrdinaryJava.Place.CHILD
                    || (place != OrdinaryJava.Place.ANYWHERE && way.equals("COLD"));
        }

        @Override
        public String toString() {
            return String.format("%-7s %-55s %-6s %-16s %8s  %s", way, name, result, where, time, lost);
        }
    }

    private List<Row> table(String ways, List<String> options, String... names)
            throws InterruptedException, IOException {
        List<String> all = new ArrayList<>(
                List.of("-Xmx256m", "-Djava.io.tmpdir=" + directory, "-Djava.awt.headless=true"));
        all.addAll(options);
        List<String> arguments = new ArrayList<>(List.of(ways));
        arguments.addAll(Arrays.asList(names));
        try (ChildJvm jvm = ChildJvm.start(all, OrdinaryJava.class, arguments.toArray(new String[0]))) {
            boolean done = Delays.within(Delays.PATIENCE.multipliedBy(10), () -> !jvm.handle().isAlive());
            List<Row> rows = jvm.lines().stream().filter(line -> line.startsWith(OrdinaryJava.ROW)).map(Row::of)
                    .toList();
            System.out.println(String.join(" ", options));
            rows.forEach(System.out::println);
            assertThat(done).as(jvm.toString()).isTrue();
            assertThat(jvm.lines()).as(jvm.toString()).contains("done");
            return rows;
        }
    }

    private static void assertRight(List<Row> rows) {
        assertThat(rows).isNotEmpty().allSatisfy(row -> assertThat(row.result).as(row.toString()).isEqualTo("right"));
    }

    private static void assertInChildren(List<Row> rows) {
        assertThat(rows).filteredOn(row -> row.isInChild() && !row.way.equals("DEFAULT"))
                .allSatisfy(row -> assertThat(row.where).as(row.toString()).isEqualTo("child"));
    }

    @Test
    void ordinaryJavaIsRightInAChild() throws Exception {
        List<Row> rows = table("COLD,WARM,DEFAULT", List.of("-XX:+UseG1GC"));
        assertRight(rows);
        assertInChildren(rows);
    }
}
