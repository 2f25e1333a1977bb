package io.cleave.bench.share;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * What the processes of the torture know of each other: counters, and slots in which each worker publishes its values.
 * Only its worker changes a slot, and makes its version odd meanwhile; only {@code freeing} is for all.
 *
 * <pre>
 * words 0..15   counters, {@link #WRITES} and so on; 15: nobody goes on
 * words 16..31  for each worker its life's number, words 32..47 the steps of this life
 * then slots of 128 bytes: version, stamp, greatest stamp freed, size, writer's life, and a token at 64
 * </pre>
 */
final class SlotTable {
    static final int WORKERS = 4;
    static final int SLOTS_EACH = 8;

    static final int WRITES = 0;
    static final int READS = 1;
    static final int CHECKS = 2;
    static final int FREES = 3;
    static final int WRONG = 4;
    static final int MISSING = 5;
    static final int ERRORS = 6;
    static final int STAMPS = 7;
    private static final int STOP = 15;
    private static final int LIVES = 16;
    private static final int STEPS = 32;
    private static final int SLOTS_AT = 512;
    private static final int SLOT_BYTES = 128;
    private static final int TOKEN_AT = 64;
    private static final int TOKEN_BYTES = 38;
    static final int BYTES = SLOTS_AT + SLOT_BYTES * WORKERS * SLOTS_EACH;

    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

    private final MemorySegment memory;

    /**
     * A slot as it was at one moment.
     *
     * @param index which slot
     * @param version its version then
     * @param life its worker's life when the value was written
     * @param stamp what the value's content follows from
     * @param size the value's bytes
     * @param token the token
     */
    record Slot(int index, long version, long life, long stamp, int size, String token) {}

    private SlotTable(MemorySegment memory) {
        this.memory = memory;
    }

    static SlotTable open(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(ShareTorture.tableIn(directory), StandardOpenOption.READ,
                StandardOpenOption.WRITE)) {
            return new SlotTable(channel.map(FileChannel.MapMode.READ_WRITE, 0, BYTES, Arena.global()));
        }
    }

    private long get(long word) {
        return (long) LONG.getVolatile(memory, 8 * word);
    }

    private void set(long word, long value) {
        LONG.setVolatile(memory, 8 * word, value);
    }

    long count(int counter) {
        return get(counter);
    }

    long increment(int counter) {
        return (long) LONG.getAndAdd(memory, 8L * counter, 1L) + 1;
    }

    void stop() {
        set(STOP, 1);
    }

    boolean isOver() {
        return get(STOP) != 0;
    }

    void beginLife(int worker) {
        set(STEPS + worker, 0);
        set(LIVES + worker, get(LIVES + worker) + 1);
    }

    long life(int worker) {
        return get(LIVES + worker);
    }

    long steps(int worker) {
        return get(STEPS + worker);
    }

    void step(int worker, long steps) {
        set(STEPS + worker, steps);
    }

    private static long wordOf(int slot) {
        return (SLOTS_AT + (long) SLOT_BYTES * slot) / 8;
    }

    /** Publishes a value, or with an empty token that there is none. */
    void publish(int slot, long life, long stamp, int size, String token) {
        long word = wordOf(slot);
        long version = get(word) | 1; // odd already where a predecessor was killed here
        set(word, version);
        set(word + 1, stamp);
        set(word + 3, size);
        set(word + 4, life);
        byte[] bytes = token.getBytes(StandardCharsets.US_ASCII);
        memory.asSlice(8 * word + TOKEN_AT, TOKEN_BYTES).fill((byte) 0);
        MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, 8 * word + TOKEN_AT, bytes.length);
        set(word, version + 1);
    }

    /** What a slot shows; null where it shows nothing. */
    @Nullable Slot look(int slot) {
        long word = wordOf(slot);
        long version = get(word);
        long stamp = get(word + 1);
        int size = (int) get(word + 3);
        long life = get(word + 4);
        byte[] bytes = new byte[TOKEN_BYTES];
        MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, 8 * word + TOKEN_AT, bytes, 0, bytes.length);
        VarHandle.fullFence(); // the copy above comes before the second look at the version
        boolean isWhole = version % 2 == 0 && get(word) == version && bytes[0] != 0;
        return isWhole ? new Slot(slot, version, life, stamp, size, new String(bytes, StandardCharsets.US_ASCII))
                : null;
    }

    /** Says that a value is about to be freed. */
    void freeing(Slot slot) {
        long at = 8 * (wordOf(slot.index) + 2);
        long seen = (long) LONG.getVolatile(memory, at);
        while (seen < slot.stamp && !LONG.compareAndSet(memory, at, seen, slot.stamp)) {
            seen = (long) LONG.getVolatile(memory, at); // values that come later have greater stamps, which stay
        }
    }

    /** Whether the value of a slot must still be there: its worker lives, and nobody has begun to free it. */
    boolean mustBeThere(Slot slot) {
        long word = wordOf(slot.index);
        return get(word + 2) < slot.stamp && get(word) == slot.version
                && get(LIVES + slot.index / SLOTS_EACH) == slot.life;
    }
}
