package io.cleave.pool;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.cleave.fork.WholeSupport;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;

/** Workers that are copies of this JVM keep the promises of those that are JVMs of their own. */
final class ForkedPoolTest {
    @BeforeAll
    static void needsWholeForks() {
        assumeTrue(WholeSupport.isThere(), WholeSupport.refusal());
    }

    @Nested
    final class AsPool extends PoolContract {
        @Override
        protected Pool newPool() {
            return ProcessPool.builder().startMethod(StartMethod.FORK).build();
        }
    }

    @Nested
    final class WithOneWorkerAndSettings extends PoolContract {
        @Override
        protected Pool newPool() {
            return ProcessPool.builder().startMethod(StartMethod.FORK).workers(1).chunkSize(3)
                    .taskTimeout(Duration.ofMinutes(1)).maxTasksPerWorker(500).build();
        }
    }

    @Nested
    final class AsExecutor extends ExecutorContract {
        @Override
        protected ExecutorService newExecutor() {
            return ProcessPool.builder().startMethod(StartMethod.FORK).workers(2).build();
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

    @Nested
    final class Deaths extends ProcessPoolDeathTest {
        @Override
        protected StartMethod startMethod() {
            return StartMethod.FORK;
        }
    }

    @Nested
    final class Failures extends ProcessPoolFailureTest {
        @Override
        protected StartMethod startMethod() {
            return StartMethod.FORK;
        }
    }

    @Nested
    final class Flow extends ProcessPoolFlowTest {
        @Override
        protected StartMethod startMethod() {
            return StartMethod.FORK;
        }
    }

    @Nested
    final class Large extends ProcessPoolLargeTest {
        @Override
        protected StartMethod startMethod() {
            return StartMethod.FORK;
        }
    }

    @Nested
    final class Life extends ProcessPoolLifeTest {
        @Override
        protected StartMethod startMethod() {
            return StartMethod.FORK;
        }
    }
}
