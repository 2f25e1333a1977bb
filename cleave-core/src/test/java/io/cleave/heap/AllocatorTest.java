package io.cleave.heap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.HeapFullException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Blocks in one process: none is given out twice, none is lost, and a full heap says so and is as it was. */
class AllocatorTest {
    private static final long MAXIMUM = 8 << 20;

    private final TestSpace space = new TestSpace(MAXIMUM);
    private Heap heap = fresh();
    private final List<Long> live = new ArrayList<>();

    private Heap fresh() {
        Heap.format(space, 1);
        return Heap.attach(space);
    }

    @AfterEach
    void close() {
        space.close();
    }

    private HeapReport verify() {
        HeapReport report = heap.verify(check -> live.forEach(check::reached));
        assertThat(report.isSound()).as(report::toString).isTrue();
        return report;
    }

    private long allocate(long bytes) {
        try (Change change = heap.change()) {
            long block = change.allocate(bytes);
            change.commit();
            live.add(block);
            return block;
        }
    }

    private void free(long block) {
        try (Change change = heap.change()) {
            change.free(block);
            change.commit();
            live.remove(block);
        }
    }

    @Test
    void aNewHeapIsSound() {
        assertThat(verify().committedBytes()).isZero();
    }

    @Test
    void blocksOfAllSizesDoNotOverlapAndKeepTheirContent() {
        Random random = new Random(7);
        List<long[]> stamped = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            if (stamped.size() > 200 || (!stamped.isEmpty() && random.nextInt(3) == 0)) {
                long[] one = stamped.remove(random.nextInt(stamped.size()));
                boolean isIntact = true;
                for (long at = one[0]; at < one[0] + one[1] - 7; at += 8) {
                    isIntact &= heap.memory().getPlain(at) == one[2];
                }
                assertThat(isIntact).as("the block at %d", one[0]).isTrue();
                free(one[0]);
            } else {
                long bytes = 1 + (long) Math.exp(random.nextDouble() * Math.log(60_000));
                long block;
                try {
                    block = allocate(bytes);
                } catch (HeapFullException e) {
                    continue;
                }
                assertThat(heap.sizeOf(block)).isGreaterThanOrEqualTo(bytes);
                for (long at = block; at < block + bytes - 7; at += 8) {
                    heap.memory().setPlain(at, i);
                }
                stamped.add(new long[] {block, bytes, i});
            }
            if (i % 1000 == 0) {
                verify();
            }
        }
        verify();
    }

    @Test
    void whatIsNotCommittedHasNotHappened() {
        allocate(64);
        long large = allocate(200_000);
        HeapReport before = verify();
        try (Change change = heap.change()) {
            for (int i = 0; i < Change.MOST_ALLOCATIONS; i++) {
                long block = change.allocate(i % 2 == 0 ? 64 : 50_000);
                change.set(heap.rootAt(i % 16), block);
            }
            change.free(large);
            long _ = change.allocateHeader();
        }
        HeapReport after = verify();
        assertThat(after.usedBytes()).isEqualTo(before.usedBytes());
        for (int i = 0; i < 16; i++) {
            assertThat(heap.memory().getPlain(heap.rootAt(i))).isZero();
        }
    }

    @Test
    void oneChangeAllocatesAndFreesAsManyBlocksAsItMay() {
        for (long bytes : new long[] {16, 64, 1000, 8192, 32768, 40_000}) {
            List<Long> blocks = new ArrayList<>();
            try (Change change = heap.change()) {
                for (int i = 0; i < Change.MOST_ALLOCATIONS; i++) {
                    blocks.add(change.allocate(bytes));
                }
                change.commit();
            }
            assertThat(blocks).doesNotHaveDuplicates();
            live.addAll(blocks);
            verify();
        }
        while (!live.isEmpty()) {
            List<Long> some = List.copyOf(live.subList(0, Math.min(live.size(), Change.MOST_FREES)));
            try (Change change = heap.change()) {
                some.forEach(change::free);
                change.commit();
            }
            live.removeAll(some);
            verify();
        }
    }

    @Test
    void aChangeSeesItsOwnWords() {
        try (Change change = heap.change()) {
            long at = heap.rootAt(3);
            assertThat(change.get(at)).isZero();
            change.set(at, 5);
            change.set(at, 6);
            assertThat(change.get(at)).isEqualTo(6);
            assertThat(heap.memory().getPlain(at)).isZero();
            change.commit();
            assertThat(heap.memory().getPlain(at)).isEqualTo(6);
            change.set(at, 7);
            change.commit();
            assertThat(heap.memory().getPlain(at)).isEqualTo(7);
        }
    }

    @Test
    void aFullHeapSaysSoWithItsFiguresAndIsAsItWas() {
        while (true) {
            try {
                allocate(1000);
            } catch (HeapFullException e) {
                assertThat(e.isFragmented()).as(e.getMessage()).isFalse();
                assertThat(e.getMessage()).contains("is full", "bytes were asked for");
                assertThat(e.maximumBytes()).isBetween(MAXIMUM * 9 / 10, MAXIMUM);
                break;
            }
        }
        HeapReport full = verify();
        assertThat(full.usedBytes()).isGreaterThan(MAXIMUM * 8 / 10);
        free(live.getLast());
        allocate(1000);
        verify();
    }

    @Test
    void aFragmentedHeapSaysSo() {
        try {
            while (true) {
                allocate(4000);
            }
        } catch (HeapFullException e) {
            assertThat(e.isFragmented()).isFalse();
        }
        for (int i = live.size() - 1; i >= 0; i -= 2) {
            free(live.get(i));
        }
        verify();
        assertThatThrownBy(() -> allocate(100_000)).isInstanceOfSatisfying(HeapFullException.class, e -> {
            assertThat(e.isFragmented()).as(e.getMessage()).isTrue();
            assertThat(e.getMessage()).contains("is fragmented");
            assertThat(e.largestHoleBytes()).isLessThan(100_000);
            assertThat(e.freeBytes()).isGreaterThan(MAXIMUM / 3);
        });
        verify();
    }

    @Test
    void everythingThatWasFreedCanBeUsedForAnythingElse() {
        for (int round = 0; round < 3; round++) {
            for (long bytes : new long[] {16, 100, 1000, 30_000, 1 << 20}) {
                try {
                    while (true) {
                        allocate(bytes);
                    }
                } catch (HeapFullException e) {
                    assertThat(e.isFragmented()).as(e.getMessage()).isFalse();
                }
                assertThat(verify().usedBytes()).isGreaterThan(MAXIMUM * 7 / 10);
                while (!live.isEmpty()) {
                    int most = Math.min(Change.MOST_FREES, live.size());
                    try (Change change = heap.change()) {
                        live.subList(live.size() - most, live.size()).forEach(change::free);
                        change.commit();
                        live.subList(live.size() - most, live.size()).clear();
                    }
                }
                assertThat(verify().usedBytes()).isZero();
            }
        }
    }

    @Test
    void aFullDeviceIsAnErrorAndTheHeapGoesOnWithWhatItHas() {
        allocate(64);
        long end = heap.memory().getPlain(HeapLayout.COMMITTED_AT);
        space.limit(end + 5 * HeapLayout.PAGE_BYTES);
        assertThatThrownBy(() -> {
            while (true) {
                allocate(1000);
            }
        }).isInstanceOfSatisfying(HeapFullException.class, e -> {
            assertThat(e.getMessage()).contains("the device has no more memory");
            assertThat(e).hasCauseInstanceOf(io.cleave.AllocationException.class);
        });
        verify();
        free(live.getLast());
        allocate(1000);
        space.limit(Long.MAX_VALUE);
        allocate(1000);
        verify();
    }

    @Test
    void headersStayHeadersAndTellTheirGenerations() {
        List<Long> headers = new ArrayList<>();
        List<Long> generations = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            try (Change change = heap.change()) {
                long header = change.allocateHeader();
                change.commit();
                headers.add(header);
                live.add(header);
                generations.add(heap.memory().getPlain(header));
            }
        }
        assertThat(generations).allMatch(generation -> generation % 2 == 1);
        headers.forEach(this::free);
        for (int i = 0; i < headers.size(); i++) {
            assertThat(heap.memory().getPlain(headers.get(i))).isEqualTo(generations.get(i) + 1);
        }
        assertThatThrownBy(() -> {
            while (true) {
                allocate(4096);
            }
        }).isInstanceOf(HeapFullException.class);
        for (int i = 0; i < headers.size(); i++) {
            assertThat(heap.memory().getPlain(headers.get(i))).isEqualTo(generations.get(i) + 1);
        }
        verify();
    }

    @Test
    void aStaleReferenceToARawBlockIsAnError() {
        RawBlocks raw = new RawBlocks(heap);
        long block = raw.allocate(64, 99);
        long generation = raw.generation(block);
        raw.check(block, generation);
        verify();
        raw.free(block, generation);
        verify();
        assertThatThrownBy(() -> raw.check(block, generation)).hasMessageContaining("was freed");
        assertThatThrownBy(() -> raw.free(block, generation)).hasMessageContaining("was freed");
        long again = raw.allocate(64, 99);
        assertThat(again).isEqualTo(block);
        assertThat(raw.isCurrent(block, generation)).as("the same seed, the same block").isTrue();
        raw.free(again, raw.generation(again));
        assertThat(raw.allocate(64, 100)).isEqualTo(block);
        assertThat(raw.isCurrent(block, generation)).isFalse();
        verify();
    }

    @Test
    void aLostBlockAndOneThatIsReachedTwiceAreFaults() {
        allocate(64);
        long lost = allocate(64);
        live.remove(lost);
        assertThat(heap.verify(check -> live.forEach(check::reached)).faults())
                .singleElement().asString().contains("the block at " + lost, "is lost");
        live.add(lost);
        live.add(lost);
        assertThat(heap.verify(check -> live.forEach(check::reached)).faults())
                .singleElement().asString().contains("the block at " + lost, "was met before");
    }
}
