package io.cleave.objects;

import io.cleave.IncompatibleBlockException;
import io.cleave.heap.Change;
import io.cleave.heap.HeapMemory;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * What a structure says of the classes that it was made with, in a block of its own.
 *
 * <pre>
 * length of the first text | of the second, 32 bits each | both in UTF-8
 * </pre>
 *
 * @param first of the keys, or the elements
 * @param second of the values; empty where there are none
 */
record StoredSchema(String first, String second) {
    /**
     * Stores schemas, as a part of a change.
     *
     * @param second null where there is one only
     * @return the block
     */
    static long store(HeapMemory memory, Change change, ValueSchema first, @Nullable ValueSchema second) {
        byte[] one = first.text().getBytes(StandardCharsets.UTF_8);
        byte[] other = second == null ? new byte[0] : second.text().getBytes(StandardCharsets.UTF_8);
        long block = change.allocate((long) Long.BYTES + one.length + other.length);
        memory.setIntPlain(block, one.length);
        memory.setIntPlain(block + Integer.BYTES, other.length);
        memory.copyIn(one, 0, block + Long.BYTES, one.length);
        memory.copyIn(other, 0, block + Long.BYTES + one.length, other.length);
        return block;
    }

    /** What a block says; null where it is rubbish, as that of a structure that was dropped may be. */
    static @Nullable StoredSchema read(HeapMemory memory, long block) {
        if (block % Long.BYTES != 0 || !memory.isCommitted(block, Long.BYTES)) {
            return null;
        }
        int one = memory.getIntPlain(block);
        int other = memory.getIntPlain(block + Integer.BYTES);
        if (one < 0 || other < 0 || !memory.isCommitted(block, (long) Long.BYTES + one + other)) {
            return null;
        }
        return new StoredSchema(text(memory, block + Long.BYTES, one), text(memory, block + Long.BYTES + one, other));
    }

    private static String text(HeapMemory memory, long at, int length) {
        byte[] bytes = new byte[length];
        memory.copyOut(at, bytes, 0, length);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /**
     * Refuses a class other than the one that is stored.
     *
     * @param what the elements, for the message
     * @throws IncompatibleBlockException with what is different
     */
    static void refuse(String name, String what, ValueSchema here, String stored) {
        String difference = here.differenceFrom(new ValueSchema(stored));
        if (difference != null) {
            throw new IncompatibleBlockException(
                    "the " + what + " of \"" + name + "\" are of another class than it was "
                            + "made with: " + difference + "; open it with that class, or drop it and make it anew");
        }
    }
}
