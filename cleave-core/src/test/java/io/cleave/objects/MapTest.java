package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.heap.Change;
import io.cleave.heap.Heap;
import io.cleave.heap.HeapReport;
import io.cleave.heap.TestSpace;
import io.cleave.owner.Gate;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A map in one process. */
class MapTest {
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
                new MapTable(heap, new Gate(null), header, heap.memory().getAcquire(header)),
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

    private long create(ValueEncoding<?> keys, ValueEncoding<?> values) {
        try (Change change = heap.change()) {
            long header = MapTable.create(heap, change, keys.schema(), values.schema());
            change.commit();
            return header;
        }
    }
}
