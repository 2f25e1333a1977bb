package io.cleave.memory;

import io.cleave.os.ProcessIdentity;
import io.cleave.os.Unistd;
import java.lang.foreign.MemorySegment;
import java.time.Instant;

/**
 * The header of a block as it was read: what it claims, not yet what may be believed.
 *
 * @param magic {@link BlockLayout#MAGIC} in a block
 * @param version the format's version
 * @param headerBytes the header's size
 * @param byteSize the user's bytes
 * @param kind a {@link BlockKind}'s number
 * @param lifetime a {@link Lifetime}'s number
 * @param createdMillis when it was made, in milliseconds since 1970
 * @param creator the process that made it
 * @param uid that process's user
 * @param ready {@link BlockLayout#READY} in a finished header
 */
record BlockHeader(long magic, int version, int headerBytes, long byteSize, int kind, int lifetime, long createdMillis,
        ProcessIdentity creator, int uid, int ready) {

    /** The header of a block that the calling process makes now. */
    static BlockHeader fresh(long byteSize, BlockKind kind, Lifetime lifetime) {
        return new BlockHeader(BlockLayout.MAGIC, BlockLayout.VERSION, BlockLayout.HEADER_BYTES, byteSize,
                kind.number(), lifetime.number(), System.currentTimeMillis(), ProcessIdentity.current(),
                Unistd.geteuid(), BlockLayout.READY);
    }

    /** The same, made now, with a lifetime. */
    BlockHeader with(Lifetime other) {
        return new BlockHeader(magic, version, headerBytes, byteSize, kind, other.number(), System.currentTimeMillis(),
                creator, uid, ready);
    }

    /** Reads the fields of a header, at least {@link BlockLayout#FIELD_BYTES} long. */
    static BlockHeader read(MemorySegment s) {
        int ready = BlockLayout.readyAcquire(s); // first, in case that the fields are still being written
        ProcessIdentity creator = new ProcessIdentity(BlockLayout.intPlain(s, BlockLayout.CREATOR_PID_AT),
                BlockLayout.longPlain(s, BlockLayout.CREATOR_START_AT),
                BlockLayout.longPlain(s, BlockLayout.CREATOR_NAMESPACE_AT));
        return new BlockHeader(BlockLayout.longPlain(s, BlockLayout.MAGIC_AT),
                BlockLayout.intPlain(s, BlockLayout.VERSION_AT), BlockLayout.intPlain(s, BlockLayout.HEADER_SIZE_AT),
                BlockLayout.longPlain(s, BlockLayout.BYTE_SIZE_AT), BlockLayout.intPlain(s, BlockLayout.KIND_AT),
                BlockLayout.intPlain(s, BlockLayout.LIFETIME_AT), BlockLayout.longPlain(s, BlockLayout.CREATED_AT),
                creator, BlockLayout.intPlain(s, BlockLayout.CREATOR_UID_AT), ready);
    }

    /** Writes every field, {@code ready} last. */
    void write(MemorySegment s) {
        BlockLayout.longPlain(s, BlockLayout.MAGIC_AT, magic);
        BlockLayout.intPlain(s, BlockLayout.VERSION_AT, version);
        BlockLayout.intPlain(s, BlockLayout.HEADER_SIZE_AT, headerBytes);
        BlockLayout.longPlain(s, BlockLayout.BYTE_SIZE_AT, byteSize);
        BlockLayout.intPlain(s, BlockLayout.KIND_AT, kind);
        BlockLayout.intPlain(s, BlockLayout.LIFETIME_AT, lifetime);
        BlockLayout.longPlain(s, BlockLayout.CREATED_AT, createdMillis);
        BlockLayout.intPlain(s, BlockLayout.CREATOR_PID_AT, creator.pid());
        BlockLayout.intPlain(s, BlockLayout.CREATOR_UID_AT, uid);
        BlockLayout.longPlain(s, BlockLayout.CREATOR_START_AT, creator.startTicks());
        BlockLayout.longPlain(s, BlockLayout.CREATOR_NAMESPACE_AT, creator.pidNamespace());
        BlockLayout.readyRelease(s, ready); // SYNC: block-ready; whoever sees it sees the fields above
    }

    /** Whether it is the header of a block in a format that this code does not know. */
    boolean isOtherVersion() {
        return magic == BlockLayout.MAGIC && version > 0 && version != BlockLayout.VERSION;
    }

    /** Why a file of {@code fileBytes} with this header is no block that this code can use; empty where it is one. */
    String fault(long fileBytes) {
        if (magic != BlockLayout.MAGIC) {
            return "it does not begin with Cleave's magic number";
        }
        if (fileBytes < BlockLayout.HEADER_BYTES) {
            return "it has " + fileBytes + " bytes, less than a header";
        }
        if (version != BlockLayout.VERSION) {
            return "its format has version " + version + ", this Cleave reads version " + BlockLayout.VERSION;
        }
        if (ready != BlockLayout.READY) {
            return "its header was never finished (ready word " + ready + ")";
        }
        if (headerBytes != BlockLayout.HEADER_BYTES) {
            return "its header claims " + headerBytes + " bytes instead of " + BlockLayout.HEADER_BYTES;
        }
        if (byteSize < 1 || byteSize != fileBytes - headerBytes) {
            return "its header claims " + byteSize + " bytes after the first " + headerBytes + ", the file has "
                    + fileBytes + " bytes in all";
        }
        if (lifetime != Lifetime.ATTACHED.number() && lifetime != Lifetime.PERSISTENT.number()) {
            return "its header claims lifetime " + lifetime + ", which does not exist";
        }
        return "";
    }

    /** Whether the block stays when nobody is attached. */
    boolean isPersistent() {
        return lifetime == Lifetime.PERSISTENT.number();
    }

    /** Its lifetime, for a header without {@link #fault}. */
    Lifetime knownLifetime() {
        return isPersistent() ? Lifetime.PERSISTENT : Lifetime.ATTACHED;
    }

    /** When it was made. */
    Instant created() {
        return Instant.ofEpochMilli(createdMillis);
    }
}
