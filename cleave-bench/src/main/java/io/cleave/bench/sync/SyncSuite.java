package io.cleave.bench.sync;

import io.cleave.bench.Cast;
import io.cleave.bench.Partner;
import io.cleave.bench.Row;
import io.cleave.bench.Samples;
import io.cleave.bench.SubjectProcess;
import io.cleave.bench.Suite;
import io.cleave.os.Cpus;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * What locks and semaphores in shared memory cost: {@code ./bench sync [--quick] [--json]}.
 *
 * <table>
 * <caption>The works</caption>
 * <tr><th>mutex-uncontended</th><td>locking and unlocking, alone, with nothing in between.</td></tr>
 * <tr><th>mutex-contended-2t</th><td>two threads of one JVM lock, add 1 to a number in shared memory, and unlock: the
 * additions of both.</td></tr>
 * <tr><th>mutex-contended-2p</th><td>the same by two JVMs. The number is checked at the end. Who lets one side go on and
 * on does more of them, so {@code mutex-contended-2p-share} says how many of a hundred the lesser side made.</td></tr>
 * <tr><th>spin-roundtrip-2p</th><td>two JVMs answer each other by words at which they look without a pause.</td></tr>
 * <tr><th>wake-sleeper</th><td>from the call that wakes a thread of another JVM, which the kernel has said to sleep,
 * until that thread runs again.</td></tr>
 * <tr><th>semaphore-uncontended</th><td>acquiring and releasing the only permit, alone.</td></tr>
 * <tr><th>semaphore-pingpong-2p</th><td>two JVMs answer each other: each releases one semaphore and acquires the
 * other.</td></tr>
 * </table>
 *
 * Each subject has a JVM of its own, or two, which do this work only. Both sides have done it before, for as long as the
 * warm-up rounds last, and meet before each round.
 */
@Command(name = "sync", description = "What locks and semaphores in shared memory cost, beside java.util.concurrent, "
        + "the C library, bare futexes, bare spinning and Agrona.")
public final class SyncSuite extends Suite {
    private static final String HOP = "hop";
    private static final String CONTENDED = "mutex-contended-2p";
    private static final int QUICK_MILLIS = 100;
    private static final int FULL_MILLIS = 300;
    private static final int QUICK_ROUNDS = 9;
    private static final int FULL_ROUNDS = 31;
    private static final int WARM_UPS = 6;

    /**
     * What is measured, of whom.
     *
     * @param id its name in the results
     * @param sort which sort of section, or where sides answer each other {@link #HOP}
     * @param request what the subjects are asked
     * @param subjects their names in the results, each with "=" and the way by which its JVM knows it where that is
     *        another
     */
    private record Work(String id, String sort, String request, String unit, List<String> subjects) {
        List<String> command(String way) {
            return sort.equals(HOP) ? SubjectProcess.jvm(HopSubject.class, Partner.OPTIONS, way)
                    : SubjectProcess.jvm(SectionSubject.class, Partner.OPTIONS, sort, way);
        }

        boolean hasTwoSides() {
            return !request.equals("pairs");
        }
    }

    private static final List<Work> WORKS = List.of(
            new Work("mutex-uncontended", "mutex", "pairs", "ns/op", List.of("cleave", "ReentrantLock", "glibc-robust",
                    "glibc-robust-lock-only", "bare-futex", "bare-spin")),
            new Work("mutex-contended-2t", "mutex", "threads", "M/s", List.of("cleave", "ReentrantLock", "glibc-robust",
                    "glibc-robust-lock-only", "bare-futex", "bare-spin")),
            new Work(CONTENDED, "mutex", "processes", "M/s", List.of("cleave", "glibc-robust", "glibc-robust-lock-only",
                    "bare-futex", "bare-spin")),
            new Work("spin-roundtrip-2p", HOP, "trips", "ns",
                    List.of("cleave=atomic", "bare-spin=spin", "agrona-one-to-one",
                            "agrona-many-to-one")),
            new Work("wake-sleeper", HOP, "wakes", "us", List.of("cleave=event", "cleave-semaphore=semaphore",
                    "bare-futex=futex", "glibc-semaphore")),
            new Work("semaphore-uncontended", "semaphore", "pairs", "ns/op",
                    List.of("cleave", "Semaphore", "glibc-semaphore")),
            new Work("semaphore-pingpong-2p", HOP, "trips", "ns", List.of("cleave=semaphore", "bare-spin=spin",
                    "bare-futex=futex", "glibc-semaphore")));

    @Option(names = "--work", split = ",", paramLabel = "ID", description = "Measure these only, instead of all.")
    private List<String> chosen = List.of();

    @Option(names = "--millis", paramLabel = "N",
            description = "How long a round lasts (" + QUICK_MILLIS + " with --quick, else " + FULL_MILLIS + ").")
    private int millis;

    /** Makes the command. */
    public SyncSuite() {
    }

    @Override
    protected List<Row> measure() throws IOException {
        int cpus = Cpus.usable();
        List<Row> rows = new ArrayList<>();
        for (Work work : chosen()) {
            if (work.hasTwoSides() && cpus < 2) {
                skip(work.id, "both sides need a processor of their own, and there is one");
            } else {
                rows.addAll(measure(work));
            }
        }
        return rows;
    }

    private List<Work> chosen() {
        List<String> known = WORKS.stream().map(Work::id).toList();
        for (String id : chosen) {
            if (!known.contains(id)) {
                throw wrong("there is no work \"" + id + "\"; there are " + String.join(", ", known));
            }
        }
        if (millis < 0) {
            throw wrong("a round lasts at least 1 ms, not " + millis);
        }
        return chosen.isEmpty() ? WORKS : WORKS.stream().filter(work -> chosen.contains(work.id)).toList();
    }

    private List<Row> measure(Work work) throws IOException {
        progress().begin(work.id);
        List<String> names = new ArrayList<>();
        try (Cast cast = new Cast(progress())) {
            for (String subject : work.subjects) {
                String[] words = subject.split("=");
                names.add(words[0]);
                cast.add(words[0], work.command(words[words.length - 1]));
            }
            int lasts = millis > 0 ? millis : rounds(QUICK_MILLIS, FULL_MILLIS);
            Samples samples = Samples.take(work.request + " " + lasts, cast.all(), WARM_UPS,
                    rounds(QUICK_ROUNDS, FULL_ROUNDS), progress());
            List<Row> rows = new ArrayList<>(samples.rows(work.id, work.unit));
            if (work.id.equals(CONTENDED)) {
                for (String name : names) {
                    rows.add(Row.of(CONTENDED + "-share", name, "%", samples.of(name, 1)));
                }
            }
            return rows;
        }
    }
}
