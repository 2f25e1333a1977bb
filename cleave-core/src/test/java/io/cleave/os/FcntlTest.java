package io.cleave.os;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.testing.ChildJvm;
import io.cleave.testing.Delays;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Locks of open file descriptions, as the life of blocks is built on them. */
final class FcntlTest {
    @TempDir
    private Path directory;
    private Path file;
    private int one;
    private int other;

    @BeforeEach
    void openTwice() throws IOException {
        file = Files.createFile(directory.resolve("locked"));
        one = Fcntl.open(file.toString(), Fcntl.O_RDWR, 0);
        other = Fcntl.open(file.toString(), Fcntl.O_RDWR, 0);
    }

    @AfterEach
    void close() {
        Unistd.close(one);
        Unistd.close(other);
    }

    private static int lock(int fd, int type) {
        return Fcntl.setLock(fd, type, 0, 1);
    }

    @Test
    void sharedLocksGoTogetherAndExcludeAnExclusiveOne() {
        assertThat(lock(one, Fcntl.F_RDLCK)).isZero();
        assertThat(lock(other, Fcntl.F_RDLCK)).isZero();
        assertThat(lock(one, Fcntl.F_WRLCK)).isEqualTo(-Errno.EAGAIN);
    }

    @Test
    void aRefusedChangeToExclusiveKeepsTheSharedLock() {
        lock(one, Fcntl.F_RDLCK);
        lock(other, Fcntl.F_RDLCK);
        lock(one, Fcntl.F_WRLCK);
        lock(other, Fcntl.F_UNLCK);
        assertThat(lock(other, Fcntl.F_WRLCK)).isEqualTo(-Errno.EAGAIN);
        assertThat(lock(one, Fcntl.F_WRLCK)).isZero();
    }

    @Test
    void twoDescriptionsOfOneProcessExcludeEachOther() {
        assertThat(lock(one, Fcntl.F_WRLCK)).isZero();
        assertThat(lock(other, Fcntl.F_WRLCK)).isEqualTo(-Errno.EAGAIN);
        assertThat(lock(other, Fcntl.F_RDLCK)).isEqualTo(-Errno.EAGAIN);
    }

    @Test
    void aLockOutlivesOtherDescriptorsOfTheSameFile() {
        lock(one, Fcntl.F_RDLCK);
        Unistd.close(Fcntl.open(file.toString(), Fcntl.O_RDWR, 0));
        assertThat(lock(other, Fcntl.F_WRLCK)).isEqualTo(-Errno.EAGAIN);
    }

    @Test
    void aTestNamesWhatIsInTheWayAndChangesNothing() {
        assertThat(Fcntl.testLock(one, Fcntl.F_WRLCK, 0, 1)).isEqualTo(Fcntl.F_UNLCK);
        assertThat(lock(other, Fcntl.F_RDLCK)).isZero();
        assertThat(Fcntl.testLock(one, Fcntl.F_WRLCK, 0, 1)).isEqualTo(Fcntl.F_RDLCK);
        assertThat(lock(other, Fcntl.F_WRLCK)).isZero();
        assertThat(Fcntl.testLock(one, Fcntl.F_WRLCK, 0, 1)).isEqualTo(Fcntl.F_WRLCK);
        assertThat(Fcntl.testLock(other, Fcntl.F_WRLCK, 0, 1)).as("its own is not in the way").isEqualTo(Fcntl.F_UNLCK);
    }

    @Test
    void bytesAreLockedByThemselves() {
        assertThat(Fcntl.setLock(one, Fcntl.F_WRLCK, 0, 1)).isZero();
        assertThat(Fcntl.setLock(other, Fcntl.F_WRLCK, 1, 1)).isZero();
    }

    @Test
    void theLockOfAKilledProcessIsGone() throws InterruptedException {
        try (ChildJvm child = ChildJvm.start(Locks.class, file.toString())) {
            child.awaitLine("locked");
            assertThat(lock(one, Fcntl.F_WRLCK)).isEqualTo(-Errno.EAGAIN);
            child.kill();
            assertThat(lock(one, Fcntl.F_WRLCK)).isZero();
        }
    }

    static final class Locks {

        public static void main(String[] arguments) throws InterruptedException {
            lock(Fcntl.open(arguments[0], Fcntl.O_RDWR, 0), Fcntl.F_RDLCK);
            System.out.println("locked");
            Thread.sleep(Delays.PATIENCE);
        }
    }

    @Test
    void anUnnamedFileAppearsCompleteOrNotAtAll() throws IOException {
        Path name = directory.resolve("named");
        int fd = Fcntl.open("/dev/shm", Fcntl.O_TMPFILE | Fcntl.O_RDWR, 0600);
        try {
            assertThat(fd).isNotNegative();
            assertThat(Fcntl.fallocate(fd, 0, 0, 5000)).isZero();
            assertThat(Stat.fstat(fd)).satisfies(status -> {
                assertThat(status.byteSize()).isEqualTo(5000);
                assertThat(status.links()).isZero();
                assertThat(status.isRegular()).isTrue();
            });
            assertThat(Files.exists(name)).isFalse();
        } finally {
            Unistd.close(fd);
        }
    }

    @Test
    void aSymbolicLinkIsRefusedWhereItIsNotToBeFollowed() throws IOException {
        Path link = Files.createSymbolicLink(directory.resolve("link"), file);
        assertThat(Fcntl.open(link.toString(), Fcntl.O_RDWR | Fcntl.O_NOFOLLOW, 0)).isEqualTo(-Errno.ELOOP);
        Stat.FileStatus[] status = new Stat.FileStatus[1];
        assertThat(Stat.stat(link.toString(), status)).isZero();
        assertThat(status[0].isRegular()).isTrue();
        assertThat(Stat.lstat(link.toString(), status)).isZero();
        assertThat(status[0].isRegular()).isFalse();
    }
}
