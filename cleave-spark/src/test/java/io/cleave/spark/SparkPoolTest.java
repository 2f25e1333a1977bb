package io.cleave.spark;

import io.cleave.pool.Pool;
import io.cleave.pool.PoolContract;
import io.cleave.testing.NothingLeftBehind;
import io.cleave.testing.Watchdog;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.extension.ExtendWith;

/** Spark keeps the promises of all pools. */
@ExtendWith({NothingLeftBehind.class, Watchdog.class})
final class SparkPoolTest {
    @Nested
    final class ByDefault extends PoolContract {
        @Override
        protected Pool newPool() {
            return SparkPool.on(LocalSpark.context());
        }
    }

    @Nested
    final class WithSettings extends PoolContract {
        @Override
        protected Pool newPool() {
            return SparkPool.builder(LocalSpark.context()).chunkSize(3).maxRetries(0).build();
        }
    }
}
