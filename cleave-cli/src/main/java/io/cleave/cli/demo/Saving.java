package io.cleave.cli.demo;

import io.cleave.fission.Fission;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;

/** One way of saving a ledger while others write to it. */
public enum Saving {
    /** Nobody saves: what writers meet anyhow. */
    NONE("none", "nobody saves", true) {
        @Override
        void save(Ledger ledger, Path file, Fission fission) throws InterruptedException {
            Thread.sleep(IDLE_MILLIS);
        }
    },
    /** While all writers stand still. */
    STOPPED("stopped", "stop and save", true) {
        @Override
        void save(Ledger ledger, Path file, Fission fission) throws IOException {
            try (Ledger.Lock _ = ledger.stop()) {
                ledger.save(file);
            }
        }
    },
    /** From a copy in memory, that is made while all writers stand still. */
    COPIED("copied", "stop and copy", true) {
        @Override
        void save(Ledger ledger, Path file, Fission fission) throws IOException {
            Ledger copy;
            try (Ledger.Lock _ = ledger.stop()) {
                copy = ledger.copy();
            }
            copy.save(file);
        }
    },
    /** By a forked child, which has the heap of the moment of its fork. */
    FORKED("forked", "stop and fork", true) {
        @Override
        void save(Ledger ledger, Path file, Fission fission) throws ExecutionException, InterruptedException {
            start(ledger, file, fission).get();
        }

        private static Future<Integer> start(Ledger ledger, Path file, Fission fission) {
            try (Ledger.Lock _ = ledger.stop()) {
                return fission.submit(() -> {
                    ledger.save(file);
                    return ledger.size();
                });
            }
        }
    },
    /** While it changes: to see that the check can fail. */
    UNGUARDED("unguarded", "do not stop", false) {
        @Override
        void save(Ledger ledger, Path file, Fission fission) throws IOException {
            ledger.save(file);
        }
    };

    private static final long IDLE_MILLIS = 2_000;

    private final String key;
    private final String title;
    private final boolean consistent;

    Saving(String key, String title, boolean consistent) {
        this.key = key;
        this.title = title;
        this.consistent = consistent;
    }

    /** Its name for programs. */
    public String key() {
        return key;
    }

    /** Its name for people. */
    public String title() {
        return title;
    }

    /** Whether what it saves must be consistent. */
    public boolean mustBeConsistent() {
        return consistent;
    }

    abstract void save(Ledger ledger, Path file, Fission fission)
            throws IOException, ExecutionException, InterruptedException;
}
