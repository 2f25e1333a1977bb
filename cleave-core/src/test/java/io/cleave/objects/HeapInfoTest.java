package io.cleave.objects;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.BlockNotFoundException;
import io.cleave.IncompatibleBlockException;
import io.cleave.memory.BlockInfo;
import io.cleave.memory.Cleanup;
import io.cleave.memory.SharedMemory;
import io.cleave.testing.ChildJvm;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Looking at heaps, and processes that come to them and are killed. */
final class HeapInfoTest {
    private static final String NAME = "heap-info-test";
    private static final long SIZE = 16L << 20;
    private static final int VISITORS = 12;

    private static BlockInfo block() {
        return SharedMemory.list().stream().filter(info -> info.name().equals(NAME)).findFirst().orElseThrow();
    }

    /** Makes something in a heap, and waits to be killed. */
    static final class Visitor {
        public static void main(String[] arguments) throws InterruptedException {
            SharedHeap heap = SharedHeap.openOrCreate(NAME, SIZE);
            heap.raw("visitor " + arguments[0], 1000).segment().set(JAVA_LONG, 0, Long.parseLong(arguments[0]));
            System.out.println("visited " + heap.names().size());
            Thread.sleep(Long.MAX_VALUE);
        }
    }

    private static ChildJvm visitor(int number) {
        return ChildJvm.start(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx32m"), Visitor.class,
                Integer.toString(number));
    }

    @Test
    void aHeapThatIsInUseIsShownAndVerifiedWithoutANotice() {
        try (SharedHeap heap = SharedHeap.create(NAME, SIZE)) {
            heap.raw("b", 100);
            heap.raw("a", 1000);
            HeapInfo info = HeapInfo.of(NAME);
            assertThat(info.roots()).containsExactly(new HeapInfo.Named("a", "raw", "raw bytes", 1000),
                    new HeapInfo.Named("b", "raw", "raw bytes", 100));
            assertThat(info.statistics()).isEqualTo(heap.statistics());
            assertThat(block().attached()).isEqualTo(1);
            HeapVerification found = HeapInfo.verify(NAME);
            assertThat(found.faults()).isEmpty();
            assertThat(found.usedBytes()).isEqualTo(info.statistics().usedBytes());
            assertThat(block().attached()).isEqualTo(1);
        }
    }

    @Test
    void aHeapWhoseProcessesAreDeadIsShownAndVerifiedAndStaysAsItIs() throws InterruptedException {
        try (ChildJvm child = visitor(7)) {
            child.awaitLine("visited ");
            child.kill();
        }
        for (int i = 0; i < 2; i++) {
            assertThat(block().state()).isEqualTo(BlockInfo.State.ORPHAN);
            assertThat(HeapInfo.of(NAME).roots()).extracting(HeapInfo.Named::name).containsExactly("visitor 7");
            assertThat(HeapInfo.verify(NAME).faults()).isEmpty();
        }
        assertThat(Cleanup.run().cleaned()).contains(NAME);
    }

    @Test
    void whatIsNoHeapIsRefused() {
        assertThatThrownBy(() -> HeapInfo.of(NAME)).isInstanceOf(BlockNotFoundException.class);
        assertThatThrownBy(() -> HeapInfo.verify(NAME)).isInstanceOf(BlockNotFoundException.class);
        try (SharedMemory _ = SharedMemory.create(NAME, SIZE)) {
            assertThatThrownBy(() -> HeapInfo.of(NAME)).isInstanceOf(IncompatibleBlockException.class)
                    .hasMessageContaining("MEMORY");
        }
    }

    @Test
    void manyAttachAndAreKilledAndTheNextOneWorks() throws InterruptedException {
        try (SharedHeap heap = SharedHeap.create(NAME, SIZE)) {
            for (int i = 1; i <= VISITORS; i++) {
                try (ChildJvm child = visitor(i)) {
                    assertThat(child.awaitLine("visited ")).isEqualTo(Integer.toString(i));
                    child.kill();
                }
            }
            for (int i = 1; i <= VISITORS; i++) {
                assertThat(heap.raw("visitor " + i).segment().get(JAVA_LONG, 0)).isEqualTo(i);
                assertThat(heap.drop("visitor " + i)).isTrue();
            }
            assertThat(block().attached()).isEqualTo(1);
            assertThat(heap.verify().faults()).isEmpty();
        }
    }
}
