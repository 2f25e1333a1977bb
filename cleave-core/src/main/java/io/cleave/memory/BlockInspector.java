package io.cleave.memory;

import io.cleave.CleaveException;
import io.cleave.memory.BlockInfo.Creator;
import io.cleave.memory.BlockInfo.State;
import io.cleave.os.Fcntl;
import io.cleave.os.ProcessIdentity;
import io.cleave.os.Stat.FileStatus;
import io.cleave.os.Unistd;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Looks at blocks without attaching to them: nobody notices, and nothing changes. */
final class BlockInspector {
    /** The note on an orphan that is not removed. */
    static final String HELD = "its last user ended while it was held; the next to open it gets it as it is";

    private BlockInspector() {
    }

    /** What can be said of the file at a path, or null where there is none. It fails on nothing that may lie there. */
    static @Nullable BlockInfo inspect(String path, String name, LockTable locks) {
        FileStatus status = null;
        try {
            status = BlockFile.lookAt(path);
            if (status == null) {
                return null;
            }
            String fault = status.uid() == Unistd.geteuid() ? BlockAccess.GROUP.faultOf(status)
                    : BlockAccess.OWN.faultOf(status);
            if (!fault.isEmpty()) {
                return unreadable(name, status, 0, State.FOREIGN, fault);
            }
            try (BlockFile file = BlockFile.glance(path)) {
                return file == null ? null : inspect(file, name, locks);
            }
        } catch (CleaveException e) { // such as a file that has been replaced in between
            String reason = e.getMessage() == null ? e.toString() : e.getMessage();
            return status == null ? null : unreadable(name, status, 0, State.FOREIGN, reason);
        }
    }

    private static BlockInfo inspect(BlockFile file, String name, LockTable locks) {
        BlockHeader header = file.readHeader();
        int holder = file.attachedLock();
        int counted = locks.attached(file.status());
        // The table may be older than the test of the lock, and a file system may name its device otherwise there.
        int attached = holder == Fcntl.F_UNLCK ? 0 : Math.max(1, counted);
        String fault = file.faultOf(header);
        if (header == null || !fault.isEmpty()) {
            return unreadable(name, file.status(), attached, isOurs(header) ? State.DAMAGED : State.FOREIGN, fault);
        }
        State state = attached > 0 ? State.LIVE : header.isPersistent() ? State.PERSISTENT : State.ORPHAN;
        BlockKind kind = BlockKind.of(header.kind());
        String note = kind == BlockKind.UNKNOWN ? "kind " + header.kind() + ", unknown to this Cleave"
                : state == State.ORPHAN && file.isHeld() ? HELD : "";
        return new BlockInfo(name, header.byteSize(), kind, header.knownLifetime(), header.created(),
                header.creator().pid(), creator(header.creator()), attached, state, note);
    }

    private static Creator creator(ProcessIdentity creator) {
        return switch (creator.liveness()) {
            case ALIVE -> Creator.ALIVE;
            case DEAD -> Creator.DEAD;
            case UNKNOWN -> Creator.UNKNOWN;
        };
    }

    private static BlockInfo unreadable(String name, FileStatus status, int attached, State state, String why) {
        return new BlockInfo(name, status.byteSize(), BlockKind.UNKNOWN, Lifetime.ATTACHED, Instant.EPOCH, 0,
                Creator.UNKNOWN, attached, state, why);
    }

    /** A kind as messages name it. */
    static String kindText(int number) {
        BlockKind kind = BlockKind.of(number);
        return kind == BlockKind.UNKNOWN ? number + " (unknown to this Cleave)" : kind.name();
    }

    /** Whether a file bears the proof that it is a block of a format which this code knows, be it a damaged one. */
    private static boolean isOurs(@Nullable BlockHeader header) {
        return header != null && !header.isOtherVersion();
    }

    /**
     * Removes the file at a path, if it still is an orphan, or a damaged block. Nobody's block is removed while attached,
     * and no file that does not begin as a block does, whatever its name. Such a one is only opened for reading.
     *
     * @param damaged whether damaged blocks are removed, too
     */
    static boolean sweep(String path, boolean damaged) {
        try (BlockFile file = BlockFile.glance(path)) {
            if (file == null || file.status().uid() != Unistd.geteuid() || !isSweepable(file, damaged)
                    || file.attachedLock() != Fcntl.F_UNLCK) {
                return false;
            }
        }
        try (BlockFile file = BlockFile.existing(path, BlockAccess.GROUP)) {
            return file != null && isSweepable(file, damaged) && file.removeIfUnused();
        }
    }

    private static boolean isSweepable(BlockFile file, boolean damaged) {
        BlockHeader header = file.readHeader();
        if (header == null || !isOurs(header)) {
            return false;
        }
        return file.faultOf(header).isEmpty() ? !header.isPersistent() : damaged;
    }
}
