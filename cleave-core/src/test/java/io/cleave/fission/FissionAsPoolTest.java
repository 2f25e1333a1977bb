package io.cleave.fission;

import io.cleave.pool.Pool;
import io.cleave.pool.PoolContract;
import java.time.Duration;
import org.junit.jupiter.api.Nested;

/** Fission keeps the promises of all pools, however it is set up. */
final class FissionAsPoolTest {
    @Nested
    final class ByDefault extends PoolContract {
        @Override
        protected Pool newPool() {
            return Fission.create();
        }
    }

    @Nested
    final class WithEveryItemIsolated extends PoolContract {
        @Override
        protected Pool newPool() {
            return Fission.builder().warmUp(0).build();
        }
    }

    @Nested
    final class WithOneChild extends PoolContract {
        @Override
        protected Pool newPool() {
            return Fission.builder().children(1).warmUp(1).build();
        }
    }

    @Nested
    final class WithManyChildrenAndATimeout extends PoolContract {
        @Override
        protected Pool newPool() {
            return Fission.builder().children(5).itemTimeout(Duration.ofMinutes(1)).build();
        }
    }
}
