package io.cleave.memory;

import io.cleave.os.Stat.FileStatus;
import io.cleave.os.Unistd;

/** Whose blocks are opened, and who may open those that are made. */
enum BlockAccess {
    /** The user's own, which nobody else may touch. */
    OWN,
    /** Those that members of the block's group may use, too. */
    GROUP;

    private static final int OTHERS = 07;
    private static final int MEMBERS = 070;

    /** Why a file is not one that may be opened as a block; empty where it is. */
    String faultOf(FileStatus status) {
        int me = Unistd.geteuid();
        if (!status.isRegular()) {
            return "it is not a regular file";
        }
        if (status.uid() != me && this == OWN) {
            return "it belongs to user " + Integer.toUnsignedString(status.uid()) + ", this process runs as user "
                    + Integer.toUnsignedString(me) + "; only a user's own blocks are opened, and those of its group "
                    + "where MemoryOptions.withGroupAccess says so";
        }
        int mode = status.mode() & 07777;
        if ((mode & OTHERS) != 0) {
            return "other users may access it (mode " + Integer.toOctalString(mode) + " instead of 600)";
        }
        if ((mode & MEMBERS) != 0 && this == OWN) {
            return "its group may access it (mode " + Integer.toOctalString(mode)
                    + " instead of 600); MemoryOptions.withGroupAccess opens it nevertheless";
        }
        return "";
    }
}
