package io.cleave.bench.sync;

import io.cleave.bench.Classes;
import io.cleave.bench.Nursery;
import io.cleave.memory.SharedMemory;
import io.cleave.os.Signals;
import io.cleave.sync.SharedMutex;

/** The JVM that the workers of the torture of locks are forked from. */
final class SyncNursery implements Nursery.Workers {
    private static final int REHEARSED_KILLS = 60;
    private static final int REHEARSED_STEPS = 300;

    private final Ground ground;

    private SyncNursery(Ground ground) {
        this.ground = ground;
    }

    /** Arguments: name of the ground, kills, the most seconds, seed. It ends with its standard input, too. */
    public static void main(String[] arguments) throws InterruptedException {
        long seed = Long.parseLong(arguments[3]);
        Classes.loadPackages(SyncNursery.class, Nursery.class, SharedMutex.class, SharedMemory.class, Signals.class);
        rehearse(seed);
        Nursery.endWithSupervisor();
        Ground ground = Ground.open(arguments[0]);
        new Nursery(new SyncNursery(ground), seed).run(Long.parseLong(arguments[1]), Long.parseLong(arguments[2]),
                () -> {});
    }

    /** On a ground of its own. */
    private static void rehearse(long seed) throws InterruptedException {
        Ground own = Ground.own();
        SyncTortureWorker worker = new SyncTortureWorker(own, 0, seed);
        for (int i = 0; i < REHEARSED_STEPS; i++) {
            worker.step();
        }
        new Nursery(new SyncNursery(own), seed).rehearse(REHEARSED_KILLS, () -> {
            try {
                worker.step();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e); // nobody interrupts the main thread
            }
        });
    }

    @Override
    public int count() {
        return Ground.WORKERS;
    }

    @Override
    public int live(int worker, long seed) {
        return SyncTortureWorker.live(ground, worker, seed);
    }

    @Override
    public long steps(int worker) {
        return ground.getVolatile(Ground.STEPS + worker);
    }

    @Override
    public void end() {
        ground.setVolatile(Ground.STOP, 1);
    }

    @Override
    public void killed(long kills, long nanos) {
        ground.setVolatile(Ground.KILLS, kills);
        ground.setVolatile(Ground.KILLING_NANOS, nanos);
    }

    @Override
    public void stopped() {
        ground.addVolatile(Ground.STOPS);
    }

    @Override
    public void stuck() {
        ground.addVolatile(Ground.STUCK);
    }

    @Override
    public void failed() {
        ground.addVolatile(Ground.ERRORS);
    }
}
