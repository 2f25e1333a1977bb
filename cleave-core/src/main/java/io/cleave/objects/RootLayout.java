package io.cleave.objects;

import io.cleave.heap.Heap;
import io.cleave.heap.HeapMemory;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The layout of a heap's directory of names.
 *
 * <pre>
 * roots of the heap: 0 table | 1 lock | 2 begun | 3 ended | 4 dropped | 5 sweep lock
 *                    6 first that is made | 7 first that is freed | 8 lock of both
 *
 * table    256 words: the first entry of each bucket
 *
 * entry    0                8                16               24
 *          +----------------+----------------+----------------+----------------+
 *        0 | next           | header         | generation     | kind           |
 *          +----------------+--------+-------+----------------+----------------+
 *       32 | fingerprint    | name's | description's lengths  | name, description, in UTF-8
 *          +----------------+--------+---------
 *
 * header   0                8                16               24
 *          +----------------+----------------+----------------+---------
 *        0 | generation     | kind, DROPPED  | fingerprint    | the structure's own
 *          +----------------+----------------+----------------+---------
 *      208 | next           | whence         | worker         |
 *          +----------------+----------------+----------------+---------
 * </pre>
 *
 * An entry never changes but for {@code next}. {@code begun} and {@code ended} go up by one with each change of the
 * directory, as its first and its last word. A structure that is {@code DROPPED} has no name any more, and waits in the
 * list of those that are {@code dropped}, by their entries' {@code next}, until all that belongs to it is free. The words
 * from 208 on are those of {@link LooseStructures}, and have a meaning only while the structure is among these.
 */
final class RootLayout {
    static final int TABLE = 0;
    static final int LOCK = 1;
    static final int BEGUN = 2;
    static final int ENDED = 3;
    static final int DROPPED = 4;
    static final int SWEEP_LOCK = 5;
    static final int FIRST_MADE = 6;
    static final int FIRST_FREED = 7;
    static final int LOOSE_LOCK = 8;

    static final int BUCKETS = 256;
    static final long TABLE_BYTES = BUCKETS * (long) Long.BYTES;

    static final long NEXT_IN_ENTRY = 0;
    static final long HEADER_IN_ENTRY = 8;
    static final long GENERATION_IN_ENTRY = 16;
    static final long KIND_IN_ENTRY = 24;
    static final long FINGERPRINT_IN_ENTRY = 32;
    static final long NAME_LENGTH_IN_ENTRY = 40;
    static final long DESCRIPTION_LENGTH_IN_ENTRY = 44;
    static final long TEXT_IN_ENTRY = 48;

    static final long GENERATION_IN_HEADER = 0;
    static final long KIND_IN_HEADER = 8;
    static final long FINGERPRINT_IN_HEADER = 16;
    /** Where a structure's own part of its header begins. */
    static final long OWN_IN_HEADER = 24;
    static final long NEXT_IN_HEADER = 208;
    static final long WHENCE_IN_HEADER = 216;
    static final long WORKER_IN_HEADER = 224;
    /** The structure has been dropped. */
    static final long IS_DROPPED = 1L << 32;

    /** The longest text of either sort. */
    static final int MOST_TEXT = 4096;

    private RootLayout() {
    }

    static long bucketAt(long table, byte[] name) {
        int hash = 1;
        for (byte b : name) {
            hash = 31 * hash + b;
        }
        hash *= 0x9e3779b9;
        return table + (hash >>> (Integer.SIZE - 8)) * (long) Long.BYTES;
    }

    static long entryBytes(byte[] name, byte[] description) {
        return TEXT_IN_ENTRY + name.length + description.length;
    }

    /** Fills a new entry but for {@code next}. */
    static void entry(HeapMemory memory, long entry, long header, long generation, RootType type, byte[] name,
            byte[] description) {
        memory.setPlain(entry + HEADER_IN_ENTRY, header);
        memory.setPlain(entry + GENERATION_IN_ENTRY, generation);
        memory.setPlain(entry + KIND_IN_ENTRY, type.kind().number());
        memory.setPlain(entry + FINGERPRINT_IN_ENTRY, type.fingerprint());
        memory.setIntPlain(entry + NAME_LENGTH_IN_ENTRY, name.length);
        memory.setIntPlain(entry + DESCRIPTION_LENGTH_IN_ENTRY, description.length);
        memory.copyIn(name, 0, entry + TEXT_IN_ENTRY, name.length);
        memory.copyIn(description, 0, entry + TEXT_IN_ENTRY + name.length, description.length);
    }

    /** Fills the beginning of a new header, but for its generation. */
    static void header(HeapMemory memory, long header, RootType type) {
        memory.setPlain(header + KIND_IN_HEADER, type.kind().number());
        memory.setPlain(header + FINGERPRINT_IN_HEADER, type.fingerprint());
    }

    static int kind(HeapMemory memory, long entry) {
        return (int) memory.getPlain(entry + KIND_IN_ENTRY);
    }

    /** The kind that a header says; null for one that another version of Cleave has given. */
    static @Nullable RootKind kindOf(HeapMemory memory, long header) {
        return RootKind.of((int) memory.getPlain(header + KIND_IN_HEADER));
    }

    /** Whether a header can be at an offset that may be any number. */
    static boolean isHeader(HeapMemory memory, long header) {
        return header % Heap.HEADER_BYTES == 0 && memory.isCommitted(header, Heap.HEADER_BYTES);
    }

    static boolean isDropped(HeapMemory memory, long header) {
        return (memory.getAcquire(header + KIND_IN_HEADER) & IS_DROPPED) != 0;
    }

    /** Whether an entry is called so; false for what is none. */
    static boolean isNamed(HeapMemory memory, long entry, byte[] name) {
        return memory.getIntPlain(entry + NAME_LENGTH_IN_ENTRY) == name.length
                && memory.isCommitted(entry, TEXT_IN_ENTRY + name.length)
                && memory.matches(entry + TEXT_IN_ENTRY, name, 0, name.length);
    }

    /** Whether something that may be rubbish can be read as an entry. */
    static boolean isReadable(HeapMemory memory, long entry) {
        if ((entry & Long.BYTES - 1) != 0 || !memory.isCommitted(entry, TEXT_IN_ENTRY)) {
            return false;
        }
        long name = memory.getIntPlain(entry + NAME_LENGTH_IN_ENTRY);
        long description = memory.getIntPlain(entry + DESCRIPTION_LENGTH_IN_ENTRY);
        return name >= 0 && name <= MOST_TEXT && description >= 0 && description <= MOST_TEXT
                && memory.isCommitted(entry, TEXT_IN_ENTRY + name + description);
    }

    /** What a readable entry says. */
    static Root root(HeapMemory memory, long entry) {
        int nameLength = Math.clamp(memory.getIntPlain(entry + NAME_LENGTH_IN_ENTRY), 0, MOST_TEXT);
        int descriptionLength = Math.clamp(memory.getIntPlain(entry + DESCRIPTION_LENGTH_IN_ENTRY), 0, MOST_TEXT);
        byte[] text = new byte[nameLength + descriptionLength];
        if (memory.isCommitted(entry + TEXT_IN_ENTRY, text.length)) { // the lengths may be others by now
            memory.copyOut(entry + TEXT_IN_ENTRY, text, 0, text.length);
        }
        return new Root(new String(text, 0, nameLength, StandardCharsets.UTF_8), kind(memory, entry),
                memory.getPlain(entry + HEADER_IN_ENTRY), memory.getPlain(entry + GENERATION_IN_ENTRY),
                memory.getPlain(entry + FINGERPRINT_IN_ENTRY),
                new String(text, nameLength, descriptionLength, StandardCharsets.UTF_8));
    }
}
