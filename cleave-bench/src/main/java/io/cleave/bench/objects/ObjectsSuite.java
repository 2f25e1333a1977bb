package io.cleave.bench.objects;

import io.cleave.bench.Cast;
import io.cleave.bench.Directories;
import io.cleave.bench.Partner;
import io.cleave.bench.Row;
import io.cleave.bench.Samples;
import io.cleave.bench.Subject;
import io.cleave.bench.SubjectProcess;
import io.cleave.bench.Suite;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * What live objects in a shared heap cost: {@code ./bench objects [--quick] [--json]}.
 *
 * <table>
 * <caption>The works</caption>
 * <tr><th>map-get-1M</th><td>a value of 24 chars by its key, a random one of a million, until its last char has been
 * read. {@code bare-table} is the least that a table of bytes in memory can do.</td></tr>
 * <tr><th>map-put-1M</th><td>another value for such a key; the value before comes back.</td></tr>
 * <tr><th>map-remove-1M</th><td>a key, in the order in which they were put; they are put again, which is not
 * measured.</td></tr>
 * <tr><th>map-walk-1M</th><td>one entry of a walk through all values.</td></tr>
 * <tr><th>map-fill-1M</th><td>a new key, until an empty map has a million of them.</td></tr>
 * <tr><th>map-get-1M-2p, map-put-1M-2p</th><td>the same by two JVMs at once.</td></tr>
 * <tr><th>map-grow-10M-OPERATION-SHARE-us</th><td>how long the slowest operations took while a process filled a map and
 * two others got and put in it at random: new entries, gets and puts. {@code ConcurrentHashMap} has three threads instead.
 * {@code nothing} looks at the clock only: three at work on fewer processors wait for each other.</td></tr>
 * <tr><th>malloc-free-64B</th><td>a block, allocated and freed at once, {@code -by-1000} a thousand of them before the
 * first is freed. {@code glibc} is called in C; {@code glibc-ffm} from Java, by a downcall that does not tell the
 * JVM.</td></tr>
 * <tr><th>list-get-ns, list-set-ns</th><td>one number of a list of a hundred thousand, one after the other: of a
 * {@code SharedLongList}; {@code cleave-boxed} is a {@code SharedList} of {@code Long}.</td></tr>
 * <tr><th>queue-64B-spsc-2p</th><td>messages of 64 bytes from one JVM to another.</td></tr>
 * <tr><th>queue-roundtrip-2p-ns</th><td>one such message, which the other side answers by another one; both look without
 * a pause.</td></tr>
 * <tr><th>queue-long-spsc-2p</th><td>numbers of 64 bits from one JVM to another: a queue of numbers, and messages of 8 bytes.</td></tr>
 * <tr><th>queue-mpmc-64B-4p</th><td>two JVMs send to two others; Agrona's ring has room for one that takes.</td></tr>
 * <tr><th>messages-400kB</th><td>arrays from one JVM to another, which has an array of its own in the end;
 * {@code memcpy-warm} only copies, into shared memory that was used before.</td></tr>
 * </table>
 */
@Command(name = "objects", description = "What live objects in a shared heap cost, beside Chronicle, Agrona, the C "
        + "library and the JDK's collections.")
public final class ObjectsSuite extends Suite {
    private static final String GLIBC = "glibc";
    private static final String MANY_TO_ONE = "agrona-many-to-one";
    private static final int SMALL_BYTES = 64;
    private static final int LARGE_BYTES = 400_000;

    @Option(names = "--work", split = ",", paramLabel = "SORT",
            description = "Measure these sorts only, instead of all: map, growth, malloc, list, queue.")
    private List<String> chosen = List.of("map", "growth", "malloc", "list", "queue");

    /** Makes the command. */
    public ObjectsSuite() {
    }

    @Override
    protected List<Row> measure() throws IOException {
        List<Row> rows = new ArrayList<>();
        for (String sort : chosen) {
            switch (sort) {
                case "map" -> rows.addAll(map());
                case "growth" -> rows.addAll(growth());
                case "list" -> rows.addAll(list());
                case "queue" -> rows.addAll(queue());
                case "malloc" -> rows.addAll(malloc());
                default -> throw wrong("there is no sort of work \"" + sort + "\"");
            }
        }
        return rows;
    }

    private List<Row> map() throws IOException {
        List<Row> rows = new ArrayList<>();
        progress().begin("starting the subjects of maps");
        try (Cast cast = new Cast(progress())) {
            for (String way : List.of("cleave", "chronicle-map", "ConcurrentHashMap", "bare-table")) {
                cast.add(way, SubjectProcess.jvm(MapSubject.class, MapSubject.options(way), way));
            }
            String[] maps = {"cleave", "chronicle-map", "ConcurrentHashMap"};
            String[] shared = {"cleave", "chronicle-map"};
            rows.addAll(map(cast.all(), "map-fill-1M", "fill", 1, rounds(3, 7)));
            List<Row> get = map(cast.all(), "map-get-1M", "get 200000", 5, rounds(15, 41));
            rows.addAll(get);
            get.forEach(row -> rows.add(row.as("map-get-1M-vs-local")));
            rows.addAll(map(cast.some(maps), "map-put-1M", "put 100000", 5, rounds(15, 41)));
            rows.addAll(map(cast.some(maps), "map-remove-1M", "remove 50000", 3, rounds(7, 21)));
            rows.addAll(map(cast.some(maps), "map-walk-1M", "walk", 2, rounds(5, 15)));
            rows.addAll(map(cast.some(shared), "map-get-1M-2p", "2p get 200000", 5, rounds(9, 31)));
            rows.addAll(map(cast.some(shared), "map-put-1M-2p", "2p put 100000", 5, rounds(9, 31)));
        }
        return rows;
    }

    private List<Row> map(List<SubjectProcess> cast, String work, String request, int warmUps, int rounds)
            throws IOException {
        progress().begin(work);
        return Samples.take(request, cast, warmUps, rounds, progress()).rows(work, "ns/op");
    }

    /** One subject after the other, as each needs all processors. */
    private List<Row> growth() throws IOException {
        List<Row> rows = new ArrayList<>();
        progress().begin("map-grow-10M");
        try (Cast cast = new Cast(progress())) {
            for (String way : List.of("cleave", "ConcurrentHashMap", "nothing")) {
                cast.add(way, SubjectProcess.jvm(GrowthSubject.class, GrowthSubject.options(way), way));
            }
            for (SubjectProcess each : cast.all()) {
                double[] _ = each.measure("grow 1000000"); // compiles
            }
            Samples samples = Samples.take("grow 10000000", cast.all(), 0, rounds(1, 5), progress());
            int column = 0;
            for (String operation : List.of("new", "get", "put")) {
                for (String share : Latencies.names()) {
                    for (SubjectProcess each : cast.all()) {
                        rows.add(Row.of("map-grow-10M-" + operation + "-" + share + "-us", each.name(), "us",
                                samples.of(each.name(), column)));
                    }
                    column++;
                }
            }
        }
        return rows;
    }

    private List<Row> malloc() throws IOException {
        List<Row> rows = new ArrayList<>();
        progress().begin("starting the subjects of malloc");
        Path directory = Directories.create();
        try (Cast cast = new Cast(progress())) {
            for (String way : List.of("cleave", "glibc-ffm")) {
                cast.add(way, SubjectProcess.jvm(MallocSubject.class, List.of("-XX:+UseSerialGC"), way));
            }
            Optional<List<String>> program = CProgram.command(directory, "malloc.c");
            if (program.isPresent()) {
                cast.add(GLIBC, program.get());
            } else {
                skip(GLIBC, "there is no cc on the PATH");
            }
            rows.addAll(malloc(cast, "malloc-free-64B", 1));
            rows.addAll(malloc(cast, "malloc-free-64B-by-1000", 1000));
        } finally {
            Directories.delete(directory);
        }
        return rows;
    }

    private List<Row> malloc(Cast cast, String work, int atOnce) throws IOException {
        progress().begin(work);
        return Samples.take("pairs 500000 " + atOnce + " 64", cast.all(), 5, rounds(15, 41), progress()).rows(work,
                "ns/op");
    }

    private List<Row> list() throws IOException {
        List<Row> rows = new ArrayList<>();
        progress().begin("starting the subjects of lists");
        try (Cast cast = new Cast(progress())) {
            for (String way : List.of("cleave", "cleave-boxed", "ArrayList")) {
                cast.add(way, SubjectProcess.jvm(ListSubject.class, ListSubject.options(), way));
            }
            for (String operation : List.of("get", "set")) {
                progress().begin("list-" + operation + "-ns");
                rows.addAll(Samples.take(operation + " 20", cast.all(), 5, rounds(15, 41), progress())
                        .rows("list-" + operation + "-ns", "ns"));
            }
        }
        return rows;
    }

    private List<Row> queue() throws IOException {
        List<Row> rows = new ArrayList<>();
        progress().begin("starting the subjects of queues");
        try (Cast cast = new Cast(progress())) {
            for (String way : List.of("cleave", "agrona", "chronicle-queue")) {
                cast.add(way, queue(way, 1, SMALL_BYTES));
            }
            rows.addAll(queue("queue-64B-spsc-2p", "stream 1 1 500000", cast.all(), "M/s"));
            rows.addAll(queue("queue-roundtrip-2p-ns", "trips 50000", cast.all(), "ns"));
        }
        progress().begin("starting the subjects of queues of numbers");
        try (Cast cast = new Cast(progress())) {
            for (String way : List.of("cleave-numbers", "cleave", "agrona")) {
                cast.add(way, queue(way, 1, Long.BYTES));
            }
            rows.addAll(queue("queue-long-spsc-2p", "stream 1 1 500000", cast.all(), "M/s"));
        }
        progress().begin("starting the subjects of queues for four");
        try (Cast cast = new Cast(progress())) {
            cast.add("cleave", queue("cleave", 3, SMALL_BYTES));
            cast.add(MANY_TO_ONE, queue(MANY_TO_ONE, 2, SMALL_BYTES));
            String work = "queue-mpmc-64B-4p";
            List<Subject> subjects = List.of(asking(cast.all().get(0), "stream 2 2 400000"),
                    asking(cast.all().get(1), "stream 2 1 400000"));
            rows.addAll(queue(work, "", subjects, "M/s"));
        }
        progress().begin("starting the subjects of large messages");
        try (Cast cast = new Cast(progress())) {
            cast.add("cleave", queue("cleave", 1, LARGE_BYTES));
            cast.add("memcpy-warm", SubjectProcess.jvm(CopySubject.class, Partner.OPTIONS));
            List<Subject> subjects = List.of(second(asking(cast.all().get(0), "stream 1 1 2000")),
                    asking(cast.all().get(1), "copy 2000 " + LARGE_BYTES));
            rows.addAll(queue("messages-400kB", "", subjects, "GiB/s"));
        }
        return rows;
    }

    private List<Row> queue(String work, String request, List<? extends Subject> subjects, String unit)
            throws IOException {
        progress().begin(work);
        return Samples.take(request, subjects, 5, rounds(15, 41), progress()).rows(work, unit);
    }

    private static List<String> queue(String way, int partners, int bytes) {
        return SubjectProcess.jvm(QueueSubject.class, QueueSubject.options(way), way, Integer.toString(partners),
                Integer.toString(bytes));
    }

    /** A subject that has a request of its own, as it does the work by other means than the rest. */
    private static Subject asking(Subject subject, String request) {
        return new Subject() {
            @Override
            public String name() {
                return subject.name();
            }

            @Override
            public double[] measure(String common) throws IOException {
                return subject.measure(request);
            }
        };
    }

    /** A subject of whose figures the second is the one that counts. */
    private static Subject second(Subject subject) {
        return new Subject() {
            @Override
            public String name() {
                return subject.name();
            }

            @Override
            public double[] measure(String request) throws IOException {
                return new double[] {subject.measure(request)[1]};
            }
        };
    }
}
