package io.cleave.memory;

import io.cleave.os.ProcFs;
import io.cleave.os.Stat.FileStatus;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How many handles are attached to each file, counted in {@code /proc/locks}. Every handle shows as a line such as
 *
 * <pre>
 * 7: OFDLCK ADVISORY  READ -1 00:1a:4711 0 0
 * </pre>
 *
 * where 00:1a:4711 is the device (hexadecimal) and the inode, and "0 0" the first and last byte locked. The table has
 * no owner for such locks, but it shows those of every pid namespace.
 */
final class LockTable {
    private static final int READ_LIMIT = 1 << 20;
    private static final Pattern HANDLE = Pattern.compile(
            "^\\d+: OFDLCK +ADVISORY +READ +-?\\d+ (\\p{XDigit}+):(\\p{XDigit}+):(\\d+) "
                    + BlockFile.ATTACHED_BYTE + " \\d+$",
            Pattern.MULTILINE);

    private record File(long device, long inode) {}

    private final Map<File, Integer> handles = new HashMap<>();

    private LockTable() {
    }

    /** The table as it is now; empty where it cannot be read. */
    static LockTable read() {
        String text = ProcFs.read("/proc/locks", READ_LIMIT);
        return parse(text == null ? "" : text);
    }

    /** The handles in the text of a table. */
    static LockTable parse(String text) {
        LockTable table = new LockTable();
        Matcher line = HANDLE.matcher(text);
        while (line.find()) {
            long device = (Long.parseLong(line.group(1), 16) << 32) | Long.parseLong(line.group(2), 16);
            table.handles.merge(new File(device, Long.parseUnsignedLong(line.group(3))), 1, Integer::sum);
        }
        return table;
    }

    /** How many handles are attached to a file, in all processes. */
    int attached(FileStatus status) {
        return handles.getOrDefault(new File(status.device(), status.inode()), 0);
    }
}
