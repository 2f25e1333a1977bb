package io.cleave.memory;

import java.util.Objects;

/**
 * How a block of {@link SharedMemory} is made and opened. Options are immutable: each method returns others.
 *
 * <pre>{@code
 * SharedMemory.create("index", 4L << 30, MemoryOptions.defaults().withHugePages(true).withLifetime(Lifetime.PERSISTENT));
 * SharedMemory.open("index", MemoryOptions.defaults().withReadOnly(true));
 * }</pre>
 */
public final class MemoryOptions {
    private static final MemoryOptions DEFAULTS = new MemoryOptions(Lifetime.ATTACHED, BlockKind.MEMORY, false, false,
            false);

    private final Lifetime lifetime;
    private final BlockKind kind;
    private final boolean readOnly;
    private final boolean groupAccess;
    private final boolean hugePages;

    private MemoryOptions(Lifetime lifetime, BlockKind kind, boolean readOnly, boolean groupAccess, boolean hugePages) {
        this.lifetime = lifetime;
        this.kind = kind;
        this.readOnly = readOnly;
        this.groupAccess = groupAccess;
        this.hugePages = hugePages;
    }

    /**
     * A lifetime of {@link Lifetime#ATTACHED}, the kind {@link BlockKind#MEMORY}, writable, private to the user, in pages
     * of the usual size.
     *
     * @return the options of {@link SharedMemory#create(String, long)} and {@link SharedMemory#open(String)}
     */
    public static MemoryOptions defaults() {
        return DEFAULTS;
    }

    /**
     * How long a block stays when nobody is attached. It matters to who makes the block.
     *
     * @param stays {@link Lifetime#ATTACHED} or {@link Lifetime#PERSISTENT}
     * @return options with this lifetime
     */
    public MemoryOptions withLifetime(Lifetime stays) {
        return new MemoryOptions(Objects.requireNonNull(stays), kind, readOnly, groupAccess, hugePages);
    }

    /**
     * What the block holds, which keeps one sort of object from being taken for another: a block of another kind is
     * refused.
     *
     * @param holds any kind but {@link BlockKind#UNKNOWN}
     * @return options with this kind
     * @throws IllegalArgumentException where it is {@link BlockKind#UNKNOWN}
     */
    public MemoryOptions withKind(BlockKind holds) {
        if (holds == BlockKind.UNKNOWN) {
            throw new IllegalArgumentException(
                    "UNKNOWN is what blocks of later versions seem to be; choose another kind");
        }
        return new MemoryOptions(lifetime, holds, readOnly, groupAccess, hugePages);
    }

    /**
     * Whether the memory can only be read through the handle: it is mapped so that nobody in this process can change it,
     * by whatever means. A store is an {@link IllegalArgumentException} then. Such a handle is attached like any
     * other. It is for {@link SharedMemory#open(String, MemoryOptions)}; a new block has to be written.
     *
     * @param only false by default
     * @return options for reading, or for reading and writing
     */
    public MemoryOptions withReadOnly(boolean only) {
        return new MemoryOptions(lifetime, kind, only, groupAccess, hugePages);
    }

    /**
     * Whether members of the group of the block's file may use it. Who makes a block gives it the mode 660 instead of 600;
     * its group is the process's, or that of a directory with the set-group-id bit. Who opens one accepts a block of
     * another user, too, where the system lets this process open the file. All who share a block trust each other: any of
     * them can change, cut short or remove it.
     *
     * <p>
     * In a directory with the sticky bit, such as {@code /dev/shm}, only the owner of a file can remove it. What another
     * user is the last to leave stays there as an orphan until its owner uses Cleave again. A group is better served by a
     * directory of its own, of mode 2770, that {@code CLEAVE_DIR} names.
     *
     * @param allowed false by default
     * @return options with or without access for the group
     */
    public MemoryOptions withGroupAccess(boolean allowed) {
        return new MemoryOptions(lifetime, kind, readOnly, allowed, hugePages);
    }

    /**
     * Whether the memory is to lie in huge pages where the system has some, which makes access to much memory in no order
     * faster, and forks, too. An anonymous block takes pages that the system has reserved ({@code vm.nr_hugepages}). Where
     * there are not enough, and for named blocks, transparent huge pages are asked for, which have to be allowed by
     * {@code /sys/kernel/mm/transparent_hugepage/shmem_enabled} ({@code advise}) for anonymous blocks and by the option
     * {@code huge=advise} of the mounted tmpfs for named ones. Where they are not, the block is made of small pages.
     * {@link SharedMemory#hugePageBytes()} says what it came to. Other handles on the block need the option, too.
     *
     * @param wanted false by default
     * @return options with or without huge pages
     */
    public MemoryOptions withHugePages(boolean wanted) {
        return new MemoryOptions(lifetime, kind, readOnly, groupAccess, wanted);
    }

    /**
     * See {@link #withLifetime}.
     *
     * @return the lifetime
     */
    public Lifetime lifetime() {
        return lifetime;
    }

    /**
     * See {@link #withKind}.
     *
     * @return the kind
     */
    public BlockKind kind() {
        return kind;
    }

    /**
     * See {@link #withReadOnly}.
     *
     * @return whether the memory can only be read
     */
    public boolean readOnly() {
        return readOnly;
    }

    /**
     * See {@link #withGroupAccess}.
     *
     * @return whether the group may use the block
     */
    public boolean groupAccess() {
        return groupAccess;
    }

    /**
     * See {@link #withHugePages}.
     *
     * @return whether huge pages are wanted
     */
    public boolean hugePages() {
        return hugePages;
    }

    /** Whose blocks are accepted. */
    BlockAccess access() {
        return groupAccess ? BlockAccess.GROUP : BlockAccess.OWN;
    }

    /** How an existing block is mapped. */
    BlockMapping mapping() {
        return readOnly ? BlockMapping.READ_ONLY : BlockMapping.SHARED;
    }

    /** Refuses to make a block that nobody could ever write. */
    MemoryOptions forMaking() {
        if (readOnly) {
            throw new IllegalArgumentException(
                    "a new block has to be written by somebody: make it without withReadOnly, "
                            + "and open it with it");
        }
        return this;
    }

    /**
     * All options.
     *
     * @return such as {@code MemoryOptions[lifetime=ATTACHED, kind=MEMORY, ...]}
     */
    @Override
    public String toString() {
        return "MemoryOptions[lifetime=" + lifetime + ", kind=" + kind + ", readOnly=" + readOnly + ", groupAccess="
                + groupAccess + ", hugePages=" + hugePages + "]";
    }
}
