package io.cleave.bench.memory;

import io.cleave.AlreadyExistsException;
import io.cleave.BlockNotFoundException;
import io.cleave.bench.memory.Board.Counter;
import io.cleave.memory.Cleanup;
import io.cleave.memory.SharedMemory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * One process of the torture: it does steps until there have been enough, or until it is killed. A step attaches to a
 * block at random, checks what it sees, and leaves it.
 *
 * <p>
 * What is checked: a stamped block is whole, and stays the same while somebody is attached. A block that was stamped
 * before a moment at which nobody was busy with its name is an orphan, which nobody may attach to. While somebody is
 * attached to a block whose name was not removed on purpose, opening the name leads to that very block, and nobody can
 * create another one.
 */
final class TortureWorker {
    private static final long LONGEST_NAP_NANOS = 3_000_000;
    private static final long LONGEST_SWEEP_NANOS = 20_000_000_000L;

    private final String prefix;
    private final Board board;
    private final int me;
    private final SplittableRandom random;
    private int name;

    private TortureWorker(String prefix, Board board, int me, long seed) {
        this.prefix = prefix;
        this.board = board;
        this.me = me;
        this.random = new SplittableRandom(seed);
    }

    /**
     * Arguments: prefix of the names, the board's file, number of the worker, seed; a negative number is for the one that
     * looks what is left in the end. It ends with its standard input, too.
     */
    public static void main(String[] arguments) throws IOException {
        Thread.ofPlatform().daemon().start(TortureWorker::endWithSupervisor);
        int me = Integer.parseInt(arguments[2]);
        try (Board board = Board.in(Path.of(arguments[1]))) {
            TortureWorker worker = new TortureWorker(arguments[0], board, me, Long.parseLong(arguments[3]));
            if (me < 0) {
                worker.audit();
            } else {
                worker.work();
            }
        }
    }

    /** Counts what making blocks does not sweep, and what even the clean-up leaves. */
    private void audit() {
        long deadline = System.nanoTime() + LONGEST_SWEEP_NANOS;
        while (count() > 0 && System.nanoTime() - deadline < 0) {
            SharedMemory.create("sweeper", 8).close();
        }
        board.countVolatile(Counter.UNSWEPT, count());
        Cleanup.run().failed().forEach(failed -> report(Counter.ERRORS, "the clean-up failed for " + failed));
        board.countVolatile(Counter.LEAKED, count());
    }

    private long count() {
        return SharedMemory.list().stream().filter(info -> info.name().startsWith(prefix)).count();
    }

    private static void endWithSupervisor() {
        try {
            while (System.in.read() >= 0) {
                Thread.onSpinWait();
            }
        } catch (IOException e) {
            System.err.println("standard input: " + e);
        }
        Runtime.getRuntime().halt(1);
    }

    private void work() {
        for (long done = 1; board.incrementVolatile(Counter.STEPS) <= board.countVolatile(Counter.STEP_LIMIT); done++) {
            name = random.nextInt(Board.NAMES);
            board.busyVolatile(me, name);
            try {
                step();
            } catch (RuntimeException e) {
                report(Counter.ERRORS, "a step failed: " + e);
            }
            board.idleVolatile(me);
            board.doneVolatile(me, done);
            nap();
        }
    }

    private void step() {
        long newest = board.countVolatile(Counter.STAMPS); // before it is asked who is busy: they may stamp meanwhile
        boolean idle = !board.isInUseByOthersVolatile(name, me);
        int way = random.nextInt(100);
        boolean create = way < 25;
        SharedMemory block = create ? create() : way < 60 ? openOrCreate() : open();
        if (block == null) {
            return;
        }
        try (block) {
            board.incrementVolatile(create ? Counter.CREATES : Counter.OPENS);
            Incarnation incarnation = new Incarnation(block.segment());
            long stamp = incarnation.stampAcquire();
            if ((create || idle) && stamp != 0 && stamp <= newest) {
                report(Counter.WRONG_ATTACHES, "attached to an orphan, stamp " + stamp + " of " + newest);
            }
            use(block, incarnation);
        }
        if (random.nextInt(50) == 0) {
            Cleanup.run();
        }
    }

    private void use(SharedMemory block, Incarnation incarnation) {
        if (incarnation.claimVolatile()) {
            incarnation.stampRelease(board.incrementVolatile(Counter.STAMPS), name);
        }
        long stamp = incarnation.stampAcquire();
        checkWhole(incarnation);
        for (int i = random.nextInt(3); i > 0; i--) {
            nap();
            switch (random.nextInt(3)) {
                case 0 -> checkThatTheNameLeadsHere(incarnation);
                case 1 -> checkThatTheNameIsTaken(incarnation);
                default -> unlinkSometimes(block, incarnation);
            }
        }
        checkWhole(incarnation);
        if (stamp != 0 && incarnation.stampAcquire() != stamp) {
            report(Counter.WRONG_ATTACHES, "stamp " + stamp + " became " + incarnation.stampAcquire());
        }
    }

    private void checkWhole(Incarnation incarnation) {
        if (incarnation.stampAcquire() != 0 && !incarnation.isWhole(name)) {
            report(Counter.WRONG_ATTACHES, "not whole, stamp " + incarnation.stampAcquire());
        }
    }

    private void checkThatTheNameLeadsHere(Incarnation incarnation) {
        long stamp = incarnation.stampAcquire();
        try (SharedMemory again = SharedMemory.open(prefix + name)) {
            board.incrementVolatile(Counter.OPENS);
            Incarnation other = new Incarnation(again.segment());
            long seen = other.stampAcquire();
            if (stamp != 0 && seen != stamp && !incarnation.unlinkedVolatile()) {
                report(Counter.LIVE_REMOVED, "stamp " + stamp + " is in use, and the name leads to " + seen);
            }
        } catch (BlockNotFoundException e) {
            if (!incarnation.unlinkedVolatile()) {
                report(Counter.LIVE_REMOVED, "stamp " + stamp + " is in use, and its name is gone");
            }
        }
    }

    private void checkThatTheNameIsTaken(Incarnation incarnation) {
        try (SharedMemory other = SharedMemory.create(prefix + name, Incarnation.byteSize(name))) {
            board.incrementVolatile(Counter.CREATES);
            if (!incarnation.unlinkedVolatile()) {
                report(Counter.WRONG_ATTACHES, "created " + other + " while another was in use");
            }
        } catch (AlreadyExistsException e) {
            return; // as it should be
        }
    }

    private void unlinkSometimes(SharedMemory block, Incarnation incarnation) {
        if (random.nextInt(4) == 0) {
            incarnation.unlinkedVolatile(true);
            block.unlink();
        }
    }

    private @Nullable SharedMemory create() {
        try {
            return SharedMemory.create(prefix + name, Incarnation.byteSize(name));
        } catch (AlreadyExistsException e) {
            return null;
        }
    }

    private @Nullable SharedMemory open() {
        try {
            return SharedMemory.open(prefix + name);
        } catch (BlockNotFoundException e) {
            return null;
        }
    }

    private SharedMemory openOrCreate() {
        return SharedMemory.openOrCreate(prefix + name, Incarnation.byteSize(name));
    }

    private void nap() {
        LockSupport.parkNanos(random.nextLong(LONGEST_NAP_NANOS));
    }

    private void report(Counter counter, String what) {
        board.incrementVolatile(counter);
        System.err.println("worker " + me + ", name " + name + ": " + what);
    }
}
