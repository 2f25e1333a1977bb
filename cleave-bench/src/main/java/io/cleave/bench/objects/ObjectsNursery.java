package io.cleave.bench.objects;

import io.cleave.bench.Classes;
import io.cleave.bench.Nursery;
import io.cleave.memory.SharedMemory;
import io.cleave.objects.HeapBlock;
import io.cleave.objects.HeapVerification;
import io.cleave.objects.SharedHeap;
import io.cleave.os.CrashPoint;
import io.cleave.os.Signals;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;

/** The JVM that the workers of the torture of structures are forked from. It prints what has come of it. */
final class ObjectsNursery implements Nursery.Workers {
    private static final String NAME = "torture-objects";
    private static final long MAXIMUM = 64 << 20;
    private static final int REHEARSED_KILLS = 40;
    private static final int REHEARSED_STEPS = 2000;
    private static final int KILLS_PER_VERIFY = 100;
    private static final int KILLS_PER_COLLECTION = 64;
    /** After so many steps at most it is settled at which store a worker dies, if it does not live on. */
    private static final long MOST_STEPS_TO_DOOM = 60;
    private static final int MOST_STORES_TO_DEATH = 100;
    private static final long BREAK_NANOS = 20_000_000;

    private final TortureBoard board;
    private final List<Ordeal> ordeals = new ArrayList<>();

    private ObjectsNursery(TortureBoard board, SharedHeap heap, List<String> structures) {
        this.board = board;
        for (String structure : structures) {
            ordeals.add(switch (structure) {
                case "map" -> new MapOrdeal(board, heap);
                case "set" -> new SetOrdeal(board, heap);
                case "list" -> new ListOrdeal(board, heap);
                case "queue" -> new QueueOrdeal(board, heap, false);
                case "numbers" -> new NumberQueueOrdeal(board, heap);
                case "stack" -> new QueueOrdeal(board, heap, true);
                case "replacements" -> new ReplacementOrdeal(board, heap);
                default -> throw new IllegalArgumentException("there is no torture of a " + structure);
            });
        }
    }

    /** Arguments: kills, the most seconds, seed, structures. It ends with its standard input, too. */
    public static void main(String[] arguments) throws InterruptedException {
        long seed = Long.parseLong(arguments[2]);
        List<String> structures = Arrays.asList(arguments).subList(3, arguments.length);
        Classes.loadPackages(ObjectsNursery.class, Nursery.class, SharedHeap.class, SharedMemory.class, Signals.class);
        Nursery.endWithSupervisor();
        rehearse(seed, structures);
        try (SharedHeap heap = SharedHeap.create(NAME, MAXIMUM); TortureBoard board = new TortureBoard()) {
            HeapBlock _ = heap.raw("first", 1); // what all names need stays with the heap
            boolean _ = heap.drop("first");
            long empty = verify(heap, board).usedBytes();
            ObjectsNursery workers = new ObjectsNursery(board, heap, structures);
            long kills = Long.parseLong(arguments[0]);
            new Nursery(workers, seed).run(kills, Long.parseLong(arguments[1]), () -> {
                workers.ordeals.forEach(Ordeal::between);
                lookBetween(heap, board);
                if (board.get(TortureBoard.KILLS) == Math.max(1, kills / 3)) {
                    board.set(TortureBoard.COMMITTED_BEFORE, heap.statistics().committedBytes());
                }
            });
            workers.ordeals.forEach(Ordeal::checkAll);
            HeapVerification full = verify(heap, board);
            heap.names().forEach(heap::drop);
            long leaked = verify(heap, board).usedBytes() - empty;
            System.out.println("kills=" + board.get(TortureBoard.KILLS));
            System.out.println("millis=" + board.get(TortureBoard.NANOS) / 1_000_000);
            System.out.println("stops=" + board.get(TortureBoard.STOPS));
            System.out.println("steps=" + board.steps());
            System.out.println("full=" + board.get(TortureBoard.FULL));
            System.out.println("lost_with_their_takers=" + board.get(TortureBoard.LOST));
            System.out.println("used_bytes=" + full.usedBytes());
            System.out.println("committed_bytes=" + full.committedBytes());
            System.out.println("committed_bytes_after_a_third=" + board.get(TortureBoard.COMMITTED_BEFORE));
            System.out.println("violations=" + board.get(TortureBoard.VIOLATIONS));
            System.out.println("stuck=" + board.get(TortureBoard.STUCK));
            System.out.println("leaked_bytes=" + leaked);
            System.out.println("errors=" + board.get(TortureBoard.ERRORS));
        }
    }

    /** On a heap of its own. */
    private static void rehearse(long seed, List<String> structures) {
        try (SharedHeap heap = SharedHeap.create(NAME + "-rehearsal", MAXIMUM);
                TortureBoard board = new TortureBoard()) {
            ObjectsNursery workers = new ObjectsNursery(board, heap, structures);
            SplittableRandom random = new SplittableRandom(seed);
            for (int i = 0; i < REHEARSED_STEPS; i++) {
                workers.step(0, random);
            }
            workers.ordeals.forEach(Ordeal::between);
            workers.ordeals.forEach(Ordeal::checkAll);
            new Nursery(workers, seed).rehearse(REHEARSED_KILLS, () -> workers.step(0, random));
            HeapVerification _ = heap.verify();
        }
    }

    /** The whole must be sound at any time; and a child has no collector, so its parent leaves it some room. */
    private static void lookBetween(SharedHeap heap, TortureBoard board) {
        long kills = board.get(TortureBoard.KILLS);
        if (kills % KILLS_PER_VERIFY == 0) {
            HeapVerification _ = verify(heap, board);
        }
        if (kills % KILLS_PER_COLLECTION == 0) {
            System.gc();
            LockSupport.parkNanos(BREAK_NANOS); // no thread may be under way when a process is forked
        }
    }

    private static HeapVerification verify(SharedHeap heap, TortureBoard board) {
        HeapVerification verification = heap.verify();
        if (!verification.isSound()) {
            board.violation(verification.toString());
        }
        return verification;
    }

    private void step(int worker, SplittableRandom random) {
        ordeals.get(random.nextInt(ordeals.size())).step(worker, random);
        board.increment(TortureBoard.STEPS + worker);
    }

    @Override
    public int count() {
        return TortureBoard.WORKERS;
    }

    @Override
    public int live(int worker, long seed) {
        try {
            SplittableRandom random = new SplittableRandom(seed);
            long doomedAt = random.nextBoolean() ? random.nextLong(Nursery.STEPS_OF_A_LIFE, MOST_STEPS_TO_DOOM)
                    : Long.MAX_VALUE;
            for (long steps = 0; board.get(TortureBoard.STOP) == 0; steps++) {
                if (steps == doomedAt) {
                    CrashPoint.dieAt(random.nextInt(1, MOST_STORES_TO_DEATH));
                }
                step(worker, random);
            }
            return 0;
        } catch (RuntimeException | Error e) {
            System.err.println("worker " + worker + ": " + e);
            e.printStackTrace();
            return 1;
        }
    }

    @Override
    public long steps(int worker) {
        return board.get(TortureBoard.STEPS + worker);
    }

    @Override
    public void end() {
        board.set(TortureBoard.STOP, 1);
    }

    @Override
    public boolean mayDieByThemselves() {
        return true;
    }

    @Override
    public void killed(long kills, long nanos) {
        board.set(TortureBoard.KILLS, kills);
        board.set(TortureBoard.NANOS, nanos);
    }

    @Override
    public void stopped() {
        board.increment(TortureBoard.STOPS);
    }

    @Override
    public void stuck() {
        board.increment(TortureBoard.STUCK);
    }

    @Override
    public void failed() {
        board.increment(TortureBoard.ERRORS);
    }
}
