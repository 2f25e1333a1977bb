package io.cleave.memory;

import io.cleave.os.Dirent;
import io.cleave.os.Unistd;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

/**
 * Removes orphans bit by bit, whenever a block is made, so that what killed processes left goes without anybody's doing.
 *
 * <p>
 * A step looks at {@value #STEP} files at most, and is followed by a pause of {@value #PAUSE} times what it took; so that
 * sweeping takes a fiftieth of the time of a process that does nothing but make blocks, however many there are. Names are
 * read from the directory in parts, and each part is gone through in random order, the first one of a process being one at
 * random: so processes that make a single block, and look at few files, look at different ones.
 */
final class Sweeper {
    private static final int STEP = 32;
    private static final int PAUSE = 50;
    /** Some 500 names as Share gives them. */
    private static final int PART_BYTES = 32 << 10;
    /** The first part that is gone through is one of so many. */
    private static final int FIRST_PARTS = 16;

    private final String directory;
    private final String prefix;
    private final AtomicBoolean busy = new AtomicBoolean();
    /** What is left of the part; used by who is busy. */
    private final Deque<String> candidates = new ArrayDeque<>();
    /** Where the next part begins; -1 before the first. Used by who is busy. */
    private long next = -1;
    /** When to go on; used by who is busy. */
    private long notBefore = System.nanoTime();
    /** When to look at all again. */
    private volatile long notBeforeAll = System.nanoTime();

    Sweeper(String directory, String prefix) {
        this.directory = directory;
        this.prefix = prefix;
    }

    /** Looks at a few files, if it is time to; fails on nothing that may lie there. */
    void step() {
        if (Unistd.isForkedChild() || !busy.compareAndSet(false, true)) {
            return;
        }
        try {
            long start = System.nanoTime();
            if (start - notBefore >= 0) {
                if (candidates.isEmpty()) {
                    readPart();
                }
                for (int i = 0; i < STEP && !candidates.isEmpty(); i++) {
                    sweep(candidates.remove());
                }
                long end = System.nanoTime();
                notBefore = end + PAUSE * (end - start);
            }
        } finally {
            busy.set(false);
        }
    }

    /**
     * Looks at all files of some names, unless that has been in vain a short while ago.
     *
     * @return whether there was an orphan
     */
    boolean sweepAll(Supplier<List<String>> blocks) {
        if (Unistd.isForkedChild() || System.nanoTime() - notBeforeAll < 0) {
            return false;
        }
        long start = System.nanoTime();
        boolean any = false;
        for (String block : blocks.get()) {
            any |= sweep(prefix + block);
        }
        long end = System.nanoTime();
        notBeforeAll = any ? end : end + PAUSE * (end - start);
        return any;
    }

    private void readPart() {
        int skipped = next < 0 ? ThreadLocalRandom.current().nextInt(FIRST_PARTS) : 0;
        Dirent.Part part = Dirent.read(directory, Math.max(0, next), PART_BYTES);
        while (skipped > 0 && part.next() != 0) {
            Dirent.Part following = Dirent.read(directory, part.next(), PART_BYTES);
            if (following.names().isEmpty()) {
                break; // the directory ends here
            }
            part = following;
            skipped--;
        }
        next = part.next();
        List<String> names = new ArrayList<>(part.names());
        names.removeIf(name -> !name.startsWith(prefix));
        Collections.shuffle(names, ThreadLocalRandom.current());
        candidates.addAll(names);
    }

    private boolean sweep(String name) {
        try {
            return BlockInspector.sweep(directory + "/" + name, false);
        } catch (RuntimeException ignored) {
            return false; // another's, or the system refuses: Cleanup tells those who ask, and here a block is to be made
        }
    }
}
