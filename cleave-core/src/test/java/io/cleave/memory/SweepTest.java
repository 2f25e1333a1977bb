package io.cleave.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.os.Fcntl;
import io.cleave.os.Unistd;
import io.cleave.testing.Delays;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What becomes of orphans when blocks are made. */
final class SweepTest {
    private Path directory;
    private BlockDirectory blocks;

    @BeforeEach
    void makeDirectory() throws IOException {
        directory = Files.createTempDirectory(Path.of("/dev/shm"), "cleave-test.sweep.");
        blocks = new BlockDirectory(directory);
    }

    @AfterEach
    void removeDirectory() throws IOException {
        for (Path file : files()) {
            Files.delete(file);
        }
        Files.delete(directory);
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.toList();
        }
    }

    private Attachment create(String name, Lifetime lifetime) {
        return blocks.create(name, 100, MemoryOptions.defaults().withLifetime(lifetime));
    }

    /** A copy of a block is a whole block that nobody is attached to. */
    private void leaveOrphans(int count) throws IOException {
        Attachment block = create("original", Lifetime.ATTACHED);
        for (int i = 0; i < count; i++) {
            Files.copy(directory.resolve("cleave.original"), directory.resolve("cleave.orphan" + i),
                    StandardCopyOption.COPY_ATTRIBUTES);
        }
        block.close();
    }

    private boolean isSweptBySome(BlockDirectory maker) {
        maker.create("next", 100, MemoryOptions.defaults()).close();
        try {
            return files().isEmpty();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void makingBlocksRemovesAllOrphansInTheEnd() throws IOException {
        leaveOrphans(700); // more than one part of the directory
        assertThat(Delays.within(Delays.PATIENCE, () -> isSweptBySome(blocks))).isTrue();
    }

    @Test
    void oneStepLooksAtFewFiles() throws IOException {
        leaveOrphans(200);
        BlockDirectory fresh = new BlockDirectory(directory);
        fresh.create("next", 100, MemoryOptions.defaults()).close();
        assertThat(files()).hasSizeBetween(200 - 32, 199);
    }

    @Test
    void makersOfASingleBlockEachRemoveAllOrphansInTheEnd() throws IOException {
        leaveOrphans(700);
        assertThat(Delays.within(Delays.PATIENCE, () -> isSweptBySome(new BlockDirectory(directory)))).isTrue();
    }

    @Test
    void blocksThatAreHeldOrPersistentStay() throws IOException {
        List<Attachment> held = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            held.add(create("held" + i, Lifetime.ATTACHED));
            create("kept" + i, Lifetime.PERSISTENT).close();
        }
        for (int i = 0; i < 20; i++) {
            new BlockDirectory(directory).create("next", 100, MemoryOptions.defaults()).close();
        }
        assertThat(files()).hasSize(40);
        held.forEach(Attachment::close);
        assertThat(files()).hasSize(20);
    }

    @Test
    void anOrphanThatSomebodyElseIsRemovingIsLeftToHim() throws IOException {
        leaveOrphans(1);
        int fd = Fcntl.open(directory.resolve("cleave.orphan0").toString(), Fcntl.O_RDWR, 0);
        assertThat(Fcntl.setLock(fd, Fcntl.F_WRLCK, BlockFile.ATTACHED_BYTE, 1)).isZero();
        for (int i = 0; i < 5; i++) {
            new BlockDirectory(directory).create("next", 100, MemoryOptions.defaults()).close();
        }
        assertThat(files()).hasSize(1);
        Unistd.close(fd);
        assertThat(Delays.within(Delays.PATIENCE, () -> isSweptBySome(new BlockDirectory(directory)))).isTrue();
    }
}
