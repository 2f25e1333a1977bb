package io.cleave.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.testkit.engine.EventConditions.finishedWithFailure;
import static org.junit.platform.testkit.engine.TestExecutionResultConditions.instanceOf;
import static org.junit.platform.testkit.engine.TestExecutionResultConditions.message;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;

final class NothingLeftBehindTest {

    private static final Path BLOCK = RunDirectory.PATH.resolve("cleave.nothing-left-behind-test");

    @Test
    void aTestThatCleansUpPasses() {
        EngineExecutionResults results = run(CleansUp.class);

        results.testEvents().assertStatistics(statistics -> statistics.started(1).succeeded(1));
        results.containerEvents().assertStatistics(statistics -> statistics.failed(0));
    }

    @Test
    void aBlockAProcessAndAThreadAreNamedAndTheTestFails() {
        EngineExecutionResults results = run(LeavesEverything.class);

        results.testEvents().assertThatEvents().haveExactly(1, finishedWithFailure(instanceOf(AssertionError.class),
                message(text -> text.contains("block " + BLOCK) && text.contains("sleep 1000")
                        && text.contains("thread cleave-left-behind"))));
        assertThat(BLOCK).doesNotExist();
    }

    @Test
    void whatAClassLeavesBehindFailsTheClass() {
        run(LeavesABlockAfterAll.class).containerEvents().assertThatEvents()
                .haveExactly(1, finishedWithFailure(message(text -> text.contains("block " + BLOCK))));
    }

    private static EngineExecutionResults run(Class<?> testClass) {
        return EngineTestKit.engine("junit-jupiter").selectors(selectClass(testClass)).execute();
    }

    @ExtendWith(NothingLeftBehind.class)
    static final class CleansUp {

        @BeforeAll
        static void createBlock() throws IOException {
            Files.createFile(BLOCK);
        }

        @AfterAll
        static void deleteBlock() throws IOException {
            Files.delete(BLOCK);
        }

        @Test
        void startsAndEndsAThread() throws InterruptedException {
            Thread.ofPlatform().name("cleave-short").start(() -> {}).join();
        }
    }

    @ExtendWith(NothingLeftBehind.class)
    static final class LeavesEverything {

        private static final CountDownLatch END = new CountDownLatch(1);

        @Test
        void leavesABlockAProcessAndAThread() throws IOException {
            Files.createFile(BLOCK);
            new ProcessBuilder("sleep", "1000").start();
            Thread.ofPlatform().daemon().name("cleave-left-behind").start(() -> Delays.within(Delays.PATIENCE,
                    () -> END.getCount() == 0));
        }

        @AfterAll
        static void endThread() {
            END.countDown();
        }
    }

    @ExtendWith(NothingLeftBehind.class)
    static final class LeavesABlockAfterAll {

        @Test
        void leavesNothing() {
            assertThat(BLOCK).doesNotExist();
        }

        @AfterAll
        static void createBlock() throws IOException {
            Files.createFile(BLOCK);
        }
    }
}
