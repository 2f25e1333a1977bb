package io.cleave.bench.sync;

import io.cleave.bench.Json;
import io.cleave.bench.Progress;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.infra.Status;
import org.openjdk.jcstress.infra.collectors.DiskReadCollector;
import org.openjdk.jcstress.infra.collectors.InProcessCollector;
import org.openjdk.jcstress.infra.collectors.TestResult;
import org.openjdk.jcstress.infra.grading.GradingResult;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * Shows what order two threads see each other's steps in: jcstress runs the shipped mutex, semaphore, event, read-write
 * lock, barrier and latch, of which no forbidden outcome may be seen, and a weaker twin of each, of which one must be, as
 * the test would else prove nothing.
 *
 * <pre>
 * ./bench jcstress
 * </pre>
 */
@Command(name = "jcstress", mixinStandardHelpOptions = true,
        description = "What threads see of each other around locks, beside weakened twins that must fail.")
public final class OrderingCheck implements Callable<Integer> {
    private static final String TESTS = "io\\.cleave\\.sync\\..*Stress\\..*";
    private static final long LONGEST_SECONDS = 600;
    private static final long STEP_SECONDS = 5;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before anything else
    private CommandSpec spec;

    @Option(names = "--quick", description = "Less than a minute instead of four.")
    private boolean quick;
    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    /** What was seen of one test. */
    private static final class Finding {
        private final boolean isTwin;
        private final Map<String, Long> outcomes = new TreeMap<>();
        private long samples;
        private long forbidden;
        private boolean isBroken;

        Finding(String test) {
            isTwin = test.endsWith(".Twin");
        }

        void add(TestResult result) {
            isBroken |= result.status() != Status.NORMAL;
            for (GradingResult graded : result.grading().gradingResults.values()) {
                outcomes.merge(graded.id, graded.count, Long::sum);
                samples += graded.count;
                forbidden += graded.expect == Expect.FORBIDDEN ? graded.count : 0;
            }
        }

        boolean isRight() {
            return isTwin ? forbidden > 0 : forbidden == 0 && samples > 0 && !isBroken;
        }
    }

    private OrderingCheck() {
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Path directory = Files.createTempDirectory("cleave-jcstress");
        try {
            Path log = directory.resolve("log");
            run(directory, log);
            Map<String, Finding> findings = read(directory);
            if (findings.values().stream().noneMatch(finding -> finding.isTwin)) {
                Files.readAllLines(log).forEach(System.err::println);
                throw new IOException("jcstress has left no results; see above why");
            }
            report(findings);
            return findings.values().stream().allMatch(Finding::isRight) ? 0 : 1;
        } finally {
            delete(directory);
        }
    }

    private void run(Path directory, Path log) throws IOException, InterruptedException {
        List<String> command = List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path"),
                "org.openjdk.jcstress.Main", "-t", TESTS, "-f", "1", "-fsm", "1", "-iters", quick ? "3" : "14", "-time",
                quick ? "500" : "1000", "-sc", "false", "-strideSize", "100", "-strideCount", "10", "-jvmArgs",
                "--enable-native-access=ALL-UNNAMED");
        Process process = new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true)
                .redirectOutput(log.toFile()).start();
        Thread end = new Thread(() -> end(process));
        Runtime.getRuntime().addShutdownHook(end);
        Progress progress = new Progress(System.err);
        progress.begin("jcstress");
        try {
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LONGEST_SECONDS);
            while (!process.waitFor(STEP_SECONDS, TimeUnit.SECONDS) && System.nanoTime() - deadline < 0) {
                progress.step();
            }
        } finally {
            end(process);
            progress.end();
            Runtime.getRuntime().removeShutdownHook(end);
        }
    }

    private static void end(Process process) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }

    private static Map<String, Finding> read(Path directory) throws IOException {
        InProcessCollector collector = new InProcessCollector();
        for (Path file : files(directory, ".bin.gz")) {
            DiskReadCollector reader = new DiskReadCollector(file.toString(), collector);
            try {
                reader.dump();
            } catch (ClassNotFoundException e) {
                throw new IOException("results that this class path cannot read", e);
            } finally {
                reader.close();
            }
        }
        Map<String, Finding> findings = new TreeMap<>();
        for (TestResult result : collector.getTestResults()) {
            String test = result.getName().substring(result.getName().indexOf("sync.") + "sync.".length());
            findings.computeIfAbsent(test, Finding::new).add(result);
        }
        return findings;
    }

    private static List<Path> files(Path directory, String end) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(file -> file.toString().endsWith(end)).sorted(Comparator.reverseOrder()).toList();
        }
    }

    private static void delete(Path directory) throws IOException {
        for (Path file : files(directory, "")) {
            Files.deleteIfExists(file);
        }
    }

    private void report(Map<String, Finding> findings) {
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            List<Map<String, Object>> tests = new ArrayList<>();
            findings.forEach((name, finding) -> {
                Map<String, Object> test = new LinkedHashMap<>();
                test.put("test", name);
                test.put("must_fail", finding.isTwin);
                test.put("samples", finding.samples);
                test.put("forbidden", finding.forbidden);
                test.put("right", finding.isRight());
                test.put("outcomes", finding.outcomes);
                tests.add(test);
            });
            Map<String, Object> object = new LinkedHashMap<>();
            object.put("suite", "jcstress");
            object.put("quick", quick);
            object.put("tests", tests);
            out.println(Json.text(object));
        } else {
            findings.forEach((name, finding) -> out.println(String.format(Locale.ROOT,
                    "%-5s %-34s %,14d samples, %,9d forbidden%s  %s", finding.isRight() ? "right" : "WRONG", name,
                    finding.samples, finding.forbidden, finding.isTwin ? ", as it must be" : "", finding.outcomes)));
        }
        out.flush();
    }
}
