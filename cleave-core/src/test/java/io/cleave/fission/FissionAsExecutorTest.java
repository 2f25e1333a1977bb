package io.cleave.fission;

import io.cleave.pool.ExecutorContract;
import java.util.concurrent.ExecutorService;

/** Fission keeps the promises of all executors, as far as one can that forks for each task at once. */
final class FissionAsExecutorTest extends ExecutorContract {
    @Override
    protected ExecutorService newExecutor() {
        return Fission.builder().children(2).build();
    }

    @Override
    protected boolean isBounded() {
        return false;
    }

    @Override
    protected boolean hasQueue() {
        return false;
    }

    @Override
    protected int tasksPerThread() {
        return 10;
    }

    @Override
    protected boolean takesAnything() {
        return false;
    }
}
