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

/** Many processes that use a heap, one after the other or all at once, and are all killed. */
class ManyProcessesTest {
    private static final String NAME = "many-processes-test";
    private static final int PROCESSES = 300;
    private static final List<String> INTERPRETED = List.of("-Xint", "-XX:+UseSerialGC", "-Xmx300m", "-Xmn200m");

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

    /** Forks them all, lets them work together when each has attached, and kills them in the middle of that. */
    static final class Crowd {
        private static final long NAP_NANOS = 100_000_000;
        private static final int GO = -1;
        private static final int KEPT = 10;

        private final SharedHeap heap = SharedHeap.create(NAME, 16 << 20);
        private final SharedMap<Integer, Integer> map = heap.map("map", Integer.class, Integer.class);
        private int alive;

        public static void main(String[] arguments) {
            Crowd crowd = new Crowd();
            try (SharedHeap own = SharedHeap.open(NAME)) { // as the others do: they find loaded what they need
                work(own, 0);
                work(own, 0);
            }
            Delays.pause(Delays.SHORT); // no thread may be under way when a process is forked
            int[] children = new int[PROCESSES];
            for (int i = 0; i < PROCESSES; i++) {
                children[i] = crowd.fork(i + 1);
            }
            crowd.map.put(GO, GO);
            boolean areAtIt = Delays.within(Delays.PATIENCE, () -> crowd.map.getOrDefault(0, 0) > PROCESSES);
            for (int child : children) {
                crowd.alive += Signals.waitpid(child, Signals.WNOHANG) == 0 ? 1 : 0;
                Signals.kill(child, Signals.SIGKILL);
                long _ = Signals.waitpid(child, 0);
            }
            try (SharedHeap own = SharedHeap.open(NAME)) {
                work(own, PROCESSES + 1);
            }
            System.out.println("alive " + (areAtIt ? crowd.alive : 0));
            System.out.println("entries " + crowd.map.size());
            System.out.println("sound " + crowd.heap.verify().isSound());
            crowd.heap.close();
        }

        private int fork(int number) {
            int pid = SystemCallException.check(Unistd.fork(), "fork", "the limit of processes is reached");
            if (pid == 0) {
                Signals.prctl(Signals.PR_SET_PDEATHSIG, Signals.SIGKILL);
                SharedHeap own = SharedHeap.open(NAME);
                SharedMap<Integer, Integer> same = own.map("map", Integer.class, Integer.class);
                same.put(number, 1);
                while (!same.containsKey(GO)) {
                    LockSupport.parkNanos(NAP_NANOS);
                }
                while (true) {
                    work(own, number);
                }
            }
            if (!Delays.within(Delays.PATIENCE, () -> map.containsKey(number))) {
                throw new AssertionError("process " + number + " did not get on");
            }
            return pid;
        }

        private static void work(SharedHeap heap, int number) {
            SharedList<String> list = heap.list("list", String.class);
            SharedQueue<String> queue = heap.queue("queue", String.class, KEPT);
            if (list.size() < KEPT) {
                list.add("in a block of its own " + number);
            } else {
                list.clear();
            }
            boolean _ = queue.offer("short " + number);
            String _ = queue.poll();
            SharedMap<Integer, Integer> map = heap.map("map", Integer.class, Integer.class);
            int _ = map.merge(number, 1, Integer::sum);
            int _ = map.merge(0, 1, Integer::sum);
        }
    }

    @Test
    void afterThreeHundredAtOnceThatWereKilledAnotherOneWorks() throws InterruptedException {
        try (ChildJvm jvm = ChildJvm.start(INTERPRETED, Crowd.class)) {
            assertThat(jvm.awaitExit(Delays.PATIENCE.multipliedBy(3))).as(() -> String.join("\n", jvm.lines()))
                    .isZero();
            assertThat(jvm.awaitLine("alive ")).isEqualTo(Integer.toString(PROCESSES));
            assertThat(jvm.awaitLine("entries ")).isEqualTo(Integer.toString(PROCESSES + 3));
            assertThat(jvm.awaitLine("sound ")).isEqualTo("true");
        }
    }

    @Test
    void afterThreeHundredThatWereKilledAnotherOneWorks() throws InterruptedException {
        try (ChildJvm jvm = ChildJvm.start(INTERPRETED, Parent.class)) {
            assertThat(jvm.awaitExit(Delays.PATIENCE.multipliedBy(3))).as(() -> String.join("\n", jvm.lines()))
                    .isZero();
            assertThat(jvm.awaitLine("entries ")).isEqualTo(Integer.toString(PROCESSES + 2));
            assertThat(jvm.awaitLine("sound ")).isEqualTo("true");
        }
    }
}
