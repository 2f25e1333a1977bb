package io.cleave.memory;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.cleave.AllocationException;
import io.cleave.IncompatibleBlockException;
import io.cleave.os.Unistd;
import io.cleave.testing.SmallDevice;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that bear a block's name and are none, or not this user's, or not whole. */
final class BlockDamageTest {
    private static final int NOBODY = 65534;
    private static final String NAME = "damage-test";

    private Path directory;
    private BlockDirectory blocks;
    private Path file;

    @BeforeEach
    void makeDirectory() throws IOException {
        directory = Files.createTempDirectory(Path.of("/dev/shm"), "cleave-test.damage.");
        blocks = new BlockDirectory(directory);
        file = directory.resolve("cleave." + NAME);
    }

    @AfterEach
    void removeDirectory() throws IOException {
        Files.deleteIfExists(file);
        Files.delete(directory);
    }

    private SharedMemory create(long byteSize) {
        return new SharedMemory(NAME, blocks.create(NAME, byteSize, MemoryOptions.defaults()));
    }

    private SharedMemory open() {
        return new SharedMemory(NAME, blocks.open(NAME, MemoryOptions.defaults()));
    }

    private BlockInfo info() {
        assertThat(blocks.list()).hasSize(1);
        return blocks.list().getFirst();
    }

    private void assertRefused(String... messageParts) {
        assertThatThrownBy(this::open).isInstanceOf(IncompatibleBlockException.class)
                .hasMessageContainingAll(messageParts);
        assertThatThrownBy(() -> blocks.openOrCreate(NAME, 100, MemoryOptions.defaults()))
                .isInstanceOf(IncompatibleBlockException.class);
        assertThatThrownBy(() -> create(100)).isInstanceOf(IncompatibleBlockException.class)
                .hasMessageContainingAll(messageParts);
    }

    private void poke(int at, byte[] bytes) {
        try (RandomAccessFile raw = new RandomAccessFile(file.toFile(), "rw")) {
            raw.seek(at);
            raw.write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void poke(long at, int value) {
        poke((int) at, ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array());
    }

    private void privateFile(byte[] content) throws IOException {
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.write(file, content);
    }

    @Test
    void aBlockIsPrivateToItsUser() throws IOException {
        try (SharedMemory block = create(100)) {
            assertThat(Files.getPosixFilePermissions(file)).isEqualTo(PosixFilePermissions.fromString("rw-------"));
            assertThat(Files.size(file)).isEqualTo(4096 + block.byteSize());
        }
    }

    @Test
    void anotherUsersBlockIsRefusedAndLeftAlone() throws IOException {
        assumeTrue(Unistd.geteuid() == 0, "only root can give files away");
        SharedMemory block = create(100);
        Files.setAttribute(file, "unix:uid", NOBODY);
        assertRefused("user " + NOBODY);
        assertThat(info().state()).isEqualTo(BlockInfo.State.FOREIGN);
        assertThat(info().note()).contains("user " + NOBODY);
        assertThat(blocks.cleanup(false).skipped()).containsExactly(NAME);
        block.close();
    }

    @Test
    void aFileThatOthersMayAccessIsRefusedAndLeftAlone() throws IOException {
        privateFile(new byte[5000]);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        assertRefused("644");
        assertThat(info().state()).isEqualTo(BlockInfo.State.FOREIGN);
        assertThat(blocks.cleanup(false).skipped()).containsExactly(NAME);
    }

    @ParameterizedTest
    @ValueSource(strings = {"link", "directory", "pipe"})
    void whatIsNoRegularFileIsRefusedAndLeftAlone(String what) throws Exception {
        switch (what) {
            case "link" -> Files.createSymbolicLink(file, Path.of("/dev/zero"));
            case "directory" -> Files.createDirectory(file);
            default -> assertThat(new ProcessBuilder("mkfifo", file.toString()).start().waitFor()).isZero();
        }
        assertRefused("regular file");
        assertThat(info().state()).isEqualTo(BlockInfo.State.FOREIGN);
        assertThat(blocks.cleanup(false).skipped()).containsExactly(NAME);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 7})
    void ofABlockThatIsCutToNothingNoProofIsLeft(int fileBytes) throws IOException {
        try (SharedMemory block = create(100)) {
            cut(fileBytes);
            assertRefused("" + fileBytes, "by hand");
            assertThat(info()).returns(BlockInfo.State.FOREIGN, BlockInfo::state).returns(1, BlockInfo::attached);
            assertThat(blocks.cleanup(false).skipped()).containsExactly(NAME);
            assertThat(block.byteSize()).isEqualTo(100);
        }
        assertThat(file).as("who has made it knows that it is his").doesNotExist();
    }

    private void cut(long fileBytes) throws IOException {
        try (RandomAccessFile raw = new RandomAccessFile(file.toFile(), "rw")) {
            raw.setLength(fileBytes);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 67, 68, 4095, 4096, 4195, 4197, 9000})
    void aFileOfAnotherSizeThanItsHeaderSaysIsRefused(int fileBytes) throws IOException {
        try (SharedMemory block = create(100)) {
            cut(fileBytes);
            assertRefused("" + fileBytes);
            assertThat(info().state()).isEqualTo(BlockInfo.State.DAMAGED);
            assertThat(info().attached()).isEqualTo(1);
            assertThat(blocks.cleanup(false).skipped()).as("somebody is attached").containsExactly(NAME);
            assertThat(block.byteSize()).isEqualTo(100);
        }
        assertThat(file).doesNotExist();
    }

    @Test
    void anotherVersionIsRefusedWithBothVersionsAndLeftAlone() {
        SharedMemory block = create(100);
        poke(BlockLayout.VERSION_AT, 7);
        assertRefused("version 7", "version 1");
        assertThat(info().state()).isEqualTo(BlockInfo.State.FOREIGN);
        assertThat(blocks.cleanup(false).skipped()).containsExactly(NAME);
        block.close();
    }

    @Test
    void anotherKindIsRefusedWithBothKindsAndListedWithItsNumber() {
        try (SharedMemory block = create(100)) {
            poke(BlockLayout.KIND_AT, 99);
            assertThatThrownBy(this::open).isInstanceOf(IncompatibleBlockException.class)
                    .hasMessageContainingAll("99", "MEMORY");
            assertThat(info().kind()).isEqualTo(BlockKind.UNKNOWN);
            assertThat(info().note()).contains("99");
            assertThat(info().state()).isEqualTo(BlockInfo.State.LIVE);
            assertThat(block.byteSize()).isEqualTo(100);
        }
    }

    @Test
    void anUnfinishedHeaderIsRefused() {
        try (SharedMemory block = create(100)) {
            poke(BlockLayout.READY_AT, 0);
            assertRefused("never finished");
            assertThat(block.byteSize()).isEqualTo(100);
        }
    }

    @Test
    void aDamagedBlockThatNobodyIsAttachedToIsSwept() throws IOException {
        byte[] garbage = new byte[5000];
        new Random(1).nextBytes(garbage);
        ByteBuffer.wrap(garbage).order(ByteOrder.LITTLE_ENDIAN).putLong(0, BlockLayout.MAGIC).putInt(8, 1);
        privateFile(garbage);
        assertRefused("Cleanup");
        assertThat(info().state()).isEqualTo(BlockInfo.State.DAMAGED);
        assertThat(info().byteSize()).isEqualTo(5000);
        create("other").close();
        assertThat(file).as("only who asks for it has it removed").exists();
        assertThat(blocks.cleanup(true).cleaned()).containsExactly(NAME);
        assertThat(blocks.cleanup(false).cleaned()).containsExactly(NAME);
        assertThat(file).doesNotExist();
    }

    private Attachment create(String name) {
        return blocks.create(name, 100, MemoryOptions.defaults());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "pool:\n  workers: 4\n", "long"})
    void aUsersOwnFileWithABlocksNameIsNeverRemovedNorOpenedForWriting(String text) throws IOException {
        privateFile(text.equals("long") ? "notes ".repeat(2000).getBytes(UTF_8) : text.getBytes(UTF_8));
        byte[] content = Files.readAllBytes(file);
        try (WatchService watch = directory.getFileSystem().newWatchService()) {
            directory.register(watch, StandardWatchEventKinds.ENTRY_MODIFY, StandardWatchEventKinds.ENTRY_DELETE);
            assertThat(info().state()).isEqualTo(BlockInfo.State.FOREIGN);
            assertThat(blocks.cleanup(true).skipped()).containsExactly(NAME);
            assertThat(blocks.cleanup(false).skipped()).containsExactly(NAME);
            for (int i = 0; i < 10; i++) {
                create("other").close();
            }
            assertThat(eventsOf(watch, NAME)).isEmpty();
        }
        assertRefused("magic", "by hand");
        assertThat(file).hasBinaryContent(content);
    }

    private static List<Path> eventsOf(WatchService watch, String name) {
        WatchKey key = watch.poll();
        return key == null ? List.of() : key.pollEvents().stream().map(event -> (Path) event.context())
                .filter(path -> path.toString().endsWith(name)).toList();
    }

    @Test
    void aBlockThatIsMadePersistentWhileItIsSweptStays() throws IOException {
        create(100).close();
        SharedMemory block = new SharedMemory(NAME, blocks.create(NAME, 100,
                MemoryOptions.defaults().withLifetime(Lifetime.PERSISTENT)));
        poke(BlockLayout.LIFETIME_AT, Lifetime.ATTACHED.number());
        try (BlockFile sweeper = BlockFile.existing(file.toString(), BlockAccess.OWN)) {
            assertThat(sweeper.usableHeader().isPersistent()).isFalse();
            poke(BlockLayout.LIFETIME_AT, Lifetime.PERSISTENT.number());
            block.close();
            assertThat(sweeper.removeIfUnused()).isFalse();
        }
        assertThat(file).exists();
    }

    @Test
    void otherFilesOfTheDirectoryAreNotLookedAt() throws IOException {
        Path other = Files.createFile(directory.resolve("cleaver.txt"));
        Path impossible = Files.createFile(directory.resolve("cleave.no block's name"));
        assertThat(blocks.list()).isEmpty();
        assertThat(blocks.cleanup(false)).isEqualTo(blocks.cleanup(true));
        Files.delete(other);
        Files.delete(impossible);
    }

    @Test
    void whateverIsInAHeaderItIsReadOrRefusedAndNothingBreaks() {
        Random random = new Random(20_25);
        byte[] header = new byte[BlockLayout.FIELD_BYTES];
        int refused = 0;
        for (int i = 0; i < 2000; i++) {
            try (SharedMemory block = create(100)) {
                MemorySegment.copy(headerOf(block), JAVA_BYTE, 0,
                        header, 0, header.length);
                mutate(header, random);
                poke(0, header);
                assertThat(info().name()).isEqualTo(NAME);
                refused += tryToOpen(block) ? 0 : 1;
            }
            assertThat(file).doesNotExist();
        }
        assertThat(refused).isBetween(500, 1999);
    }

    private static MemorySegment headerOf(SharedMemory block) {
        return MemorySegment.ofAddress(block.segment().address() - BlockLayout.HEADER_BYTES)
                .reinterpret(BlockLayout.HEADER_BYTES);
    }

    private static void mutate(byte[] header, Random random) {
        int changes = 1 + random.nextInt(3);
        for (int i = 0; i < changes; i++) {
            header[random.nextInt(header.length)] = switch (random.nextInt(4)) {
                case 0 -> 0;
                case 1 -> (byte) 0xff;
                case 2 -> (byte) 0x80;
                default -> (byte) random.nextInt();
            };
        }
    }

    private boolean tryToOpen(SharedMemory block) {
        try (SharedMemory other = open()) {
            other.segment().set(JAVA_LONG, 0, 42);
            return other.byteSize() == 100 && block.segment().get(JAVA_LONG, 0) == 42;
        } catch (IncompatibleBlockException e) {
            return false;
        }
    }

    @Test
    void aFullDeviceIsAnErrorAndNeverACrash() throws Exception {
        try (SmallDevice _ = SmallDevice.at(directory)) {
            assertThatThrownBy(() -> create(2 << 20)).isInstanceOf(AllocationException.class)
                    .hasMessageContainingAll("2,101,248 bytes", "1,048,576 bytes", directory.toString(), "CLEAVE_DIR");
            assertThat(directory).isEmptyDirectory();
            try (SharedMemory block = create(500_000)) {
                assertThatThrownBy(() -> open(blocks, "second")).isInstanceOf(AllocationException.class);
                fillUp();
                block.segment().fill((byte) 1); // all its pages are there, or this is the end of the JVM
                assertThatThrownBy(() -> open(blocks, "third")).isInstanceOf(AllocationException.class);
                assertThat(blocks.list()).extracting(BlockInfo::name).containsExactly(NAME);
                Files.delete(directory.resolve("filler"));
            }
            assertThat(directory).isEmptyDirectory();
        }
    }

    private static void open(BlockDirectory blocks, String name) {
        blocks.openOrCreate(name, 600_000, MemoryOptions.defaults()).close();
    }

    private void fillUp() throws IOException {
        try (var out = Files.newOutputStream(directory.resolve("filler"))) {
            while (true) {
                out.write(new byte[1024]);
            }
        } catch (IOException full) {
            assertThat(full).hasMessageContaining("space");
        }
    }
}
