package io.cleave.heap;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.HeapFullException;
import io.cleave.memory.MemoryOptions;
import io.cleave.testing.ChildJvm;
import io.cleave.testing.Delays;
import java.util.ArrayList;
import java.util.List;
import java.util.Scanner;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** When a heap is full, and when it is not. */
class HeapFullTest {
    private static final String NAME = "heap-full-test";
    private static final long MAXIMUM = HeapFormat.LEAST_BYTES;
    private static final int BLOCK = 256;
    private static final MemoryOptions DEFAULTS = MemoryOptions.defaults();

    /** Fills the heap, has some free blocks in stock, and stays in a change as long as it is not told to go on. */
    static final class Hoarder {
        public static void main(String[] arguments) {
            Heap heap = Heap.attach(HeapFile.open(NAME, DEFAULTS));
            List<Long> blocks = fill(heap);
            try (Change change = heap.change()) {
                for (int i = 0; i < 8; i++) {
                    change.free(blocks.get(i));
                }
                change.commit();
            }
            Scanner input = new Scanner(System.in, UTF_8);
            try (Change _ = heap.change()) {
                System.out.println("inside");
                input.nextLine();
            }
            System.out.println("outside");
            input.nextLine();
        }
    }

    private static long allocate(Heap heap, long bytes) {
        try (Change change = heap.change()) {
            long block = change.allocate(bytes);
            change.commit();
            return block;
        }
    }

    /** Allocates until the heap is full. */
    private static List<Long> fill(Heap heap) {
        List<Long> blocks = new ArrayList<>();
        try {
            while (true) {
                blocks.add(allocate(heap, BLOCK));
            }
        } catch (HeapFullException e) {
            return blocks;
        }
    }

    private static boolean isAnyStarving(Heap heap) {
        for (Context context : heap.contexts()) {
            if (context.isStarving()) {
                return true;
            }
        }
        return false;
    }

    @Test
    void freeBlocksOfAnotherProcessThatIsInTheMiddleOfAChangeAreWaitedFor() throws Exception {
        try (HeapFile file = HeapFile.create(NAME, MAXIMUM, 0, DEFAULTS);
                ChildJvm hoarder = ChildJvm.start(Hoarder.class);
                ExecutorService threads = Executors.newFixedThreadPool(1)) {
            Heap heap = Heap.attach(file);
            hoarder.awaitLine("inside");
            Future<Long> block = threads.submit(() -> allocate(heap, BLOCK));
            assertThat(Delays.within(Delays.PATIENCE, () -> isAnyStarving(heap))).isTrue();
            hoarder.send("go");
            assertThat(block.get(Delays.PATIENCE.toSeconds(), TimeUnit.SECONDS)).isPositive();
            hoarder.awaitLine("outside");
            assertThat(fill(heap)).hasSize(7);
            assertThatThrownBy(() -> allocate(heap, BLOCK)).isInstanceOf(HeapFullException.class);
            hoarder.send("end");
            assertThat(hoarder.awaitExit()).isZero();
        }
    }

    @Test
    void manyThatFindTheHeapFullAtOnceDoNotWaitForEachOther() throws Exception {
        int threads = 8;
        try (TestSpace space = new TestSpace(MAXIMUM);
                ExecutorService pool = Executors.newFixedThreadPool(threads)) {
            Heap.format(space, 1);
            Heap heap = Heap.attach(space);
            fill(heap);
            List<Future<Long>> all = new ArrayList<>();
            for (int i = 0; i < threads * 4; i++) {
                all.add(pool.submit(() -> allocate(heap, BLOCK)));
            }
            HeapReport report = heap.verify(check -> {}); // which waits for all contexts, too
            assertThat(report.freeBytes()).isLessThan(BLOCK);
            for (Future<Long> one : all) {
                assertThatThrownBy(() -> one.get(Delays.PATIENCE.toSeconds(), TimeUnit.SECONDS))
                        .isInstanceOf(ExecutionException.class).hasCauseInstanceOf(HeapFullException.class);
            }
        }
    }
}
