package io.cleave.bench.pool;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * How often each task of the torture has begun: numbers in a file that all processes map. It is made of nothing that is
 * tortured, and lies beside the blocks, whose directory is in the environment of all.
 */
final class Beginnings {
    static final int SLOTS = 1 << 20;
    private static final String FILE = "begun";
    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

    private final MemorySegment memory;

    private Beginnings(MemorySegment memory) {
        this.memory = memory;
    }

    /** Maps the file, though the task that does it may be cancelled meanwhile, which would close the channel. */
    private static MemorySegment map(Path file) {
        boolean interrupted = false;
        try {
            while (true) {
                try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE,
                        StandardOpenOption.CREATE)) {
                    return channel.map(FileChannel.MapMode.READ_WRITE, 0, (long) SLOTS * Integer.BYTES, Arena.global());
                } catch (ClosedByInterruptException e) {
                    interrupted |= Thread.interrupted();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** The mapping of this process. */
    private static final class Holder {
        static final Beginnings INSTANCE = open(Path.of(System.getenv("CLEAVE_DIR")).resolveSibling(FILE));
    }

    static Beginnings open(Path file) {
        return new Beginnings(map(file));
    }

    static Beginnings shared() {
        return Holder.INSTANCE;
    }

    void begin(int slot) {
        int ignored = (int) INT.getAndAdd(memory, (long) slot * Integer.BYTES, 1);
    }

    int begunVolatile(int slot) {
        return (int) INT.getVolatile(memory, (long) slot * Integer.BYTES);
    }

    void resetVolatile(int slot) {
        INT.setVolatile(memory, (long) slot * Integer.BYTES, 0);
    }
}
