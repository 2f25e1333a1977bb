package io.cleave.pool;

import java.time.Duration;
import java.util.concurrent.ExecutorService;
import org.junit.jupiter.api.Nested;

/** Worker JVMs keep the promises of all pools. */
final class ProcessPoolTest {
    @Nested
    final class ByDefault extends PoolContract {
        @Override
        protected Pool newPool() {
            return ProcessPool.create();
        }
    }

    @Nested
    final class WithOneWorkerAndSettings extends PoolContract {
        @Override
        protected Pool newPool() {
            return ProcessPool.builder().workers(1).chunkSize(3).taskTimeout(Duration.ofMinutes(1))
                    .maxTasksPerWorker(500)
                    .build();
        }
    }

    @Nested
    final class AsExecutor extends ExecutorContract {
        @Override
        protected ExecutorService newExecutor() {
            return ProcessPool.create(2);
        }

        @Override
        protected boolean isBounded() {
            return true;
        }

        @Override
        protected boolean takesAnything() {
            return false;
        }
    }
}
