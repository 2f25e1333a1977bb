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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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
                List.of("-Xmx128m", "-XX:MaxDirectMemorySize=64m", "-Djava.io.tmpdir=" + directory, "-Djava.awt.headless=true"));
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

    /** What is dear, and tells nothing about a collector or an agent. */
    private static final List<String> FEW = List.of("parallel stream", "virtual threads", "fixed executor",
            "fixed executor of the caller's", "CompletableFuture", "orTimeout", "Timer", "lock and condition",
            "virtual threads that sleep and wait for each other", "thread dump by the bean", "regex", "serialization",
            "DOM", "gzip", "reflection", "class file made by hand", "stack overflow", "digest and MAC", "System.gc",
            "several young collections", "large objects", "out of memory", "cleaner", "phantom reference",
            "direct buffers",
            "arenas", "process", "files", "an event of a flight recording", "sockets", "database in memory",
            "java.util.logging", "Log4j's asynchronous appender", "a profiler's SIGPROF timer on",
            "a profiler's SIGPROF timer off");

    @Test
    void ordinaryJavaIsRightInAChildThatIsTheFirstToDoIt() throws Exception {
        List<Row> rows = table("COLD", List.of("-XX:+UseG1GC"));
        assertRight(rows);
        assertInChildren(rows);
    }

    @Test
    void ordinaryJavaIsRightWhereTheCallerHasDoneTheSame() throws Exception {
        List<Row> rows = table("WARM,DEFAULT", List.of("-XX:+UseG1GC"));
        assertRight(rows);
        assertInChildren(rows);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-XX:+UseParallelGC", "-XX:+UseSerialGC"})
    void ordinaryJavaIsRightWithOtherCollectors(String option) throws Exception {
        List<Row> rows = table("WARM", List.of(option), FEW.toArray(new String[0]));
        assertRight(rows);
        assertInChildren(rows);
    }

    @Test
    void ordinaryJavaIsRightWhileTheCallerIsRecorded() throws Exception {
        List<Row> rows = table("WARM",
                List.of("-XX:StartFlightRecording:filename=" + directory.resolve("own.jfr")),
                FEW.toArray(new String[0]));
        assertRight(rows);
    }

    /**
     * A debugger keeps the capability to suspend threads, so a child has one thread there. What starts another and then
     * waits for the collector is not among these: such a child is ended by a time-out only.
     */
    @Test
    void ordinaryJavaIsRightWhereADebuggersAgentIsLoaded() throws Exception {
        assertRight(table("WARM",
                List.of("-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=127.0.0.1:0"), "parallel stream",
                "virtual threads", "fixed executor", "fixed executor of the caller's", "Timer", "orTimeout",
                "thread dump by the bean", "System.gc", "several young collections"));
    }
}
