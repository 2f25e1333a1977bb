package io.cleave.spark;

import io.cleave.pool.Pool;
import io.cleave.pool.PoolContract;
import org.junit.jupiter.api.Nested;

/** Spark keeps the promises of all pools. */
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
