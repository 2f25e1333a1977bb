package io.cleave.memory;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.cleave.BlockNotFoundException;
import io.cleave.CleaveException;
import io.cleave.IncompatibleBlockException;
import io.cleave.os.Unistd;
import io.cleave.testing.SmallDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What options change. */
final class MemoryOptionsTest {
    private static final int NOBODY = 65534;
    private static final String NAME = "options-test";
    private static final MemoryOptions DEFAULTS = MemoryOptions.defaults();
    private static final MemoryOptions GROUP = DEFAULTS.withGroupAccess(true);

    private Path directory;
    private BlockDirectory blocks;
    private Path file;

    @BeforeEach
    void makeDirectory() throws IOException {
        directory = Files.createTempDirectory(Path.of("/dev/shm"), "cleave-test.options.");
        blocks = new BlockDirectory(directory);
        file = directory.resolve("cleave." + NAME);
    }

    @AfterEach
    void removeDirectory() throws IOException {
        Files.deleteIfExists(file);
        Files.delete(directory);
    }

    private SharedMemory create(MemoryOptions options) {
        return new SharedMemory(NAME, blocks.create(NAME, 100, options));
    }

    private SharedMemory open(MemoryOptions options) {
        return new SharedMemory(NAME, blocks.open(NAME, options));
    }

    @Test
    void aReadOnlyHandleSeesWhatOthersWriteAndCannotWrite() {
        try (SharedMemory writer = create(DEFAULTS); SharedMemory reader = open(DEFAULTS.withReadOnly(true))) {
            writer.segment().set(JAVA_BYTE, 42, (byte) 7);
            assertThat(reader.segment().get(JAVA_BYTE, 42)).isEqualTo((byte) 7);
            assertThat(reader.segment().isReadOnly()).isTrue();
            assertThatThrownBy(() -> reader.segment().set(JAVA_BYTE, 42, (byte) 8))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(file).doesNotExist();
    }

    @Test
    void aReadOnlyHandleCountsAsAttachedAndRemovesTheBlockAsTheLast() {
        SharedMemory writer = create(DEFAULTS);
        SharedMemory reader = open(DEFAULTS.withReadOnly(true));
        writer.close();
        assertThat(file).exists();
        assertThat(reader.segment().get(JAVA_BYTE, 99)).isZero();
        reader.close();
        assertThat(file).doesNotExist();
    }

    @Test
    void aNewBlockIsNotForReadingOnly() {
        MemoryOptions readOnly = DEFAULTS.withReadOnly(true);
        assertThatIllegalArgumentException().isThrownBy(() -> create(readOnly)).withMessageContaining("withReadOnly");
        assertThatIllegalArgumentException().isThrownBy(() -> SharedMemory.anonymous(8, readOnly));
        assertThatIllegalArgumentException().isThrownBy(() -> SharedMemory.openOrCreate(NAME, 8, readOnly));
        assertThat(file).doesNotExist();
    }

    @Test
    void aBlockForTheGroupIsOneForWhoSaysSo() throws IOException {
        try (SharedMemory block = create(GROUP); SharedMemory other = open(GROUP)) {
            assertThat(Files.getPosixFilePermissions(file)).isEqualTo(PosixFilePermissions.fromString("rw-rw----"));
            assertThatThrownBy(() -> open(DEFAULTS)).isInstanceOf(IncompatibleBlockException.class)
                    .hasMessageContainingAll("660", "withGroupAccess");
            block.segment().set(JAVA_BYTE, 0, (byte) 1);
            assertThat(other.segment().get(JAVA_BYTE, 0)).isEqualTo((byte) 1);
            assertThat(blocks.list()).singleElement().returns(BlockInfo.State.LIVE, BlockInfo::state);
        }
        assertThat(file).doesNotExist();
    }

    @Test
    void anOrphanForTheGroupIsAnOrphanForWhoDoesNotSaySo() throws IOException {
        Path copy = directory.resolve("copy");
        try (SharedMemory block = create(GROUP)) {
            Files.copy(file, copy, StandardCopyOption.COPY_ATTRIBUTES);
            assertThat(block.byteSize()).isEqualTo(100);
        }
        Files.move(copy, file); // a whole block that nobody is attached to
        assertThatThrownBy(() -> open(DEFAULTS)).isInstanceOf(BlockNotFoundException.class);
        assertThat(file).doesNotExist();
    }

    @Test
    void anotherUsersBlockIsOpenedOnlyWithTheOptionAndNeverSwept() throws IOException {
        assumeTrue(Unistd.geteuid() == 0, "only root can give files away");
        SharedMemory block = create(GROUP);
        Files.setAttribute(file, "unix:uid", NOBODY);
        assertThatThrownBy(() -> open(DEFAULTS)).isInstanceOf(IncompatibleBlockException.class)
                .hasMessageContainingAll("user " + NOBODY, "withGroupAccess");
        open(GROUP).close();
        assertThat(blocks.list()).singleElement().returns(BlockInfo.State.FOREIGN, BlockInfo::state);
        assertThat(blocks.cleanup(false).skipped()).containsExactly(NAME);
        block.close();
    }

    @Test
    void whatEverybodyMayAccessIsNoBlockWithTheOptionEither() throws IOException {
        try (SharedMemory block = create(GROUP)) {
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-r--"));
            assertThatThrownBy(() -> open(GROUP)).isInstanceOf(IncompatibleBlockException.class)
                    .hasMessageContaining("664");
            assertThat(block.byteSize()).isEqualTo(100);
        }
    }

    @Test
    void aKindIsForItsOwn() {
        MemoryOptions event = DEFAULTS.withKind(BlockKind.EVENT);
        try (SharedMemory block = create(event); SharedMemory other = open(event)) {
            assertThat(other.byteSize()).isEqualTo(block.byteSize());
            assertThatThrownBy(() -> open(DEFAULTS)).isInstanceOf(IncompatibleBlockException.class)
                    .hasMessageContainingAll("EVENT", "MEMORY");
        }
        assertThatIllegalArgumentException().isThrownBy(() -> DEFAULTS.withKind(BlockKind.UNKNOWN));
    }

    @ParameterizedTest
    @EnumSource(names = {"MUTEX", "READ_WRITE_LOCK", "SEMAPHORE"})
    void aBlockTooSmallForTheLockOfItsKindIsHeldByNobody(BlockKind kind) throws IOException {
        Path copy = directory.resolve("copy");
        blocks.create(NAME, 1, DEFAULTS.withKind(kind)).close();
        assertThat(file).doesNotExist();
        Attachment block = blocks.create(NAME, 1, DEFAULTS.withKind(kind));
        Files.copy(file, copy, StandardCopyOption.COPY_ATTRIBUTES);
        block.close();
        Files.move(copy, file); // a whole block that nobody is attached to
        assertThat(blocks.list()).singleElement().returns(BlockInfo.State.ORPHAN, BlockInfo::state)
                .returns("", BlockInfo::note);
        assertThat(blocks.cleanup(false).cleaned()).containsExactly(NAME);
    }

    @Test
    void aBlockOfHugePagesMayTakeMostOfWhatIsFree() {
        try (SmallDevice _ = SmallDevice.at(directory)) {
            blocks.create(NAME, 700_000, DEFAULTS.withHugePages(true)).close();
            assertThat(directory).isEmptyDirectory();
        }
    }

    @Test
    void whereThereAreNoHugePagesABlockIsMadeOfSmallOnes() {
        MemoryOptions huge = DEFAULTS.withHugePages(true);
        long size = (5L << 20) + 7;
        try (SharedMemory named = new SharedMemory(NAME, blocks.create(NAME, size, huge));
                SharedMemory again = open(huge);
                SharedMemory anonymous = SharedMemory.anonymous(size, huge)) {
            for (SharedMemory block : new SharedMemory[] {named, again, anonymous}) {
                assertThat(block.segment().byteSize()).isEqualTo(size);
                assertThat(block.hugePageBytes()).isBetween(0L, size + (2L << 20) + 4096);
                block.segment().fill((byte) 3);
                assertThat(block.segment().get(JAVA_BYTE, size - 1)).isEqualTo((byte) 3);
            }
        }
        assertThat(file).doesNotExist();
    }

    @Test
    void aClosedHandleStillSaysWhichBlockItWas() throws CleaveException {
        SharedMemory block = create(DEFAULTS);
        block.close();
        assertThat(block.toString()).contains(NAME, "100");
        assertThat(block.hugePageBytes()).isZero();
    }
}
