package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.StaleReferenceException;
import io.cleave.heap.Change;
import io.cleave.heap.Heap;
import io.cleave.heap.HeapReport;
import io.cleave.heap.TestSpace;
import io.cleave.owner.Gate;
import io.cleave.owner.Participants;
import io.cleave.owner.ParticipantsLayout;
import io.cleave.testing.Delays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A map in one process. */
class MapTest {
    private static final ValueEncoding<Long> LONGS = ValueEncoding.ofKey(Long.class);

    private final TestSpace space = new TestSpace(64 << 20);
    private final Heap heap = fresh();

    private Heap fresh() {
        Heap.format(space, 42);
        return Heap.attach(space);
    }

    @AfterEach
    void close() {
        space.close();
    }

    private void verify(long... headers) {
        HeapReport report = heap.verify(check -> {
            for (long header : headers) {
                MapCheck.walk(heap, header, check);
            }
        });
        assertThat(report.isSound()).as(report::toString).isTrue();
    }

    @Test
    void randomOperationsDoAsAHashMapDoes() {
        ValueEncoding<String> encoding = ValueEncoding.ofKey(String.class);
        long header = create(encoding, encoding);
        Map<String, String> map = new HeapMap<>("test",
                new MapTable(heap, new Gate(), header, heap.memory().getAcquire(header)),
                encoding, encoding);
        Map<String, String> model = new HashMap<>();
        Random random = new Random(3);
        for (int i = 0; i < 200_000; i++) {
            String key = "key" + random.nextInt(30_000);
            String value = "v".repeat(random.nextInt(100)) + i;
            switch (random.nextInt(6)) {
                case 0, 1 -> assertThat(map.put(key, value)).isEqualTo(model.put(key, value));
                case 2 -> assertThat(map.remove(key)).isEqualTo(model.remove(key));
                case 3 -> assertThat(map.merge(key, value, (a, b) -> a.length() > 50 ? null : a + b))
                        .isEqualTo(model.merge(key, value, (a, b) -> a.length() > 50 ? null : a + b));
                default -> assertThat(map.get(key)).isEqualTo(model.get(key));
            }
        }
        assertThat(map).isEqualTo(model).hasSameSizeAs(model);
        verify(header);
        map.clear();
        assertThat(map).isEmpty();
        verify(header);
        boolean _ = MapEnd.free(heap, header, SweepLimit.all());
        verify(header);
    }

    private MapTable table(long header) {
        return new MapTable(heap, new Gate(), header, heap.memory().getAcquire(header));
    }

    @Test
    void aSplitAndTheEndOfTheMapDoNotWaitForEachOther() throws InterruptedException {
        long header = create(LONGS, LONGS);
        MapTable table = table(header);
        long segment = MapLayout.segment(heap.memory().getPlain(MapLayout.directory(table.root())));
        long lockAt = table.lockBlock(segment) + MapLayout.LOCK;
        Thread ending = Thread.ofPlatform().daemon().unstarted(() -> {
            while (!MapEnd.free(heap, header, SweepLimit.allPatiently())) {
                Thread.onSpinWait();
            }
        });
        Thread splitting = Thread.ofPlatform().daemon().start(() -> {
            heap.locks().lock(lockAt);
            try {
                ending.start();
                assertThat(Delays.within(Delays.PATIENCE, () -> table.root() == 0)).isTrue();
                new MapGrowth(table).split(segment); // the other one waits for the segment now
                table.awaitSplit();
            } finally {
                heap.locks().unlock(lockAt);
            }
        });
        assertThat(splitting.join(Delays.PATIENCE)).isTrue();
        assertThat(ending.join(Delays.PATIENCE)).isTrue();
        verify(header);
    }

    @Test
    void aSizeThatIsAskedForTooLateTouchesNothing() {
        long header = create(LONGS, LONGS);
        MapTable table = table(header);
        long root = table.root();
        long segment = MapLayout.segment(heap.memory().getPlain(MapLayout.directory(root)));
        assertThat(MapEnd.free(heap, header, SweepLimit.all())).isTrue();
        long others;
        try (Change change = heap.change()) {
            others = change.allocateZeroed(1024);
            change.commit();
        }
        // what may be in the freed segment, and what looks like a lock that a dead process has
        long mistaken = (others + Heap.HEADER_BYTES - 1) & -Heap.HEADER_BYTES;
        heap.memory().setPlain(segment + MapLayout.LOCK_BLOCK_IN_SEGMENT, mistaken);
        long word = Participants.me() ^ 1L << ParticipantsLayout.GENERATION_SHIFT;
        heap.memory().setPlain(mistaken + MapLayout.LOCK, word);
        assertThat(new MapSize(table).count(root, true)).isEqualTo(-1);
        assertThat(heap.memory().getPlain(mistaken + MapLayout.LOCK)).isEqualTo(word);
    }

    @Test
    void whoWatchesAMapThatIsNoneAnyMoreTouchesNothing() {
        long header = create(LONGS, LONGS);
        MapTable table = table(header);
        assertThat(MapEnd.free(heap, header, SweepLimit.all())).isTrue();
        try (Change change = heap.change()) {
            change.free(header);
            change.commit();
        }
        long list;
        try (Change change = heap.change()) {
            list = SlotList.create(heap, change, LONGS.schema());
            change.commit();
        }
        assertThat(list).isEqualTo(header);
        byte[] before = new byte[(int) Heap.HEADER_BYTES];
        heap.memory().copyOut(list, before, 0, before.length);
        assertThatThrownBy(() -> table.log().register(Participants.newOwner()))
                .isInstanceOf(StaleReferenceException.class);
        assertThat(table.log().addSleeper(list)).isFalse();
        byte[] after = new byte[before.length];
        heap.memory().copyOut(list, after, 0, after.length);
        assertThat(after).isEqualTo(before);
        HeapReport report = heap.verify(check -> ListCheck.walk(heap, list, SlotKind.VALUES, check));
        assertThat(report.isSound()).as(report::toString).isTrue();
    }

    private long create(ValueEncoding<?> keys, ValueEncoding<?> values) {
        try (Change change = heap.change()) {
            long header = MapTable.create(heap, change, keys.schema(), values.schema());
            change.commit();
            return header;
        }
    }
}
