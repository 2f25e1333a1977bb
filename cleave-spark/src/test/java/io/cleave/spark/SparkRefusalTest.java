package io.cleave.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.cleave.CleaveException;
import io.cleave.pool.ProcessPool;
import io.cleave.pool.Task;
import io.cleave.testing.Watchdog;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What cannot be sent is refused in the words of all pools, before a job begins. */
@ExtendWith(Watchdog.class)
final class SparkRefusalTest {
    private static final class Holder {
        private final Thread thread = Thread.currentThread();

        int count() {
            return thread.getName().length();
        }
    }

    private static void refusedAlike(Task<Integer, Integer> task) {
        try (SparkPool spark = SparkPool.on(LocalSpark.context()); ProcessPool processes = ProcessPool.create(1)) {
            int before = LocalSpark.context().statusTracker().getJobIdsForGroup(null).length;
            Throwable refusal = catchThrowable(() -> spark.map(List.of(1), task));
            assertThat(refusal).isExactlyInstanceOf(IllegalArgumentException.class)
                    .hasMessage(catchThrowable(() -> processes.map(List.of(1), task)).getMessage());
            assertThat(LocalSpark.context().statusTracker().getJobIdsForGroup(null)).hasSize(before);
        }
    }

    @Test
    void aCapturedObjectThatCannotTravelIsNamedByItsPath() {
        Holder holder = new Holder();
        refusedAlike(x -> holder.count() + x);
        Map<String, Object> map = Map.of("key", new Object());
        refusedAlike(x -> map.size() + x);
    }

    @Test
    void anItemThatCannotTravelIsRefusedAsByOtherPools() {
        try (SparkPool spark = SparkPool.on(LocalSpark.context()); ProcessPool processes = ProcessPool.create(1)) {
            List<Object> items = List.of(1, Thread.currentThread());
            String message = catchThrowable(() -> processes.map(items, String::valueOf)).getMessage();
            assertThatIllegalArgumentException().isThrownBy(() -> spark.map(items, String::valueOf))
                    .withMessage(message);
        }
    }

    @Test
    void settingsThatMakeNoSenseAreRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> SparkPool.builder(LocalSpark.context()).maxRetries(-1))
                .withMessageContaining("-1");
        assertThatIllegalArgumentException().isThrownBy(() -> SparkPool.builder(LocalSpark.context()).chunkSize(0))
                .withMessageContaining("0");
    }

    @Test
    void aDirectoryThatCannotBeWrittenToIsNamedAtOnce() throws Exception {
        Path file = Files.createTempFile("cleave-no-directory", "");
        try {
            assertThatExceptionOfType(CleaveException.class)
                    .isThrownBy(() -> LoopbackCluster.start(Path.of(System.getProperty("cleave.spark.home")),
                            file.resolve("work"), 1))
                    .withMessageContaining(file.toString()).withMessageContaining("written");
        } finally {
            Files.delete(file);
        }
    }
}
