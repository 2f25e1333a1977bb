package io.cleave.testing;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Scanner;
import org.junit.jupiter.api.Test;

final class ChildJvmTest {

    @Test
    void itsOutputArgumentsInputAndExitCodeAreSeen() throws InterruptedException {
        try (ChildJvm child = ChildJvm.start(Echo.class, "first", "second one")) {
            assertThat(child.awaitLine("argument: ")).isEqualTo("first");
            child.send("hello");
            assertThat(child.awaitLine("input: ")).isEqualTo("hello");
            assertThat(child.awaitExit()).isEqualTo(7);
            assertThat(child.lines()).containsExactly("argument: first", "argument: second one", "input: hello");
        }
    }

    @Test
    void itEndsWhenItIsClosed() {
        ChildJvm child = ChildJvm.start(Echo.class, "waits for input");
        try (child) {
            child.awaitLine("argument: ");
            assertThat(child.handle().isAlive()).isTrue();
        }
        assertThat(child.handle().isAlive()).isFalse();
    }

    @Test
    void aKilledOneReportsTheSignal() throws InterruptedException {
        try (ChildJvm child = ChildJvm.start(Echo.class, "waits for input")) {
            child.awaitLine("argument: ");
            child.kill();
            assertThat(child.awaitExit()).isEqualTo(128 + 9);
        }
    }

    @Test
    void itDoesNotOutliveAKilledParent() throws InterruptedException {
        try (ChildJvm parent = ChildJvm.start(StartsAnother.class)) {
            long pid = Long.parseLong(parent.awaitLine("grandchild: "));
            ProcessHandle grandchild = ProcessHandle.of(pid).orElseThrow();
            parent.kill();
            assertThat(Delays.within(Delays.PATIENCE, () -> !grandchild.isAlive())).isTrue();
        }
    }

    static final class Echo {

        public static void main(String[] arguments) {
            for (String argument : arguments) {
                System.out.println("argument: " + argument);
            }
            System.out.println("input: " + new Scanner(System.in, UTF_8).nextLine());
            System.exit(7);
        }
    }

    static final class StartsAnother {

        public static void main(String[] arguments) throws InterruptedException {
            try (ChildJvm another = ChildJvm.start(Echo.class, "ready")) {
                another.awaitLine("argument: ready");
                System.out.println("grandchild: " + another.pid());
                another.awaitExit();
            }
        }
    }
}
