package io.cleave.bench;

import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** What a JVM that reads changed input has come to: in a file, which outlives it. */
final class FuzzBoard {
    /** The number of the item that is being read. */
    static final int NEXT = 0;
    /** How much was read that was right, or could be taken for it. */
    static final int READABLE = 1;
    /** How often there was a typed exception. */
    static final int TYPED = 2;
    /** How often there was anything else. */
    static final int UNTYPED = 3;
    private static final int FIELDS = 4;

    private final MappedByteBuffer memory;

    private FuzzBoard(MappedByteBuffer memory) {
        this.memory = memory;
        memory.order(ByteOrder.nativeOrder());
    }

    static FuzzBoard open(Path directory) throws IOException {
        try (FileChannel file = FileChannel.open(directory.resolve("board"), StandardOpenOption.CREATE,
                StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            return new FuzzBoard(file.map(FileChannel.MapMode.READ_WRITE, 0, (long) FIELDS * Long.BYTES));
        }
    }

    long get(int field) {
        return memory.getLong(field * Long.BYTES);
    }

    void set(int field, long value) {
        memory.putLong(field * Long.BYTES, value);
    }

    void increment(int field) {
        set(field, get(field) + 1);
    }
}
