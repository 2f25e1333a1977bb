package io.cleave.fission;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;

/** How items are cut into chunks, and how chunks are claimed. */
final class WindowTest {
    private static Window window(int items, int workers) {
        return new Window(new Object[items], 0, workers);
    }

    @Test
    void chunksCoverAllItemsAreOfOneToSixtyFourAndGetSmallerTowardsTheEnd() {
        Random random = new Random(1);
        for (int round = 0; round < 2000; round++) {
            int items = random.nextInt(1 << random.nextInt(16));
            int workers = 1 + random.nextInt(64);
            int[] starts = Window.cut(items, workers);
            assertThat(starts[0]).isZero();
            assertThat(starts[starts.length - 1]).isEqualTo(items);
            int before = 64;
            for (int c = 0; c + 1 < starts.length; c++) {
                int size = starts[c + 1] - starts[c];
                assertThat(size).as("chunk %d of %d items for %d workers", c, items, workers).isBetween(1, before);
                // The others are never left with nothing for long: a chunk is no more than what each still gets.
                assertThat((long) size * workers).isLessThanOrEqualTo(Math.max(workers, items - starts[c]));
                before = size;
            }
            assertThat(items == 0 || before == 1).as("the last chunk has one item").isTrue();
        }
    }

    @Test
    void everyItemIsInItsChunk() {
        try (Window window = new Window(new Object[1_000], 0, 3)) {
            for (int chunk = 0; chunk < window.chunks.length; chunk++) {
                for (int item = window.starts[chunk]; item < window.starts[chunk + 1]; item++) {
                    assertThat(window.chunkOf(item)).isEqualTo(chunk);
                }
            }
        }
    }

    @Test
    void nothingIsNoChunk() {
        assertThat(Window.cut(0, 3)).containsExactly(0);
        try (Window window = window(0, 3)) {
            assertThat(window.claim(1)).isEqualTo(-1);
            assertThat(window.isDelivered()).isTrue();
        }
    }

    @Test
    void chunksAreClaimedInOrderAndEachOnce() {
        try (Window window = window(10, 1)) {
            int chunks = window.chunks.length;
            for (int c = 0; c < chunks; c++) {
                assertThat(window.unclaimed(100, chunks)).isEqualTo(chunks - c);
                assertThat(window.claim(7)).isEqualTo(c);
                assertThat(window.ownerAcquire(c)).isEqualTo(7);
            }
            assertThat(window.claim(8)).isEqualTo(-1);
            assertThat(window.unclaimed(100, chunks)).isZero();
        }
    }

    @Test
    void aFreedChunkIsClaimedNextWithTheNumberOfItsResultsThatAreThere() {
        try (Window window = window(100, 1)) {
            for (int c = 0; c < 5; c++) {
                assertThat(window.claim(1)).isEqualTo(c);
                assertThat(window.delivered(c)).isZero();
            }
            window.chunks[3].received = 11;
            window.free(3);
            window.chunks[1].received = 22;
            window.free(1);
            assertThat(window.claim(2)).isEqualTo(1);
            assertThat(window.delivered(1)).isEqualTo(22);
            assertThat(window.claim(2)).isEqualTo(3);
            assertThat(window.delivered(3)).isEqualTo(11);
            assertThat(window.claim(2)).isEqualTo(5);
        }
    }

    @Test
    void whatIsDoneIsNotClaimed() {
        try (Window window = window(3, 1)) {
            assertThat(window.claim(1)).isZero();
            window.ownerRelease(0, Window.DONE);
            assertThat(window.claim(1)).isEqualTo(1);
            assertThat(window.unclaimed(5, 3)).isEqualTo(1);
            assertThat(window.unclaimed(5, 2)).as("up to the second chunk").isZero();
        }
    }

    @Test
    void aChunkThatIsNotWantedIsLeftForOthers() {
        try (Window window = window(3, 1)) {
            assertThat(window.claim(1, chunk -> chunk > 0)).isEqualTo(1);
            assertThat(window.claim(1, chunk -> chunk == 1)).isEqualTo(-1);
            assertThat(window.claim(2)).isZero();
        }
    }

    @Test
    void aSliceIsCutAnewUnlessSomethingOfItWasDelivered() {
        try (Window window = window(100, 1)) {
            assertThat(window.claim(1)).isZero();
            window.chunks[0].done = 2;
            window.chunks[0].end = 8;
            window.free(0);
            assertThat(window.done(0)).isEqualTo(2);
            assertThat(window.sliceEnd(0)).isZero();
            window.chunks[0].end = 6;
            window.chunks[0].received = 1;
            window.free(0);
            assertThat(window.sliceEnd(0)).isEqualTo(6);
        }
    }

    @Test
    void ofManyThreadsOneClaimsEachChunkAndFreedOnesAreClaimedAgain() throws InterruptedException {
        int claimants = 4;
        try (Window window = window(40_000, 1)) {
            int chunks = window.chunks.length;
            AtomicIntegerArray inWork = new AtomicIntegerArray(chunks);
            AtomicIntegerArray done = new AtomicIntegerArray(chunks);
            List<Throwable> failures = new ArrayList<>();
            List<Thread> threads = new ArrayList<>();
            for (int number = 1; number <= claimants; number++) {
                int me = number;
                threads.add(Thread.ofPlatform().uncaughtExceptionHandler((thread, e) -> {
                    synchronized (failures) {
                        failures.add(e);
                    }
                }).start(() -> {
                    Random random = new Random(me);
                    for (int chunk = window.claim(me); chunk >= 0; chunk = window.claim(me)) {
                        assertThat(inWork.incrementAndGet(chunk)).as("claimants of chunk %d", chunk).isEqualTo(1);
                        assertThat(window.ownerAcquire(chunk)).isEqualTo(me);
                        inWork.decrementAndGet(chunk);
                        if (random.nextInt(10) == 0) {
                            window.free(chunk);
                        } else {
                            done.incrementAndGet(chunk);
                            window.ownerRelease(chunk, Window.DONE);
                        }
                    }
                }));
            }
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(failures).isEmpty();
            // A chunk that was freed when the others had just looked past it is left for the next who claims.
            for (int chunk = window.claim(9); chunk >= 0; chunk = window.claim(9)) {
                done.incrementAndGet(chunk);
            }
            for (int c = 0; c < chunks; c++) {
                assertThat(done.get(c)).as("chunk %d", c).isEqualTo(1);
            }
        }
    }

    @Test
    void theTableIsAsDescribed() {
        try (Window window = window(100, 1)) {
            assertThat(window.table.byteSize()).isEqualTo(64 + 16L * window.chunks.length);
            window.claim(5);
            window.claim(6);
            window.chunks[1].received = 3;
            window.chunks[1].done = 1;
            window.chunks[1].end = 4;
            window.free(1);
            window.ownerRelease(0, Window.DONE);
            assertThat(window.table.get(ValueLayout.JAVA_INT, 0)).as("hint").isEqualTo(1);
            assertThat(window.table.get(ValueLayout.JAVA_INT, 64)).as("owner of the first chunk").isEqualTo(-1);
            assertThat(window.table.get(ValueLayout.JAVA_INT, 80)).as("owner of the second chunk").isZero();
            assertThat(window.table.get(ValueLayout.JAVA_INT, 84)).as("delivered of the second chunk").isEqualTo(3);
            assertThat(window.table.get(ValueLayout.JAVA_INT, 88)).as("items before its slice").isEqualTo(1);
            assertThat(window.table.get(ValueLayout.JAVA_INT, 92)).as("end of its slice").isEqualTo(4);
            assertThat(window.done(1)).isEqualTo(1);
            assertThat(window.sliceEnd(1)).isEqualTo(4);
            assertThat(List.of(Window.FREE, Window.DONE, Window.PARENT)).containsExactly(0, -1, -2);
        }
    }
}
