package io.cleave.bench.objects;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The least that a table in memory can do, for one thread and values of one length: open addressing, key and value in the
 * slot of one line of the cache, nothing checked, nothing locked.
 */
final class BareTable implements MapStore {
    private static final long SLOT_BYTES = 64;
    private static final long LENGTH_IN_SLOT = 8;
    private static final long VALUE_IN_SLOT = 16;
    private static final int SLOTS_SHIFT = 21;
    private static final long SLOTS = 1L << SLOTS_SHIFT;
    private static final long MULTIPLIER = 0x9e3779b97f4a7c15L;

    private final MemorySegment memory = Arena.global().allocate(SLOTS * SLOT_BYTES, SLOT_BYTES);

    /** Where a key is, or the empty slot where it belongs. */
    private long find(long key) {
        long slot = ((key ^ (key >>> 32)) * MULTIPLIER) >>> (Long.SIZE - SLOTS_SHIFT);
        while (true) {
            long at = slot * SLOT_BYTES;
            if (memory.get(ValueLayout.JAVA_LONG, at) == key || memory.get(ValueLayout.JAVA_LONG,
                    at + LENGTH_IN_SLOT) == 0) {
                return at;
            }
            slot = (slot + 1) & (SLOTS - 1);
        }
    }

    @Override
    public void put(long key, String value) {
        byte[] bytes = value.getBytes(StandardCharsets.ISO_8859_1);
        long at = find(key);
        memory.set(ValueLayout.JAVA_LONG, at, key);
        memory.set(ValueLayout.JAVA_LONG, at + LENGTH_IN_SLOT, bytes.length);
        MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, at + VALUE_IN_SLOT, bytes.length);
    }

    @Override
    public @Nullable String get(long key) {
        return value(find(key));
    }

    private @Nullable String value(long at) {
        int length = (int) memory.get(ValueLayout.JAVA_LONG, at + LENGTH_IN_SLOT);
        if (length == 0) {
            return null;
        }
        byte[] bytes = new byte[length];
        MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, at + VALUE_IN_SLOT, bytes, 0, length);
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    @Override
    public void remove(long key) {
        throw new UnsupportedOperationException("it is for reading");
    }

    @Override
    public long walk() {
        long chars = 0;
        for (long at = 0; at < memory.byteSize(); at += SLOT_BYTES) {
            String value = value(at);
            if (value != null) {
                chars += value.length();
            }
        }
        return chars;
    }

    @Override
    public void clear() {
        memory.fill((byte) 0);
    }

    @Override
    public void close() {
    }
}
