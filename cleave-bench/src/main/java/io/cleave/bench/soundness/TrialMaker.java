package io.cleave.bench.soundness;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Makes the items of runs. */
final class TrialMaker {
    private static final int FEWEST = 4;
    private static final int MOST = 24;
    private static final int LARGEST_BYTES = 3 << 20;

    private final SplittableRandom random;
    private final Noise noise;
    /** Whether children are whole JVMs, and so can do all that a JVM does. */
    private final boolean isWhole;
    private int number;

    TrialMaker(SplittableRandom random, Noise noise, boolean isWhole) {
        this.isWhole = isWhole;
        this.random = random;
        this.noise = noise;
    }

    /**
     * Makes the items of a run.
     *
     * @param worthForking whether they shall take as long as makes a fork pay
     * @param boundToDeadlock whether some may need threads that a child does not have
     * @param failing whether one shall fail
     */
    List<Trial> make(boolean worthForking, boolean boundToDeadlock, boolean failing)
            throws ReflectiveOperationException {
        int count = worthForking ? MOST : FEWEST + random.nextInt(MOST - FEWEST + 1);
        List<Trial> trials = new ArrayList<>(count);
        while (trials.size() < count) {
            number++;
            trials.add(worthForking && random.nextInt(3) > 0 ? new Trial.Slow(number, 1_500_000) : any());
        }
        if (boundToDeadlock) {
            number++;
            trials.set(random.nextInt(count), deadlocking());
        }
        if (failing) {
            number++;
            trials.set(random.nextInt(count), new Trial.Failing(number));
        }
        return trials;
    }

    private Trial any() throws ReflectiveOperationException {
        int dice = random.nextInt(100);
        if (isWhole && dice < 15) {
            return ofAWholeJvm(dice);
        }
        if (dice < 40) {
            return new Trial.Small(number);
        }
        if (dice < 65) {
            return Trial.Cold.of(fresh(), number);
        }
        if (dice < 85) {
            return new Trial.Unloaded(fresh(), number);
        }
        if (dice < 90) {
            return new Trial.Large(number, (1 << 20) + random.nextInt(LARGEST_BYTES - (1 << 20)));
        }
        return dice < 95 ? new Trial.Garbage(number, random.nextInt(50_000)) : new Trial.Slow(number, 100_000);
    }

    private Trial ofAWholeJvm(int dice) {
        OverriddenClass overridden = dice < 4 ? noise.pollOverridden() : null;
        if (overridden != null) {
            return new Trial.Overriding(overridden, number, false);
        }
        if (dice < 5) {
            return new Trial.Garbage(number, 1_000_000);
        }
        if (dice < 6) {
            return new Trial.Collecting(number, 20_000);
        }
        return dice < 10 ? new Trial.Threaded(number) : new Trial.Catching(number);
    }

    private Trial deadlocking() {
        OverriddenClass overridden = random.nextBoolean() ? noise.pollOverridden() : null;
        return overridden != null ? new Trial.Overriding(overridden, number, true) : new Trial.Locking(noise, number);
    }

    /** A class of few or many methods, some with loops long enough that the interpreter asks for a compilation. */
    private FreshClass fresh() {
        int loops = random.nextInt(20) == 0 ? 70_000 : 1 + random.nextInt(400);
        return new FreshClass(random.nextLong(), 1 + random.nextInt(loops > 400 ? 2 : 24), loops);
    }
}
