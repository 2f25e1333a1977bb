package io.cleave.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.platform.testkit.engine.EngineTestKit;

final class WatchdogTest {

    @Test
    void theThreadsOfAllJvmsAreShownBeforeAStuckTestFails() throws InterruptedException {
        try (ChildJvm runner = ChildJvm.start(RunTests.class, WaitsForever.class.getName())) {
            assertThat(runner.awaitExit()).isZero();
            assertThat(runner.lines())
                    .anySatisfy(line -> assertThat(line).contains("Stuck: ").contains("waitForALatch"))
                    .anySatisfy(line -> assertThat(line).contains("WaitsForever.waitForALatch("))
                    .anySatisfy(line -> assertThat(line).contains("SleepsForever.sleepInAnotherJvm("))
                    .contains("failed: 1");
        }
    }

    @Test
    void aTestThatIgnoresTheInterruptEndsWithItsJvm() throws InterruptedException {
        try (ChildJvm runner = ChildJvm.start(List.of("-Dcleave.test.scale=0.05"), RunTests.class,
                IgnoresInterrupts.class.getName())) {
            assertThat(runner.awaitExit()).isEqualTo(Watchdog.EXIT_CODE);
        }
    }

    static final class RunTests {

        public static void main(String[] arguments) throws ClassNotFoundException {
            long failed = EngineTestKit.engine("junit-jupiter").selectors(selectClass(Class.forName(arguments[0])))
                    .execute().testEvents().failed().count();
            System.out.println("failed: " + failed);
        }
    }

    @ExtendWith(Watchdog.class)
    static final class WaitsForever {

        @Test
        @Timeout(value = 3, unit = TimeUnit.SECONDS)
        void waitForALatch() throws InterruptedException {
            try (ChildJvm child = ChildJvm.start(SleepsForever.class)) {
                child.awaitLine("sleeping");
                new CountDownLatch(1).await();
            }
        }
    }

    static final class SleepsForever {

        public static void main(String[] arguments) throws InterruptedException {
            sleepInAnotherJvm();
        }

        private static void sleepInAnotherJvm() throws InterruptedException {
            System.out.println("sleeping");
            new CountDownLatch(1).await();
        }
    }

    @ExtendWith(Watchdog.class)
    static final class IgnoresInterrupts {

        @Test
        @Timeout(value = 500, unit = TimeUnit.MILLISECONDS)
        void spin() {
            while (true) {
                Thread.onSpinWait();
            }
        }
    }
}
