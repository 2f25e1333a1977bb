package io.cleave.bench.soundness;

import io.cleave.WorkerDiedException;
import io.cleave.WorkerException;
import io.cleave.fission.Fission;
import io.cleave.fission.FissionReport;
import io.cleave.fission.Support;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Runs of fission of all sorts, one after the other, each of them verified. */
final class Campaign implements AutoCloseable {
    /** How results are asked for. */
    private enum Form {
        MAP, IMAP, UNORDERED, EACH, ABANDONED
    }

    /** What may run in the calling JVM. */
    private enum Mode {
        ISOLATED, WARMED_BY_ONE, ADAPTIVE
    }

    private final SplittableRandom random;
    private final TrialMaker maker;
    private final Map<Mode, Fission> pools = new EnumMap<>(Mode.class);
    private final Watch watch = new Watch();
    private final Tally tally = new Tally();
    private final Totals totals = new Totals();

    /** What all runs took together. */
    static final class Totals {
        long runs;
        long items;
        long forks;
        long reforks;
        long provenDeadlocks;
        long provokedDeadlocks;
        long unprovenTimeouts;
        long itemsInParent;
        long failuresVerified;
        long stuck;
        long crashed;
        long notWhole;
        final List<Duration> detections = new ArrayList<>();
    }

    Campaign(SplittableRandom random, Noise noise) {
        this.random = random;
        this.maker = new TrialMaker(random, noise, isWhole());
    }

    Tally tally() {
        return tally;
    }

    Totals totals() {
        return totals;
    }

    private static boolean isWhole() {
        return Fission.support() instanceof Support.Supported(boolean isWhole, String _) && isWhole;
    }

    /** Does one run and verifies it. */
    void run() throws ReflectiveOperationException {
        int dice = random.nextInt(100);
        Mode mode = dice < 70 ? Mode.ISOLATED : dice < 92 ? Mode.WARMED_BY_ONE : Mode.ADAPTIVE;
        Form form = Form.values()[random.nextInt(Form.values().length)];
        boolean bound = mode != Mode.ISOLATED && random.nextInt(4) == 0;
        boolean failing = form != Form.ABANDONED && random.nextInt(12) == 0;
        List<Trial> trials = maker.make(mode == Mode.ADAPTIVE, bound, failing);
        String name = "run " + totals.runs + " (" + mode + ", " + form + ", " + trials.size() + " items)";
        Fission pool = pools.computeIfAbsent(mode, Campaign::pool);
        List<@Nullable Object> received = Collections.synchronizedList(new ArrayList<>());
        int wanted = form == Form.ABANDONED ? random.nextInt(trials.size()) : trials.size();
        Throwable thrown = null;
        try (Watch.Guard guard = watch.begin(name, pool)) {
            receive(pool, form, trials, wanted, received);
            if (guard.hasExpired()) {
                throw new IllegalStateException("a stuck run ended as if nothing were wrong");
            }
        } catch (Throwable t) {
            thrown = t;
        }
        count(pool.lastReport(), trials);
        if (watch.takeExpired()) {
            totals.stuck++;
            pools.remove(mode); // the watch has closed it
            return;
        }
        verify(name, form, trials, wanted, received, thrown);
    }

    private static Fission pool(Mode mode) {
        Fission.Builder builder = Fission.builder();
        return switch (mode) {
            case ISOLATED -> builder.warmUp(0).build();
            case WARMED_BY_ONE -> builder.warmUp(1).build();
            case ADAPTIVE -> builder.build();
        };
    }

    private static void receive(Fission pool, Form form, List<Trial> trials, int wanted,
            List<@Nullable Object> received) {
        switch (form) {
            case MAP -> received.addAll(pool.<Trial, @Nullable Object>map(trials, Trial::compute));
            case IMAP -> drain(pool.imap(trials, Trial::compute), received);
            case UNORDERED -> drain(pool.imapUnordered(trials, Trial::compute), received);
            case EACH -> drain(pool.each(trials, slice -> slice.stream().flatMap(Campaign::several)), received);
            case ABANDONED -> {
                Stream<@Nullable Object> results = pool.imap(trials, Trial::compute);
                try (results) {
                    results.limit(wanted).forEachOrdered(received::add);
                }
            }
        }
    }

    private static void drain(Stream<@Nullable Object> results, List<@Nullable Object> received) {
        try (results) {
            results.forEachOrdered(received::add);
        }
    }

    /** In the generator form some items have no result, some one and some two. */
    private static Stream<@Nullable Object> several(Trial trial) {
        try {
            return Collections.nCopies(trial.number() % 3, trial.compute()).stream();
        } catch (Exception e) {
            throw Campaign.<RuntimeException>unchecked(e);
        }
    }

    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
    private static <E extends Exception> E unchecked(Exception e) throws E {
        throw (E) e;
    }

    private void count(FissionReport report, List<Trial> trials) {
        totals.runs++;
        totals.items += trials.size();
        totals.forks += report.forks();
        totals.notWhole += isWhole() ? 0 : report.forks();
        totals.reforks += report.reforks();
        totals.provenDeadlocks += report.provenDeadlocks();
        totals.unprovenTimeouts += report.unprovenTimeouts();
        totals.itemsInParent += report.itemsInParent();
        totals.detections.addAll(report.detections());
        if (trials.stream().anyMatch(Trial::isBoundToDeadlock)) {
            totals.provokedDeadlocks += report.provenDeadlocks();
        }
    }

    private void verify(String name, Form form, List<Trial> trials, int wanted, List<@Nullable Object> received,
            @Nullable Throwable thrown) {
        int failing = IntStream.range(0, trials.size()).filter(i -> trials.get(i) instanceof Trial.Failing).findFirst()
                .orElse(-1);
        List<@Nullable Object> expected = new ArrayList<>();
        for (Trial trial : trials.subList(0, failing >= 0 && form != Form.UNORDERED ? failing : wanted)) {
            if (!(trial instanceof Trial.Failing)) {
                expected.addAll(Collections.nCopies(form == Form.EACH ? trial.number() % 3 : 1, trial.expected()));
            }
        }
        boolean complete = failing < 0 || form == Form.IMAP;
        if (thrown == null || failing >= 0) {
            tally.compare(name, expected, received, form != Form.UNORDERED, complete);
        }
        if (failing >= 0) {
            verifyFailure(name, form, (Trial.Failing) trials.get(failing), failing, thrown);
        } else if (thrown != null) {
            totals.crashed += thrown instanceof WorkerDiedException ? 1 : 0;
            tally.wrong(name, "failed with " + described(thrown));
        }
    }

    private void verifyFailure(String name, Form form, Trial.Failing failing, int index, @Nullable Throwable thrown) {
        if (thrown == null) {
            tally.wrong(name, "has not failed");
            return;
        }
        String complaint = failing.complaint(thrown);
        if (complaint != null) {
            tally.wrong(name, complaint + "; " + described(thrown));
            return;
        }
        Optional<WorkerException> account = Arrays.stream(thrown.getSuppressed())
                .filter(WorkerException.class::isInstance).map(WorkerException.class::cast).findFirst();
        long told = account.map(WorkerException::index).orElse(-1L);
        if (form == Form.EACH ? told < 0 || told > index : told != index) {
            tally.wrong(name, "the failure of item " + index + " is told of item " + told);
            return;
        }
        totals.failuresVerified++;
    }

    private static String described(Throwable thrown) {
        StringBuilder text = new StringBuilder(thrown.toString());
        for (StackTraceElement frame : thrown.getStackTrace()) {
            text.append("\n    at ").append(frame);
        }
        if (thrown.getCause() != null) {
            text.append("\n  caused by ").append(described(thrown.getCause()));
        }
        return text.toString();
    }

    @Override
    public void close() {
        pools.values().forEach(Fission::close);
        watch.close();
    }
}
