package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.os.Signals;
import io.cleave.os.SystemCallException;
import io.cleave.os.Unistd;
import io.cleave.testing.ChildJvm;
import io.cleave.testing.Delays;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** Many processes that use a heap, one after the other, and are all killed. */
class ManyProcessesTest {
    private static final String NAME = "many-processes-test";
    private static final int PROCESSES = 300;

    /** Forks them: they inherit the heap, and each attaches to it once more. */
    static final class Parent {
        private static final long NAP_NANOS = 200_000;
        private final SharedHeap heap = SharedHeap.create(NAME, 4 << 20);
        private final SharedMap<Integer, Integer> map = heap.map("map", Integer.class, Integer.class);

        public static void main(String[] arguments) {
            Parent parent = new Parent();
            parent.live(0);
            Delays.pause(Delays.SHORT); // no thread may be under way when a process is forked
            for (int i = 1; i <= PROCESSES; i++) {
                parent.forkAndKill(i);
            }
            parent.map.put(PROCESSES + 1, 1);
            System.out.println("entries " + parent.map.size());
            System.out.println("sound " + parent.heap.verify().isSound());
            parent.heap.close();
        }

        private void live(int number) {
            try (SharedHeap own = SharedHeap.open(NAME)) {
                own.map("map", Integer.class, Integer.class).put(number, number);
                map.put(-number, number);
            }
        }

        private void forkAndKill(int number) {
            int pid = SystemCallException.check(Unistd.fork(), "fork", "the limit of processes is reached");
            if (pid == 0) {
                Signals.prctl(Signals.PR_SET_PDEATHSIG, Signals.SIGKILL);
                SharedHeap own = SharedHeap.open(NAME);
                SharedMap<Integer, Integer> same = own.map("map", Integer.class, Integer.class);
                same.put(number, number);
                while (true) {
                    same.merge(0, 1, Integer::sum);
                }
            }
            long deadline = System.nanoTime() + Delays.PATIENCE.toNanos();
            while (!map.containsKey(number) && System.nanoTime() - deadline < 0) {
                LockSupport.parkNanos(NAP_NANOS);
            }
            Signals.kill(pid, Signals.SIGKILL);
            long _ = Signals.waitpid(pid, 0);
            if (!map.containsKey(number)) {
                throw new AssertionError("process " + number + " did not get on");
            }
        }
    }

    @Test
    void afterThreeHundredThatWereKilledAnotherOneWorks() throws InterruptedException {
        try (ChildJvm jvm = ChildJvm.start(List.of("-Xint", "-XX:+UseSerialGC", "-Xmx300m", "-Xmn200m"),
                Parent.class)) {
            assertThat(jvm.awaitExit(Delays.PATIENCE.multipliedBy(3))).as(() -> String.join("\n", jvm.lines()))
                    .isZero();
            assertThat(jvm.awaitLine("entries ")).isEqualTo(Integer.toString(PROCESSES + 2));
            assertThat(jvm.awaitLine("sound ")).isEqualTo("true");
        }
    }
}
