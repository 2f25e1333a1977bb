package io.cleave.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.os.Stat.FileStatus;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

final class LockTableTest {

    private static FileStatus file(long major, long minor, long inode) {
        return new FileStatus(major << 32 | minor, inode, 1, 0, 0, 0, 0);
    }

    @Test
    void handlesAreCountedAndOtherLocksAreNot() {
        LockTable table = LockTable.parse("""
                1: OFDLCK ADVISORY  READ  -1 00:1a:4711 0 0
                2: OFDLCK ADVISORY  READ  -1 00:1a:4711 0 0
                2: -> OFDLCK ADVISORY  READ  -1 00:1a:4711 0 0
                3: OFDLCK ADVISORY  WRITE -1 00:1a:4712 0 0
                4: OFDLCK ADVISORY  READ  -1 fd:1ff:18446744073709551615 0 0
                5: OFDLCK ADVISORY  READ  -1 00:1a:4713 1 1
                6: POSIX  ADVISORY  READ  77 00:1a:4714 0 0
                7: FLOCK  ADVISORY  WRITE 78 00:1a:4715 0 EOF
                8: OFDLCK ADVISORY  READ  -1 00:1a:47""");
        assertThat(table.attached(file(0, 0x1a, 4711))).isEqualTo(2);
        assertThat(table.attached(file(0xfd, 0x1ff, -1))).isEqualTo(1);
        assertThat(LongStream.of(4712, 4713, 4714, 4715, 47))
                .allMatch(inode -> table.attached(file(0, 0x1a, inode)) == 0);
    }
}
