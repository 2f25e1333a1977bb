package io.cleave.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.CleaveException;
import io.cleave.IncompatibleBlockException;
import io.cleave.memory.SharedMemory;
import io.cleave.os.Fcntl;
import io.cleave.os.ProcessIdentity;
import io.cleave.os.Unistd;
import io.cleave.owner.ParticipantsLayout;
import io.cleave.testing.ChildJvm;
import io.cleave.testing.Delays;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who is known to whom, and what is done where the table of participants is another, or gone, or full. */
@SuppressWarnings("LockNotBeforeTry")
final class ParticipantsTest {
    private static final long STAMP = 0x1234_5678_9abc_def1L;

    @TempDir
    Path directory;

    private ChildJvm start(Path cleaveDirectory, String... arguments) {
        return ChildJvm.start(Map.of("CLEAVE_DIR", cleaveDirectory.toString()), List.of(), ParticipantsMain.class,
                arguments);
    }

    private Path table(Path cleaveDirectory) {
        return cleaveDirectory.resolve("cleave-participants.v3." + Unistd.geteuid());
    }

    @Test
    void aFreshObjectIsStampedOnceAndAnothersStampIsRefused() {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment memory = arena.allocate(SharedMutex.BYTES, 8);
            SharedMutex mutex = SharedMutex.at(memory);
            long stamp = memory.get(ValueLayout.JAVA_LONG, MutexLayout.STAMP_AT);
            assertThat(stamp).isNotZero();
            mutex.lock();
            assertThat(SharedMutex.at(memory).isHeldByCurrentThread()).isTrue();
            assertThat(memory.get(ValueLayout.JAVA_LONG, MutexLayout.STAMP_AT)).isEqualTo(stamp);
            memory.set(ValueLayout.JAVA_LONG, MutexLayout.STAMP_AT, STAMP);
            assertThatThrownBy(() -> SharedMutex.at(memory)).isInstanceOf(IncompatibleBlockException.class)
                    .hasMessageContaining("SharedMutex").hasMessageContaining(Long.toHexString(STAMP))
                    .hasMessageContaining(Long.toHexString(stamp)).hasMessageContaining("CLEAVE_DIR");
            mutex.unlock();
        }
    }

    @Test
    void anOwnerIsNotDeclaredDeadByOneWhoLooksIntoAnotherTable() throws Exception {
        Path file = directory.resolve("lock");
        SharedMutex mutex = SharedMutex.at(ParticipantsMain.map(file));
        mutex.lock();
        Path other = Files.createDirectory(directory.resolve("other"));
        try (ChildJvm child = start(other, "attach", file.toString())) {
            assertThat(child.awaitLine("refused")).contains("IncompatibleBlockException").contains(other.toString())
                    .doesNotContain("process " + ProcessHandle.current().pid());
        }
        assertThat(mutex.isHeldByCurrentThread()).isTrue();
        mutex.unlock();
    }

    @Test
    void aProcessWhoseTableWasRemovedMakesNoNewObjectsAndOthersDoNotTakeItForDead() throws Exception {
        Path own = Files.createDirectory(directory.resolve("own"));
        Path file = directory.resolve("lock");
        try (ChildJvm first = start(own, "attach", file.toString())) {
            assertThat(first.awaitLine("attached")).endsWith("tryLock true");
            assertThat(first.awaitExit()).isZero();
        }
        Files.delete(table(own));
        try (ChildJvm second = start(own, "attach", file.toString())) {
            assertThat(second.awaitLine("refused")).contains("IncompatibleBlockException").contains("removed");
        }
    }

    @Test
    void aProcessWhoseTableHasNoNameStampsNothingMore() throws Exception {
        Path own = Files.createDirectory(directory.resolve("own"));
        try (ChildJvm child = start(own, "nameless", table(own).toString())) {
            assertThat(child.awaitLine("refused")).contains("CleaveException").contains(table(own).toString())
                    .contains("start this process again");
            assertThat(child.awaitLine("old one")).isEqualTo(" true");
        }
    }

    @Test
    void descriptorsAndMappingsDoNotLeakWhereNoSlotIsFree() throws Exception {
        Path own = Files.createDirectory(directory.resolve("own"));
        try (ChildJvm first = start(own, "attach", directory.resolve("lock").toString())) {
            assertThat(first.awaitExit()).isZero();
        }
        int fd = Fcntl.open(table(own).toString(), Fcntl.O_RDWR, 0);
        try {
            assertThat(Fcntl.setLock(fd, Fcntl.F_WRLCK, 1, ParticipantsLayout.SLOTS)).isZero();
            try (ChildJvm child = start(own, "full")) {
                assertThat(child.awaitLine("descriptors")).startsWith(" 0, maps 0, all 4095 slots")
                        .contains("CLEAVE_DIR");
            }
        } finally {
            Unistd.close(fd);
        }
    }

    @Test
    void aProcessIsExitingOnceItWasKilledAndNotBefore() throws Exception {
        assertThat(ProcessIdentity.current().isExiting()).isFalse();
        try (SharedMemory block = SharedMemory.create("participants-test", SharedMutex.BYTES);
                ChildJvm child = start(Path.of(System.getenv("CLEAVE_DIR")), "big", "participants-test", "1000000")) {
            SharedMutex mutex = SharedMutex.at(block.segment());
            child.awaitLine("held");
            ProcessIdentity identity = ProcessIdentity.of((int) child.pid());
            assertThat(identity).isNotNull();
            assertThat(identity.isExiting()).isFalse();
            assertThat(new ProcessIdentity(identity.pid(), identity.startTicks(), identity.pidNamespace() + 1)
                    .isExiting()).isFalse();
            assertThat(mutex.tryAcquire(Delays.SHORT)).isEmpty();
            child.kill();
            assertThat(Delays.within(Delays.PATIENCE, identity::isExiting)).isTrue();
            assertThat(mutex.tryAcquire(Delays.PATIENCE)).contains(Acquisition.OWNER_DIED);
            mutex.unlock();
        }
    }
}
