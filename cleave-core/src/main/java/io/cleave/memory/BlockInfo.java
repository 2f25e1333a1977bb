package io.cleave.memory;

import java.time.Instant;

/**
 * What can be said of a block without attaching to it, as of a moment that has passed.
 *
 * @param name its name, without directory and prefix
 * @param byteSize the user's bytes; of a file whose header cannot be read, the size of the file
 * @param kind what it holds
 * @param lifetime how long it stays; without meaning where the state is DAMAGED or FOREIGN
 * @param created when it was made; {@link Instant#EPOCH} where the state is DAMAGED or FOREIGN
 * @param creatorPid the process that made it, as its own pid namespace has it; 0 where the state is DAMAGED or FOREIGN
 * @param creator whether that very process still runs; a reused process id is not taken for it
 * @param attached how many handles are open on it in all processes, at least 1 where there is any at all
 * @param state what it is, and what becomes of it
 * @param note what is unusual about it, such as why it cannot be used; empty as a rule
 */
public record BlockInfo(String name, long byteSize, BlockKind kind, Lifetime lifetime, Instant created, long creatorPid,
        Creator creator, int attached, State state, String note) {

    /** What is known of the process that made a block. */
    public enum Creator {
        /** It runs. */
        ALIVE,
        /** It has ended. */
        DEAD,
        /** It lived in another pid namespace, or the header cannot be read. */
        UNKNOWN
    }

    /** What a block is. */
    public enum State {
        /** Somebody is attached. */
        LIVE,
        /** Nobody is attached, and it stays nevertheless: its lifetime is {@link Lifetime#PERSISTENT}. */
        PERSISTENT,
        /**
         * Nobody is attached, as the last process that was has been killed. {@link Cleanup} removes it, unless it is a lock
         * that was held then, as {@link BlockInfo#note()} says: the next to open it is to learn of that.
         */
        ORPHAN,
        /** A block of this user's that cannot be used: cut short, or overwritten in part. {@link Cleanup} removes it unless somebody is attached. */
        DAMAGED,
        /**
         * Nothing that Cleave touches: another user's, accessible to other users, not a regular file, in the format of
         * another version, or without the proof that it is a block at all. {@link BlockInfo#note()} says which.
         */
        FOREIGN;

        /** Whether {@link Cleanup} removes it. */
        boolean isRemovable() {
            return this == ORPHAN || this == DAMAGED;
        }
    }
}
