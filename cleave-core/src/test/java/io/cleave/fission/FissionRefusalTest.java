package io.cleave.fission;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.os.Errno;
import io.cleave.os.ForkFilter;
import io.cleave.os.Signals;
import io.cleave.os.SystemCallException;
import io.cleave.os.Unistd;
import io.cleave.testing.ChildJvm;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A system that refuses to fork. */
final class FissionRefusalTest {
    private static final List<Integer> ITEMS = IntStream.range(0, 40).boxed().toList();

    /** Is refused each fork. Arguments: an error number. */
    static final class NoFork {
        public static void main(String[] arguments) {
            ForkFilter.install(Integer.parseInt(arguments[0]));
            try (Fission fission = Fission.builder().warmUp(1).children(2).build()) {
                System.out.println("right " + fission.map(ITEMS, x -> x).equals(ITEMS) + " here "
                        + fission.lastReport().itemsInParent() + " forks " + fission.lastReport().forks());
            }
            try (Fission isolated = Fission.builder().warmUp(0).children(2).build()) {
                isolated.map(ITEMS, x -> x);
            } catch (SystemCallException e) {
                System.out.println("thrown " + e.errno() + " " + e.getMessage());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {Errno.EAGAIN, Errno.ENOMEM, Errno.EPERM})
    void whereNoChildIsToBeHadTheCallerComputesOrLearnsTheReason(int errno) throws InterruptedException {
        try (ChildJvm jvm = ChildJvm.start(NoFork.class, Integer.toString(errno))) {
            assertThat(jvm.awaitLine("right ")).isEqualTo("true here 40 forks 0");
            assertThat(jvm.awaitLine("thrown ")).startsWith(errno + " fork failed: " + Errno.describe(errno));
            assertThat(jvm.awaitExit()).isZero();
        }
    }

    /** Loses one of two children when no more are to be had. */
    static final class NoMoreForks {
        public static void main(String[] arguments) {
            SharedCounters attempts = new SharedCounters(ITEMS.size());
            try (Fission fission = Fission.builder().warmUp(0).children(2).maxRetries(1).build();
                    Stream<Integer> results = fission.imap(ITEMS, x -> {
                        Thread.sleep(10);
                        if (x == 20 && attempts.isFirst(x)) {
                            Signals.kill(Unistd.getpid(), Signals.SIGKILL);
                        }
                        return x;
                    })) {
                boolean isRefused = false;
                int n = 0;
                for (Iterator<Integer> each = results.iterator(); each.hasNext();) {
                    n += each.next() == n ? 1 : 0;
                    if (!isRefused && fission.lastReport().forks() > 1) {
                        isRefused = true;
                        ForkFilter.install(Errno.EAGAIN);
                    }
                }
                System.out.println("results " + n);
            }
        }
    }

    @Test
    void aRefusedForkMeansFewerChildren() throws InterruptedException {
        try (ChildJvm jvm = ChildJvm.start(NoMoreForks.class)) {
            assertThat(jvm.awaitLine("results ")).isEqualTo("40");
            assertThat(jvm.awaitExit()).isZero();
        }
    }
}
