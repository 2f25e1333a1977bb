package io.cleave.fission;

import io.cleave.work.Sneaky;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The runs of a pool that have not ended yet, and the report of the one that was begun last. */
final class OpenRuns {
    private static final FissionReport NOTHING = FissionReport.ofNoForks(0);

    private final Settings settings;
    private final Set<Run> open = ConcurrentHashMap.newKeySet();
    /** The run that was begun last, until it has ended. Written under the lock of {@link #open}. */
    private volatile @Nullable Run last;
    /** The report of that run, once it has ended. Written under the same. */
    private volatile FissionReport lastReport = NOTHING;
    private volatile boolean closed;

    OpenRuns(Settings settings) {
        this.settings = settings;
    }

    Run begin(Iterable<?> items, Body body, boolean ordered, boolean failFast) {
        Run run = new Run(body, items, settings, ordered, failFast, this::ended);
        synchronized (open) {
            last = run;
        }
        open.add(run);
        return run;
    }

    /** Forgets a run that has ended, with its items and results. */
    private void ended(Run run) {
        open.remove(run);
        synchronized (open) {
            if (run == last) {
                lastReport = run.report();
                last = null;
            }
        }
    }

    /** What the run that was begun last has taken so far. */
    FissionReport lastReport() {
        Run run = last;
        return run == null ? lastReport : run.report();
    }

    /** Ends all that are open, whatever their listeners throw; that comes out afterwards. */
    void endAll() {
        Throwable thrown = null;
        for (Run run : open) {
            try {
                run.close();
            } catch (Throwable t) {
                thrown = Run.both(thrown, t);
            }
        }
        if (thrown != null) {
            throw Sneaky.rethrow(thrown);
        }
    }

    /** Ends all; none is to be begun any more. */
    void close() {
        closed = true;
        endAll();
    }

    boolean isClosed() {
        return closed;
    }
}
