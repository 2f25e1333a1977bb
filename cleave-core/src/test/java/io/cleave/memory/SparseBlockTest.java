package io.cleave.memory;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.cleave.os.Fcntl;
import io.cleave.os.Mman;
import io.cleave.os.Unistd;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Blocks that get their memory part by part. */
final class SparseBlockTest {
    private static final String NAME = "sparse-test";
    private static final MemoryOptions OPTIONS = MemoryOptions.defaults().withKind(BlockKind.HEAP);
    private static final long BYTES = 64 << 20;
    private static final long FIRST_BYTES = 3 << 20;
    private static final long ALL_BYTES = 16 << 20;

    private Path directory;
    private BlockDirectory blocks;

    @BeforeEach
    void makeDirectory() throws IOException {
        directory = Files.createTempDirectory(Path.of("/dev/shm"), "cleave-test.sparse.");
        blocks = new BlockDirectory(directory);
    }

    @AfterEach
    void removeDirectory() throws IOException {
        Files.delete(directory);
    }

    @Test
    void whatIsThereKeepsItsContentWhenItComesToLieInHugePages() {
        try (SparseBlock block = blocks.createSparse(NAME, BYTES, OPTIONS, _ -> {});
                SparseBlock other = blocks.openSparse(NAME, OPTIONS)) {
            block.reserve(0, FIRST_BYTES);
            for (long at = 0; at < FIRST_BYTES; at += Long.BYTES) {
                block.segment().set(JAVA_LONG, at, at);
            }
            block.reserve(0, ALL_BYTES);
            block.unite(0, ALL_BYTES);
            for (SparseBlock each : new SparseBlock[] {block, other}) {
                for (long at = 0; at < ALL_BYTES; at += Long.BYTES) {
                    long expected = at < FIRST_BYTES ? at : 0;
                    if (each.segment().get(JAVA_LONG, at) != expected) {
                        assertThat(each.segment().get(JAVA_LONG, at)).as("at " + at).isEqualTo(expected);
                    }
                }
            }
            assertThat(block.reservedBytes()).isEqualTo(BlockLayout.HEADER_BYTES + ALL_BYTES);
        }
    }

    @Test
    void aPartThatFillsHugePagesLiesInThemForAllWhoHaveItOpen() {
        assumeTrue(hasHugePages(), "the kernel puts no files into huge pages on demand");
        try (SparseBlock block = blocks.createSparse(NAME, BYTES, OPTIONS, _ -> {});
                SparseBlock other = blocks.openSparse(NAME, OPTIONS)) {
            block.reserve(0, ALL_BYTES);
            block.unite(0, ALL_BYTES);
            for (SparseBlock each : new SparseBlock[] {block, other}) {
                for (long at = 0; at < ALL_BYTES; at += 4096) {
                    each.segment().set(JAVA_LONG, at, at);
                }
                assertThat(each.attachment().hugePageBytes()).isPositive();
            }
        }
    }

    /** Tries it with a file of this test's own. */
    private static boolean hasHugePages() {
        long page = HugePages.byteSize();
        int fd = page > 0 ? Mman.memfd_create("cleave-test", Mman.MFD_CLOEXEC) : -1;
        if (fd < 0) {
            return false;
        }
        try {
            if (Fcntl.fallocate(fd, 0, 0, page) < 0) {
                return false;
            }
            long address = Mman.checked(Mman.mmapAligned(page, page, Mman.PROT_READ | Mman.PROT_WRITE,
                    Mman.MAP_SHARED, fd), page);
            boolean isDone = HugePages.collapse(mapped(address, page));
            Mman.munmap(address, page);
            return isDone;
        } finally {
            Unistd.close(fd);
        }
    }

    @SuppressWarnings("restricted") // the test unmaps it itself
    private static MemorySegment mapped(long address, long bytes) {
        return MemorySegment.ofAddress(address).reinterpret(bytes);
    }
}
