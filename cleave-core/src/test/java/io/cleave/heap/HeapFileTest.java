package io.cleave.heap;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.AlreadyExistsException;
import io.cleave.BlockNotFoundException;
import io.cleave.IncompatibleBlockException;
import io.cleave.fission.Fission;
import io.cleave.memory.BlockInfo;
import io.cleave.memory.BlockKind;
import io.cleave.memory.Lifetime;
import io.cleave.memory.MemoryOptions;
import io.cleave.memory.SharedMemory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** The file of a heap: what it takes, what it is refused for, who may touch it. */
final class HeapFileTest {
    private static final String NAME = "heap-file-test";
    private static final long MAXIMUM = 64L << 20;
    private static final MemoryOptions DEFAULTS = MemoryOptions.defaults();

    private static HeapFile create(long maximum, long initial) {
        return HeapFile.create(NAME, maximum, initial, DEFAULTS);
    }

    private static Path file() {
        return Path.of(Objects.requireNonNullElse(System.getenv("CLEAVE_DIR"), "/dev/shm"))
                .resolve("cleave." + NAME);
    }

    private static BlockInfo info() {
        return SharedMemory.list().stream().filter(info -> info.name().equals(NAME)).findFirst().orElseThrow();
    }

    /** Stores a word in the file, and returns what was there. */
    private static long overwrite(long at, long word) throws IOException {
        try (FileChannel channel = FileChannel.open(file(), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer before = ByteBuffer.allocate(8).order(ByteOrder.nativeOrder());
            assertThat(channel.read(before, at)).isEqualTo(8);
            channel.write(ByteBuffer.allocate(8).order(ByteOrder.nativeOrder()).putLong(0, word), at);
            return before.getLong(0);
        }
    }

    @Test
    void aHeapTakesWhatItHasReservedAndNoMore() {
        long terabyte = 1L << 40;
        try (HeapFile heap = create(terabyte, 0)) {
            assertThat(heap.memory().byteSize()).isEqualTo(terabyte);
            assertThat(heap.reservedBytes()).isLessThan(16L << 20);
            long before = heap.reservedBytes();
            heap.reserve(terabyte - (1 << 20), 1 << 20);
            assertThat(heap.reservedBytes() - before).isEqualTo(1 << 20);
            heap.memory().set(JAVA_LONG, terabyte - 8, 42);
            assertThat(heap.reservedBytes() - before).isEqualTo(1 << 20);
            assertThat(info().kind()).isEqualTo(BlockKind.HEAP);
            assertThat(info().byteSize()).isEqualTo(terabyte);
        }
    }

    @Test
    void whatIsThereFromTheStartIsReserved() {
        try (HeapFile heap = create(MAXIMUM, 20L << 20)) {
            assertThat(heap.reservedBytes()).isBetween(20L << 20, 21L << 20);
        }
    }

    @Test
    void whoeverOpensItSeesWhatOthersHaveReservedAndWritten() {
        try (HeapFile heap = create(MAXIMUM, 0); HeapFile other = HeapFile.open(NAME, DEFAULTS)) {
            heap.reserve(MAXIMUM - 4096, 4096);
            heap.memory().set(JAVA_LONG, MAXIMUM - 8, 42);
            assertThat(other.memory().get(JAVA_LONG, MAXIMUM - 8)).isEqualTo(42);
            other.reserve(MAXIMUM - 8192, 8192); // what is there already keeps its content
            assertThat(heap.memory().get(JAVA_LONG, MAXIMUM - 8)).isEqualTo(42);
            assertThat(heap.memory().get(JAVA_LONG, MAXIMUM - 8192)).isZero();
        }
    }

    @Test
    void sizesInConflictAreRefusedWithBoth() {
        try (HeapFile heap = create(MAXIMUM, 0)) {
            assertThatThrownBy(() -> HeapFile.openOrCreate(NAME, 2 * MAXIMUM, 0, DEFAULTS))
                    .isInstanceOf(IncompatibleBlockException.class)
                    .hasMessageContaining(Long.toString(MAXIMUM)).hasMessageContaining(Long.toString(2 * MAXIMUM));
            assertThatThrownBy(() -> create(MAXIMUM, 0)).isInstanceOf(AlreadyExistsException.class);
            try (HeapFile same = HeapFile.openOrCreate(NAME, MAXIMUM, 1 << 20, DEFAULTS)) {
                heap.memory().set(JAVA_LONG, HeapLayout.ROOTS_AT, 7);
                assertThat(same.memory().get(JAVA_LONG, HeapLayout.ROOTS_AT)).isEqualTo(7);
            }
        }
    }

    @Test
    void sizesThatAreNoneAreRefused() {
        assertThatThrownBy(() -> create(1000, 0)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("1000");
        assertThatThrownBy(() -> create(MAXIMUM, MAXIMUM + 1)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(Long.toString(MAXIMUM + 1));
        assertThatThrownBy(() -> HeapFile.open(NAME, DEFAULTS)).isInstanceOf(BlockNotFoundException.class);
        try (HeapFile heap = create(MAXIMUM, 0)) {
            assertThatThrownBy(() -> heap.reserve(MAXIMUM, 1)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> heap.reserve(8, MAXIMUM)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void whatIsNoHeapIsRefused() {
        try (SharedMemory _ = SharedMemory.create(NAME, MAXIMUM)) {
            assertThatThrownBy(() -> HeapFile.open(NAME, DEFAULTS)).isInstanceOf(IncompatibleBlockException.class)
                    .hasMessageContaining("MEMORY").hasMessageContaining("HEAP");
        }
        for (long size : new long[] {8, 1 << 20}) {
            try (SharedMemory _ = SharedMemory.create(NAME, size, DEFAULTS.withKind(BlockKind.HEAP))) {
                assertThatThrownBy(() -> HeapFile.open(NAME, DEFAULTS)).isInstanceOf(IncompatibleBlockException.class);
            }
        }
        try (HeapFile _ = create(MAXIMUM, 0)) {
            assertThatThrownBy(() -> SharedMemory.open(NAME)).isInstanceOf(IncompatibleBlockException.class)
                    .hasMessageContaining("MEMORY").hasMessageContaining("HEAP");
        }
    }

    @Test
    void aTruncatedOrDamagedHeapIsRefusedWithTheReason() throws IOException {
        HeapFile.create(NAME, MAXIMUM, 0, DEFAULTS.withLifetime(Lifetime.PERSISTENT)).close();
        try {
            for (long at : new long[] {HeapLayout.MAXIMUM_AT, HeapLayout.CONTEXTS_AT, HeapLayout.TABLE_AT,
                    HeapLayout.DATA_AT, HeapLayout.COMMITTED_AT}) {
                long good = overwrite(4096 + at, MAXIMUM + 4096);
                assertThatThrownBy(() -> HeapFile.open(NAME, DEFAULTS)).isInstanceOf(IncompatibleBlockException.class)
                        .hasMessageContaining("damaged").hasMessageContaining(Long.toString(MAXIMUM));
                overwrite(4096 + at, good);
            }
            long good = overwrite(4096 + HeapLayout.MAGIC_AT, HeapLayout.MAGIC + (1L << 56));
            assertThatThrownBy(() -> HeapFile.open(NAME, DEFAULTS)).isInstanceOf(IncompatibleBlockException.class)
                    .hasMessageContaining("version 4, this").hasMessageContaining("reads version 3");
            overwrite(4096 + HeapLayout.MAGIC_AT, HeapLayout.MAGIC - (1L << 56));
            assertThatThrownBy(() -> HeapFile.open(NAME, DEFAULTS)).isInstanceOf(IncompatibleBlockException.class)
                    .hasMessageContaining("version 2, this").hasMessageContaining("reads version 3");
            overwrite(4096 + HeapLayout.MAGIC_AT, HeapLayout.MAGIC + 1);
            assertThatThrownBy(() -> HeapFile.open(NAME, DEFAULTS)).isInstanceOf(IncompatibleBlockException.class)
                    .hasMessageContaining(Long.toHexString(HeapLayout.MAGIC))
                    .hasMessageContaining(Long.toHexString(HeapLayout.MAGIC + 1));
            overwrite(4096 + HeapLayout.MAGIC_AT, good);
            HeapFile.open(NAME, DEFAULTS).close();
            overwrite(4096 + HeapLayout.STAMP_AT, 0);
            try (HeapFile read = HeapFile.open(NAME, DEFAULTS.withReadOnly(true))) {
                assertThatThrownBy(() -> Heap.attach(read)).isInstanceOf(IncompatibleBlockException.class)
                        .hasMessageContaining("table of participants");
            }
            try (FileChannel channel = FileChannel.open(file(), StandardOpenOption.WRITE)) {
                channel.truncate(MAXIMUM);
            }
            assertThatThrownBy(() -> HeapFile.open(NAME, DEFAULTS)).isInstanceOf(IncompatibleBlockException.class)
                    .hasMessageContaining("claims " + MAXIMUM).hasMessageContaining("has " + MAXIMUM);
        } finally {
            Files.delete(file());
        }
    }

    @Test
    void aCopyWithHolesGetsItsMemoryBeforeItIsTouched() throws IOException {
        HeapFile.create(NAME, MAXIMUM, 0, DEFAULTS.withLifetime(Lifetime.PERSISTENT)).close();
        long dataAt = overwrite(4096 + HeapLayout.COMMITTED_AT, MAXIMUM / 2);
        try (HeapFile heap = HeapFile.open(NAME, DEFAULTS)) {
            assertThat(heap.reservedBytes()).isGreaterThanOrEqualTo(MAXIMUM / 2 - dataAt);
            heap.unlink();
        }
    }

    @Test
    void forReadingOnlyNothingCanBeStored() {
        try (HeapFile heap = create(MAXIMUM, 0);
                HeapFile reader = HeapFile.open(NAME, DEFAULTS.withReadOnly(true))) {
            heap.memory().set(JAVA_LONG, HeapLayout.ROOTS_AT, 7);
            assertThat(reader.memory().get(JAVA_LONG, HeapLayout.ROOTS_AT)).isEqualTo(7);
            assertThat(reader.memory().isReadOnly()).isTrue();
            assertThatThrownBy(() -> reader.memory().set(JAVA_BYTE, 0, (byte) 1))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void aClosedOneReservesNothing() {
        HeapFile heap = create(MAXIMUM, 0);
        heap.close();
        assertThatThrownBy(() -> heap.reserve(0, 4096)).isInstanceOf(IllegalStateException.class);
        assertThat(heap.reservedBytes()).isZero();
    }

    @Test
    void aForkedChildReservesThroughTheMappingOfItsParent() {
        try (HeapFile heap = create(MAXIMUM, 0);
                Fission fission = Fission.builder().children(1).warmUp(0).build()) {
            long before = heap.reservedBytes();
            List<Long> seen = fission.map(List.of(1), _ -> {
                heap.reserve(MAXIMUM - (1 << 20) + 1, (1 << 20) - 1);
                MemorySegment memory = heap.memory();
                memory.set(JAVA_LONG, MAXIMUM - 8, 42);
                return memory.get(JAVA_LONG, MAXIMUM - (1 << 20));
            });
            assertThat(seen).containsExactly(0L);
            assertThat(heap.reservedBytes() - before).isEqualTo(1 << 20);
            assertThat(heap.memory().get(JAVA_LONG, MAXIMUM - 8)).isEqualTo(42);
        }
    }
}
