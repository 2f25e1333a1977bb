package io.cleave.bench.pool;

import io.cleave.bench.Cast;
import io.cleave.bench.Python;
import io.cleave.bench.Row;
import io.cleave.bench.Samples;
import io.cleave.bench.Subject;
import io.cleave.bench.SubjectProcess;
import io.cleave.bench.Suite;
import io.cleave.os.Cpus;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * What pools cost: {@code ./bench pool [--quick] [--json]}.
 *
 * <table>
 * <caption>The works</caption>
 * <tr><th>start-to-first-result</th><td>from before a pool is made until one trivial task has its result. Each subject has
 * used such a pool before; {@code cleave-cold} is a JVM that has done nothing yet. {@code jvm-hello} is a JVM with default
 * options that says hello, from start to end.</td></tr>
 * <tr><th>start-to-first-result-forked</th><td>the same with workers that are copies of the JVM.</td></tr>
 * <tr><th>one-call-us</th><td>submit and get of a task that gives a constant, one after the other; the median of a round's
 * calls. {@code one-call-captured-us}: the task has a small record with it. {@code one-call-idle-us}: after a pause of 10 ms
 * each, so that whoever waits sleeps.</td></tr>
 * <tr><th>tiny-chunk1</th><td>20,000 numbers plus one each, handed out one by one.</td></tr>
 * <tr><th>tiny-default</th><td>1,000,000 of them, handed out as the pool likes.</td></tr>
 * <tr><th>arg-1MB, result-1MB</th><td>arrays of bytes that only go to the workers, or only come from them.</td></tr>
 * <tr><th>speedup-2000x500us</th><td>2,000 items of half a millisecond each, beside the loop.</td></tr>
 * </table>
 *
 * All of them have two workers, as the goals are for two; for the start, one for each processor, which is the default.
 */
@Command(name = "pool", description = "Pools of processes and threads, beside PP4J, CPython's and ForkJoinPool.")
public final class PoolSuite extends Suite {
    private static final int WORKERS = 2;
    private static final int CHUNK_1_ITEMS = 20_000;
    private static final int DEFAULT_ITEMS = 1_000_000;
    private static final int MB = 1_000_000;
    private static final int ITEMS = 2000;
    private static final long ITEM_NANOS = 500_000;

    private static final String CLEAVE = "cleave";
    /** With as many workers as it takes by itself. */
    private static final String AS_CREATED = "cleave-default";
    /** With workers that are copies. */
    private static final String FORKED = "cleave-forked";
    private static final String COLD = "cleave-cold";
    private static final String THREADS = "cleave-threads";
    private static final String FISSION = "cleave-fission";
    /** Computes nothing in the calling JVM. */
    private static final String FORKS = FISSION + "=cleave-fission-isolated";
    private static final String FORK_JOIN = "fork-join";
    private static final String PP4J = "pp4j";
    private static final String PYTHON = "python-pool";
    private static final String HELLO = "jvm-hello";
    private static final String SEQUENTIAL = "sequential";

    private static final String START = "start-to-first-result";
    private static final String START_FORKED = "start-to-first-result-forked";
    private static final String CALL = "one-call-us";
    private static final String CAPTURED = "one-call-captured-us";
    private static final String IDLE = "one-call-idle-us";
    private static final String CHUNK_1 = "tiny-chunk1";
    private static final String DEFAULT = "tiny-default";
    private static final String ARGUMENT = "arg-1MB";
    private static final String RESULT = "result-1MB";
    private static final String SPEED_UP = "speedup-2000x500us";
    private static final List<String> WORKS = List.of(START, START_FORKED, CALL, CAPTURED, IDLE, CHUNK_1, DEFAULT,
            ARGUMENT, RESULT,
            SPEED_UP);

    @Option(names = "--work", split = ",", paramLabel = "ID", description = "Measure these only, instead of all.")
    private List<String> chosen = List.of();

    private final List<Row> rows = new ArrayList<>();

    /** Makes the command. */
    public PoolSuite() {
    }

    @Override
    protected List<Row> measure() throws IOException {
        for (String id : chosen) {
            if (!WORKS.contains(id)) {
                throw wrong("there is no work \"" + id + "\"; there are " + String.join(", ", WORKS));
            }
        }
        if (isWanted(START)) {
            start();
        }
        if (isWanted(START_FORKED)) {
            startForked();
        }
        if (isWanted(CALL) || isWanted(CAPTURED) || isWanted(IDLE)) {
            calls();
        }
        if (isWanted(CHUNK_1)) {
            chunk1();
        }
        if (isWanted(DEFAULT)) {
            defaultChunks();
        }
        if (isWanted(ARGUMENT) || isWanted(RESULT)) {
            large();
        }
        if (isWanted(SPEED_UP)) {
            speedUp();
        }
        return rows;
    }

    private boolean isWanted(String work) {
        return chosen.isEmpty() || chosen.contains(work);
    }

    private static List<String> command(String way, int workers, boolean oneByOne) {
        return SubjectProcess.jvm(PoolSubject.class, List.of(), way, Integer.toString(workers),
                Boolean.toString(oneByOne));
    }

    /** Starts subjects, each given as its name, or as {@code name=way} where its JVM knows it by another. */
    private Cast cast(String works, int workers, boolean oneByOne, String... subjects) throws IOException {
        progress().begin("starting the subjects of " + works);
        Cast cast = new Cast(progress());
        for (String subject : subjects) {
            String[] words = subject.split("=");
            if (!subject.equals(PYTHON)) {
                cast.add(words[0], command(words[words.length - 1], workers, oneByOne));
                continue;
            }
            Optional<List<String>> python = Python.command(PoolSuite.class, "pool.py", Integer.toString(workers),
                    oneByOne ? "1" : "0");
            if (python.isPresent()) {
                cast.add(PYTHON, python.get());
            } else {
                skip(PYTHON + " (" + works + ")", "there is no python3 on the PATH");
            }
        }
        return cast;
    }

    private void take(String work, String request, List<? extends Subject> subjects, int warmUps, int rounds,
            String unit) throws IOException {
        if (isWanted(work)) {
            progress().begin(work);
            rows.addAll(Samples.take(request, subjects, warmUps, rounds, progress()).rows(work, unit));
        }
    }

    private void start() throws IOException {
        int workers = Cpus.usable();
        try (Cast cast = cast(START, workers, false, CLEAVE + "=" + AS_CREATED, THREADS, FORKS, FORK_JOIN, PYTHON,
                PP4J)) {
            cast.add(HELLO, SubjectProcess.jvm(HelloJvm.class, List.of()));
            List<Subject> subjects = new ArrayList<>(cast.all());
            subjects.add(1, new FreshProcess(COLD, command(AS_CREATED, workers, false)));
            take(START, "start", subjects, rounds(4, 10), rounds(11, 31), "ms");
        }
    }

    private void startForked() throws IOException {
        try (Cast cast = cast(START_FORKED, Cpus.usable(), false, CLEAVE + "=" + FORKED, PYTHON)) {
            cast.add(HELLO, SubjectProcess.jvm(HelloJvm.class, List.of()));
            take(START_FORKED, "start", cast.all(), rounds(4, 10), rounds(11, 31), "ms");
        }
    }

    private void calls() throws IOException {
        try (Cast cast = cast("one-call", WORKERS, false, CLEAVE, THREADS, FORKS, FORK_JOIN, PYTHON, PP4J)) {
            String millis = " " + rounds(100, 300);
            take(CALL, "calls" + millis, cast.all(), rounds(10, 20), rounds(11, 31), "us");
            take(CAPTURED, "captured" + millis, cast.all(), rounds(10, 20), rounds(11, 31), "us");
            take(IDLE, "idle " + rounds(300, 1000), cast.all(), 2, rounds(5, 11), "us");
        }
    }

    private void chunk1() throws IOException {
        skip(FISSION + " (" + CHUNK_1 + ")", "it hands out no chunks");
        try (Cast cast = cast(CHUNK_1, WORKERS, true, CLEAVE, THREADS, FORK_JOIN, PYTHON, PP4J, SEQUENTIAL)) {
            take(CHUNK_1, "tiny " + CHUNK_1_ITEMS, cast.all(), rounds(4, 10), rounds(5, 15), "us/item");
        }
    }

    private void defaultChunks() throws IOException {
        skip(PP4J + " (" + DEFAULT + ")", "it maps no lists, and single tasks are " + CHUNK_1);
        try (Cast cast = cast(DEFAULT, WORKERS, false, CLEAVE, THREADS, FISSION, FORK_JOIN, PYTHON, SEQUENTIAL)) {
            take(DEFAULT, "tiny " + DEFAULT_ITEMS, cast.all(), rounds(5, 10), rounds(9, 31), "us/item");
        }
    }

    private void large() throws IOException {
        try (Cast cast = cast("1MB", WORKERS, false, CLEAVE, THREADS, FORKS, FORK_JOIN, PYTHON, PP4J)) {
            String figures = " " + rounds(32, 64) + " " + MB;
            take(ARGUMENT, "argument" + figures, cast.all(), rounds(3, 8), rounds(5, 15), "us/item");
            take(RESULT, "result" + figures, cast.all(), rounds(3, 8), rounds(5, 15), "us/item");
        }
    }

    private void speedUp() throws IOException {
        try (Cast cast = cast(SPEED_UP, WORKERS, false, SEQUENTIAL, CLEAVE, THREADS, FISSION, FORK_JOIN, PP4J,
                PYTHON)) {
            int steps = (int) cast.some(SEQUENTIAL).getFirst().measure("calibrate " + ITEM_NANOS)[0];
            progress().begin(SPEED_UP);
            Samples samples = Samples.take("run " + ITEMS + " " + steps,
                    cast.some(SEQUENTIAL, CLEAVE, THREADS, FISSION, FORK_JOIN, PP4J), 2, rounds(5, 11), progress());
            rows.addAll(samples.speedUps(SPEED_UP, SEQUENTIAL));
            List<SubjectProcess> python = cast.some(PYTHON);
            if (!python.isEmpty()) {
                Samples own = Samples.take("run " + ITEMS, python, 1, rounds(3, 7), progress());
                rows.add(Row.of(SPEED_UP, PYTHON, "x", own.of(PYTHON, 0)));
            }
            rows.addAll(samples.rows("seconds-2000x500us", "s"));
        }
    }
}
