package io.cleave.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.AlreadyExistsException;
import io.cleave.BlockNotFoundException;
import io.cleave.CleaveException;
import io.cleave.memory.BlockFile.Attempt;
import io.cleave.os.Fcntl;
import io.cleave.os.Unistd;
import io.cleave.testing.Delays;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** The moments of the protocol that processes rarely meet at, one by one. */
final class BlockFileTest {
    private static final String NAME = "file-test";
    private static final Path PATH = Path.of(Objects.requireNonNullElse(System.getenv("CLEAVE_DIR"), "/dev/shm"),
            "cleave." + NAME);
    private static final long NAME_BYTE = 1;

    private static BlockFile file() {
        return Objects.requireNonNull(BlockFile.existing(PATH.toString(), BlockAccess.OWN));
    }

    @Test
    void anOpenerWhoseBlockIsRemovedBeforeItHasTheLockIsNotAttached() {
        SharedMemory last = SharedMemory.create(NAME, 8);
        try (BlockFile opener = file()) {
            assertThat(opener.tryAttach(opener.usableHeader(), header -> last.close())).isEqualTo(Attempt.GONE);
        }
        assertThat(PATH).doesNotExist();
    }

    /** At its end the JVM looks into the memory of locks, while other threads still run and close their handles. */
    @Test
    void whoLooksForAMappingFindsItWholeOrNotAtAll() throws InterruptedException {
        Attachment block = BlockDirectory.standard().create(NAME, 8, MemoryOptions.defaults());
        Thread closer;
        synchronized (block.hold()) {
            closer = Thread.ofPlatform().start(block::close);
            assertThat(Delays.within(Delays.PATIENCE, () -> closer.getState() == Thread.State.BLOCKED)).isTrue();
            assertThat(block.userSegment().scope().isAlive()).isTrue();
        }
        closer.join();
        assertThat(block.userSegment().scope().isAlive()).isFalse();
        assertThat(PATH).doesNotExist();
    }

    @Test
    void anOpenerWhoseBlockIsReplacedBeforeItHasTheLockLeavesTheNewOneAlone() {
        SharedMemory last = SharedMemory.create(NAME, 8);
        SharedMemory[] successor = new SharedMemory[1];
        try (BlockFile opener = file()) {
            assertThat(opener.tryAttach(opener.usableHeader(), header -> {
                last.close();
                successor[0] = SharedMemory.create(NAME, 8);
            })).isEqualTo(Attempt.GONE);
        }
        try (SharedMemory block = successor[0]) {
            assertThat(PATH).exists();
            assertThat(block.byteSize()).isEqualTo(8);
        }
        assertThat(PATH).doesNotExist();
    }

    @Test
    void anOpenerThatGivesUpIsTheLastOneOutWhereTheCloserCountedOnIt() {
        SharedMemory creator = SharedMemory.create(NAME, 8);
        try (BlockFile opener = file()) {
            BlockHeader header = opener.usableHeader();
            assertThat(opener.tryAttach(header, any -> assertThat(any).isEqualTo(header))).isEqualTo(Attempt.ATTACHED);
            creator.close();
            assertThat(PATH).exists();
            opener.leave(header.isPersistent());
        }
        assertThat(PATH).doesNotExist();
    }

    @Test
    void ofTwoClosersTheSecondRemovesTheNameHoweverTheirStepsMix() {
        SharedMemory creator = SharedMemory.create(NAME, 8);
        try (BlockFile one = file(); BlockFile other = file()) {
            BlockHeader header = one.usableHeader();
            one.tryAttach(header, any -> assertThat(any).isNotNull());
            other.tryAttach(header, any -> assertThat(any).isNotNull());
            creator.close();
            one.leave(false);
            assertThat(PATH).exists();
            other.leave(false);
            assertThat(PATH).doesNotExist();
        }
    }

    @Test
    void whileOneRemovesTheNameNobodyElseDoes() {
        SharedMemory block = SharedMemory.create(NAME, 8);
        int fd = Fcntl.open(PATH.toString(), Fcntl.O_RDWR, 0);
        assertThat(Fcntl.setLock(fd, Fcntl.F_WRLCK, NAME_BYTE, 1)).isZero();
        CompletableFuture<Void> unlink = CompletableFuture.runAsync(block::unlink);
        Delays.pause(Delays.SHORT);
        assertThat(PATH).exists();
        assertThat(unlink).isNotDone();
        Unistd.close(fd);
        unlink.join();
        assertThat(PATH).doesNotExist();
        block.close();
    }

    @Test
    void whileARemovalIsUnderWayOthersWaitForItsEnd() throws Exception {
        leaveOrphan();
        int fd = Fcntl.open(PATH.toString(), Fcntl.O_RDWR, 0);
        assertThat(Fcntl.setLock(fd, Fcntl.F_WRLCK, BlockFile.ATTACHED_BYTE, 1)).isZero();
        CompletableFuture<SharedMemory> opener = CompletableFuture.supplyAsync(() -> SharedMemory.open(NAME));
        CompletableFuture<SharedMemory> creator = CompletableFuture.supplyAsync(() -> SharedMemory.create(NAME, 100));
        Delays.pause(Delays.SHORT);
        assertThat(opener).isNotDone();
        assertThat(creator).isNotDone();
        assertThat(Cleanup.run().cleaned()).doesNotContain(NAME);
        Files.delete(PATH);
        Unistd.close(fd);
        try (SharedMemory created = creator.join()) {
            assertThat(created.byteSize()).isEqualTo(100);
            assertThat(opener.handle((found, refusal) -> {
                if (found != null) {
                    found.close();
                }
                return found != null || refusal.getCause() instanceof BlockNotFoundException;
            }).join()).as("it came before or after the creator").isTrue();
        }
    }

    private static void leaveOrphan() throws Exception {
        Path copy = PATH.resolveSibling("copy");
        try (SharedMemory block = SharedMemory.create(NAME, 8)) {
            Files.copy(PATH, copy, StandardCopyOption.COPY_ATTRIBUTES);
            assertThat(block.byteSize()).isEqualTo(8);
        }
        Files.move(copy, PATH);
    }

    /** Somebody holds an object at first; later nobody can tell. */
    private static final class Unsure implements Holders {
        private boolean fails;

        @Override
        public long byteSize() {
            return Long.BYTES;
        }

        @Override
        public boolean isHeld(MemorySegment content) {
            return true;
        }

        @Override
        public boolean isHeldBy(MemorySegment content, long process) {
            if (fails) {
                throw new CleaveException("the system refuses it");
            }
            return true;
        }

        @Override
        public boolean seal(MemorySegment content) {
            return false;
        }
    }

    @Test
    void aBlockThatCannotBeGivenUpKeepsNoOtherFromBeingMade() {
        Unsure holders = new Unsure();
        Hold spared = new Hold(BlockFile.anonymous(), false, holders);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment content = arena.allocate(2 * BlockLayout.HEADER_BYTES);
            spared.unmapsInTheEnd(content);
            spared.run();
            holders.fails = true;
            try {
                SharedMemory.create(NAME, 8).close();
            } finally {
                spared.isUnmapped(content.address());
                spared.run();
            }
        }
        assertThat(PATH).doesNotExist();
    }

    @Test
    void whoLeavesAClosedFileLeavesAllOthersAlone() {
        BlockFile file = BlockFile.anonymous();
        file.close();
        assertThatNoException().isThrownBy(() -> file.leave(false));
    }

    @Test
    void aCloserThatMeetsARemoverLeavesTheRestToIt() {
        SharedMemory block = SharedMemory.create(NAME, 8);
        try (BlockFile sweeper = file()) {
            assertThat(sweeper.removeIfUnused()).as("somebody is attached").isFalse();
            assertThatThrownBy(() -> SharedMemory.create(NAME, 8)).isInstanceOf(AlreadyExistsException.class);
            block.close();
            assertThat(sweeper.removeIfUnused()).as("nobody is, and nothing bears the name").isTrue();
        }
    }
}
