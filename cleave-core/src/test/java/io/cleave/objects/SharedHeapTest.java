package io.cleave.objects;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.AlreadyExistsException;
import io.cleave.BlockNotFoundException;
import io.cleave.HeapFullException;
import io.cleave.IncompatibleBlockException;
import io.cleave.StaleReferenceException;
import io.cleave.fission.Fission;
import io.cleave.memory.Lifetime;
import io.cleave.testing.Background;
import io.cleave.testing.Delays;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;

/** A heap, its names, and its blocks that are the user's, in one process. */
final class SharedHeapTest {
    private static final String NAME = "shared-heap-test";
    private static final long SIZE = 16L << 20;

    private static void assertSound(SharedHeap heap) {
        assertThat(heap.verify().faults()).isEmpty();
    }

    @Test
    void allHandlesAreOnOneHeap() {
        try (SharedHeap heap = SharedHeap.create(NAME, SIZE);
                SharedHeap other = SharedHeap.openOrCreate(NAME, SIZE);
                SharedHeap third = SharedHeap.open(NAME)) {
            heap.raw("numbers", 80).segment().set(JAVA_LONG, 8, 42);
            assertThat(other.raw("numbers").segment().get(JAVA_LONG, 8)).isEqualTo(42);
            assertThat(third.raw("numbers", 80).segment().byteSize()).isEqualTo(80);
            assertThat(third.names()).containsExactly("numbers");
            assertThat(third.byteSize()).isEqualTo(SIZE);
            assertThat(third.name()).isEqualTo(NAME);
            assertThat(third).hasToString("SharedHeap[" + NAME + ", up to " + SIZE + " bytes]");
            assertSound(third);
        }
        assertThatThrownBy(() -> SharedHeap.open(NAME)).isInstanceOf(BlockNotFoundException.class);
    }

    @Test
    void whatCannotBeIsRefused() {
        try (SharedHeap heap = SharedHeap.create(NAME, SIZE)) {
            assertThatThrownBy(() -> SharedHeap.create(NAME, SIZE)).isInstanceOf(AlreadyExistsException.class);
            assertThatThrownBy(() -> SharedHeap.openOrCreate(NAME, 2 * SIZE))
                    .isInstanceOf(IncompatibleBlockException.class).hasMessageContaining(Long.toString(SIZE))
                    .hasMessageContaining(Long.toString(2 * SIZE));
            assertThatThrownBy(() -> heap.raw("x", 0)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> heap.raw("", 8)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> heap.raw("\ud800", 8)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> heap.raw("x".repeat(1001), 8)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> heap.raw("absent")).isInstanceOf(BlockNotFoundException.class)
                    .hasMessageContaining("absent");
            heap.raw("x", 8);
            assertThatThrownBy(() -> heap.raw("x", 16)).isInstanceOf(IncompatibleBlockException.class)
                    .hasMessageContaining("8 bytes").hasMessageContaining("16");
            assertThat(heap.names()).containsExactly("x");
            assertSound(heap);
        }
    }

    @Test
    void aNameLeadsToOneThingUntilItIsDroppedAndToAnotherAfter() {
        try (SharedHeap heap = SharedHeap.create(NAME, SIZE)) {
            HeapBlock first = heap.raw("\u00e4 \ud83d\ude00 \0", 100);
            first.segment().fill((byte) 7);
            long used = heap.statistics().usedBytes();
            assertThat(heap.drop(heap.names().getFirst())).isTrue();
            assertThat(heap.drop("\u00e4 \ud83d\ude00 \0")).isFalse();
            assertThat(heap.names()).isEmpty();
            assertThatThrownBy(first::segment).isInstanceOf(StaleReferenceException.class);
            HeapBlock second = heap.raw("\u00e4 \ud83d\ude00 \0", 100);
            assertThat(second.segment().toArray(JAVA_BYTE)).containsOnly(0);
            assertThat(heap.statistics().usedBytes()).isEqualTo(used);
            assertThatThrownBy(first::segment).isInstanceOf(StaleReferenceException.class);
            assertSound(heap);
        }
    }

    @Test
    void thousandsOfNamesMadeAndDroppedAtRandomAreThoseOfASet() {
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(42);
        TreeSet<String> expected = new TreeSet<>();
        try (SharedHeap heap = SharedHeap.create(NAME, SIZE)) {
            for (int i = 0; i < 5000; i++) {
                String name = "name " + random.nextInt(2000);
                if (random.nextInt(3) == 0) {
                    assertThat(heap.drop(name)).isEqualTo(expected.remove(name));
                } else {
                    heap.raw(name, 24).segment().set(JAVA_LONG, 16, name.hashCode());
                    expected.add(name);
                }
            }
            assertThat(heap.names()).containsExactlyElementsOf(expected);
            for (String name : expected) {
                assertThat(heap.raw(name).segment().get(JAVA_LONG, 16)).isEqualTo(name.hashCode());
            }
            assertSound(heap);
            expected.forEach(heap::drop);
            assertThat(heap.names()).isEmpty();
            assertSound(heap);
        }
    }

    @Test
    void aNameIsMadeOnceHoweverManyAskForItWhileOthersComeAndGo() throws Exception {
        try (SharedHeap heap = SharedHeap.create(NAME, SIZE)) {
            AtomicBoolean isOver = new AtomicBoolean();
            Background<Void> noise = Background.run(() -> {
                for (int i = 0; !isOver.get(); i++) {
                    heap.raw("noise " + i % 50, 8);
                    heap.drop("noise " + (i + 25) % 50);
                }
            });
            List<Background<Void>> counters = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                counters.add(Background.run(() -> {
                    for (int i = 0; i < 500; i++) {
                        MemorySegment word = heap.raw("counter " + i, 8).segment();
                        long _ = (long) JAVA_LONG.varHandle().getAndAdd(word, 0L, 1L);
                        assertThat(heap.names()).contains("counter " + i);
                    }
                }));
            }
            for (Background<Void> counter : counters) {
                counter.get();
            }
            isOver.set(true);
            noise.get();
            for (int i = 0; i < 500; i++) {
                assertThat(heap.raw("counter " + i).segment().get(JAVA_LONG, 0)).isEqualTo(4);
            }
            assertSound(heap);
        }
    }

    @Test
    void aReferenceLeadsToItsBlockUntilThatIsFreedAndNeverToAnother() {
        try (SharedHeap heap = SharedHeap.create(NAME, SIZE); SharedHeap other = SharedHeap.open(NAME)) {
            HeapBlock block = heap.allocate(100);
            block.segment().set(JAVA_LONG, 8, 42);
            HeapReference reference = block.reference();
            HeapBlock found = other.block(reference);
            assertThat(found.byteSize()).isGreaterThanOrEqualTo(100);
            assertThat(found.segment().get(JAVA_LONG, 8)).isEqualTo(42);
            assertSound(heap);
            found.free();
            assertThatThrownBy(block::segment).isInstanceOf(StaleReferenceException.class);
            assertThatThrownBy(block::free).isInstanceOf(StaleReferenceException.class);
            for (int i = 0; i < 1000; i++) {
                assertThat(heap.allocate(100).reference()).isNotEqualTo(reference);
            }
            assertThatThrownBy(() -> other.block(reference)).isInstanceOf(StaleReferenceException.class);
            for (HeapReference wrong : List.of(new HeapReference(0, 1), new HeapReference(-16, -1),
                    new HeapReference(Long.MAX_VALUE & -16, Long.MIN_VALUE), new HeapReference(24, -5))) {
                assertThatThrownBy(() -> heap.block(wrong)).isInstanceOf(StaleReferenceException.class);
            }
            HeapBlock named = heap.raw("named", 8);
            assertThatThrownBy(named::free).isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContaining("named");
            assertThatThrownBy(named::reference).isInstanceOf(UnsupportedOperationException.class);
            assertSound(heap);
        }
    }

    @Test
    void aFullHeapIsATypedErrorAndLeavesEverythingAsItWas() {
        try (SharedHeap heap = SharedHeap.create(NAME, 2 << 20)) {
            int made = 0;
            HeapFullException full = null;
            while (full == null) {
                try {
                    heap.raw("block " + made, 10_000);
                    made++;
                } catch (HeapFullException e) {
                    full = e;
                }
            }
            assertThat(made).isGreaterThan(100);
            assertThat(heap.names()).hasSize(made);
            assertSound(heap);
            assertThat(heap.drop("block 0")).isTrue();
            heap.raw("another", 10_000);
            assertSound(heap);
        }
    }

    @Test
    void statisticsAccountForAllThatIsCommitted() {
        try (SharedHeap heap = SharedHeap.create(NAME, SIZE)) {
            heap.raw("large", 1 << 20);
            for (int i = 0; i < 100; i++) {
                heap.allocate(100);
            }
            HeapStatistics statistics = heap.statistics();
            HeapVerification verified = heap.verify();
            assertThat(verified.faults()).isEmpty();
            assertThat(statistics.committedBytes()).isEqualTo(verified.committedBytes());
            assertThat(statistics.freeBytes()).isEqualTo(verified.freeBytes());
            assertThat(statistics.usedBytes()).isEqualTo(verified.usedBytes());
            assertThat(statistics.usedBytes()).isBetween((1L << 20) + 10_000, 2L << 20);
            assertThat(statistics.largestHoleBytes()).isLessThanOrEqualTo(statistics.freeBytes());
            assertThat(statistics.reservedBytes()).isBetween(statistics.committedBytes(), SIZE);
            assertThat(statistics.classes()).anyMatch(known -> known.byteSize() == 128 && known.blocks() >= 100);
            assertThat(statistics.maximumBytes()).isEqualTo(SIZE);
        }
    }

    @Test
    void forReadingOnlyEverythingIsSeenAndNothingChanged() {
        try (SharedHeap heap = SharedHeap.create(NAME, SIZE)) {
            heap.raw("x", 8).segment().set(JAVA_LONG, 0, 42);
            HeapReference reference = heap.allocate(8).reference();
            try (SharedHeap reader = SharedHeap.open(NAME, HeapOptions.defaults().withReadOnly(true))) {
                assertThat(reader.names()).containsExactly("x");
                assertThat(reader.raw("x").segment().get(JAVA_LONG, 0)).isEqualTo(42);
                assertThat(reader.raw("x", 8).segment().isReadOnly()).isTrue();
                assertThat(reader.statistics().usedBytes()).isEqualTo(heap.statistics().usedBytes());
                for (Runnable change : List.<Runnable>of(() -> reader.raw("y", 8), () -> reader.drop("x"),
                        () -> reader.allocate(8), () -> reader.block(reference).free(), reader::verify)) {
                    assertThatThrownBy(change::run).isInstanceOf(UnsupportedOperationException.class)
                            .hasMessageContaining("reading only");
                }
            }
            assertThatThrownBy(() -> SharedHeap.create("other", SIZE, HeapOptions.defaults().withReadOnly(true)))
                    .isInstanceOf(IllegalArgumentException.class);
            assertSound(heap);
        }
    }

    @Test
    void aPersistentHeapStaysUntilItIsUnlinked() {
        HeapOptions stays = HeapOptions.defaults().withLifetime(Lifetime.PERSISTENT).withInitialBytes(4 << 20);
        try (SharedHeap heap = SharedHeap.create(NAME, SIZE, stays)) {
            assertThat(heap.statistics().reservedBytes()).isGreaterThanOrEqualTo(4 << 20);
            heap.raw("x", 8).segment().set(JAVA_LONG, 0, 42);
        }
        try (SharedHeap heap = SharedHeap.open(NAME)) {
            assertThat(heap.raw("x").segment().get(JAVA_LONG, 0)).isEqualTo(42);
            heap.unlink();
            assertThat(heap.raw("x").segment().get(JAVA_LONG, 0)).isEqualTo(42);
        }
        assertThatThrownBy(() -> SharedHeap.open(NAME)).isInstanceOf(BlockNotFoundException.class);
    }

    @Test
    void closingWhileThreadsAreInsideIsATypedErrorForThem() throws Exception {
        for (int round = 0; round < 20; round++) {
            SharedHeap heap = SharedHeap.create(NAME, SIZE);
            HeapBlock block = heap.allocate(64);
            List<Background<Void>> users = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                int number = t;
                users.add(Background.start(t % 2 == 0, () -> {
                    for (int i = 0;; i++) {
                        switch (number) {
                            case 0 -> heap.raw("a" + i % 10, 8);
                            case 1 -> heap.allocate(5000).free();
                            case 2 -> heap.drop("a" + i % 10);
                            default -> block.segment().set(JAVA_LONG, 0, i);
                        }
                    }
                }));
            }
            Delays.pause(java.time.Duration.ofMillis(5));
            heap.close();
            for (Background<Void> user : users) {
                assertThatThrownBy(user::get).isInstanceOf(IllegalStateException.class);
            }
            assertThatThrownBy(heap::names).isInstanceOf(IllegalStateException.class).hasMessageContaining("closed");
            assertThatThrownBy(block::segment).isInstanceOf(IllegalStateException.class);
            assertThat(heap).hasToString("SharedHeap[closed]");
            heap.close();
        }
    }

    @Test
    void aForkedChildUsesTheHeapOfItsParent() {
        try (SharedHeap heap = SharedHeap.create(NAME, SIZE);
                Fission fission = Fission.builder().children(2).warmUp(0).build()) {
            heap.raw("before", 8).segment().set(JAVA_LONG, 0, 42);
            List<Long> seen = fission.map(List.of(1, 2, 3, 4), item -> {
                heap.raw("child " + item, 1 << 20).segment().set(JAVA_LONG, 0, item);
                return heap.raw("before").segment().get(JAVA_LONG, 0);
            });
            assertThat(seen).containsOnly(42L);
            assertThat(heap.names()).containsExactly("before", "child 1", "child 2", "child 3", "child 4");
            assertThat(heap.raw("child 3").segment().get(JAVA_LONG, 0)).isEqualTo(3);
            assertSound(heap);
        }
    }

    @Test
    void aBlockThatIsGivenAnotherSizeKeepsItsContentAndOnlyOneOfThemIsInUse() {
        try (SharedHeap heap = SharedHeap.create(NAME, SIZE)) {
            long empty = heap.statistics().usedBytes();
            HeapBlock block = heap.allocateZeroed(100);
            assertThat(block.segment().toArray(JAVA_BYTE)).containsOnly(0);
            block.segment().fill((byte) 7);
            HeapBlock same = block.reallocate(90);
            assertThat(same.reference()).isEqualTo(block.reference());
            assertThat(same.byteSize()).isEqualTo(90);
            HeapBlock larger = same.reallocate(50_000);
            assertThat(larger.byteSize()).isEqualTo(50_000);
            assertThat(larger.segment().asSlice(0, 90).toArray(JAVA_BYTE)).containsOnly(7);
            assertThatThrownBy(block::segment).isInstanceOf(StaleReferenceException.class);
            assertThatThrownBy(() -> same.reallocate(8)).isInstanceOf(StaleReferenceException.class);
            assertThatThrownBy(() -> larger.reallocate(2 * SIZE)).isInstanceOf(HeapFullException.class);
            assertThatThrownBy(() -> larger.reallocate(0)).isInstanceOf(IllegalArgumentException.class);
            HeapBlock smaller = larger.reallocate(10);
            assertThat(smaller.segment().toArray(JAVA_BYTE)).hasSize(10).containsOnly(7);
            smaller.free();
            assertThat(heap.statistics().usedBytes()).isEqualTo(empty);
            assertThatThrownBy(() -> heap.raw("named", 8).reallocate(9))
                    .isInstanceOf(UnsupportedOperationException.class);
            assertSound(heap);
        }
    }
}
