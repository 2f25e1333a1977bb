package io.cleave.memory;

import io.cleave.AlreadyExistsException;
import io.cleave.BlockNotFoundException;
import io.cleave.IncompatibleBlockException;
import io.cleave.memory.raw.RawBlocks;
import io.cleave.os.CrashPoint;
import io.cleave.os.Fcntl;
import java.io.File;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A directory of blocks: what is made, found, listed and swept there by name. {@link BlockFile} has the protocol. */
final class BlockDirectory {
    private static final String PREFIX = "cleave.";
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}");

    private final String directory;

    BlockDirectory(Path directory) {
        this.directory = directory.toAbsolutePath().toString();
    }

    /** The directory that the environment names, or {@code /dev/shm}. */
    static BlockDirectory standard() {
        return Standard.INSTANCE;
    }

    private static final class Standard {
        static final BlockDirectory INSTANCE = of(System.getenv("CLEAVE_DIR"));

        private static BlockDirectory of(@Nullable String directory) {
            return new BlockDirectory(Path.of(directory == null || directory.isEmpty() ? "/dev/shm" : directory));
        }
    }

    private String path(String name) {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("\"" + name + "\" cannot name a block: a name has 1 to 200 of the "
                    + "characters A-Z a-z 0-9 . _ - and does not begin with a dot");
        }
        return directory + "/" + PREFIX + name;
    }

    private static void checkSize(long byteSize) {
        if (byteSize < 1) {
            throw new IllegalArgumentException("a block has at least 1 byte, not " + byteSize);
        }
    }

    /** Makes a block without a name. */
    static Attachment anonymous(long byteSize) {
        checkSize(byteSize);
        BlockHeader header = BlockHeader.fresh(byteSize, BlockKind.MEMORY, Lifetime.ATTACHED);
        return fill(BlockFile.anonymous(), header, null);
    }

    /** Makes a block; {@link AlreadyExistsException} where there is one. */
    Attachment create(String name, long byteSize, Lifetime lifetime, BlockKind kind) {
        Attachment made = createIfAbsent(name, byteSize, lifetime, kind);
        if (made == null) {
            throw new AlreadyExistsException("block \"" + name + "\" exists already" + detail(name)
                    + "; open it, or choose another name");
        }
        return made;
    }

    private String detail(String name) {
        BlockInfo info = BlockInspector.inspect(path(name), name, LockTable.read());
        return info == null || info.state() == BlockInfo.State.FOREIGN ? ""
                : " (" + info.byteSize() + " bytes, made by process " + info.creatorPid() + ", handles attached: "
                        + info.attached() + ")";
    }

    private @Nullable Attachment createIfAbsent(String name, long byteSize, Lifetime lifetime, BlockKind kind) {
        String path = path(name);
        checkSize(byteSize);
        Patience patience = new Patience(path);
        if (isTaken(path, patience)) {
            return null;
        }
        BlockFile file = BlockFile.unnamed(directory, path);
        Attachment made = fill(file, BlockHeader.fresh(byteSize, kind, lifetime), directory);
        boolean linked = false;
        try {
            file.attachFresh();
            CrashPoint.reached();
            while (!linked) {
                linked = file.link();
                if (!linked && isTaken(path, patience)) {
                    return null;
                }
            }
            CrashPoint.reached();
            return made;
        } finally {
            if (!linked) {
                made.close();
            }
        }
    }

    /** Reserves, maps and stamps an empty file. */
    private static Attachment fill(BlockFile file, BlockHeader header, @Nullable String directory) {
        boolean done = false;
        try {
            file.reserve(BlockLayout.HEADER_BYTES + header.byteSize(), directory);
            CrashPoint.reached();
            Attachment attachment = new Attachment(file, header);
            header.write(attachment.headerSegment());
            done = true;
            return attachment;
        } finally {
            if (!done) {
                file.close();
            }
        }
    }

    /** Whether a block that is no orphan bears the name. An orphan is removed, a removal under way waited for. */
    private boolean isTaken(String path, Patience patience) {
        while (true) {
            try (BlockFile file = BlockFile.existing(path)) {
                if (file == null) {
                    return false;
                }
                boolean persistent = file.usableHeader().isPersistent();
                int holder = file.attachedLock();
                if (holder == Fcntl.F_RDLCK || (holder == Fcntl.F_UNLCK && (persistent || file.isHeld()))) {
                    return true;
                }
                if (holder == Fcntl.F_UNLCK && file.removeIfUnused()) {
                    continue;
                }
            }
            patience.nap();
        }
    }

    /** Attaches to a block; {@link BlockNotFoundException} where there is none. */
    Attachment open(String name, BlockKind kind) {
        Attachment found = openIfPresent(name, header -> checkKind(name, header, kind), new Patience(path(name)));
        if (found == null) {
            throw new BlockNotFoundException("no block \"" + name + "\" in " + directory
                    + "; create it first, and keep a handle open: the last one that is closed removes it");
        }
        return found;
    }

    /** Attaches to a block, or makes it. */
    Attachment openOrCreate(String name, long byteSize, Lifetime lifetime, BlockKind kind) {
        Patience patience = new Patience(path(name));
        checkSize(byteSize);
        BlockFile.Demand demand = header -> {
            checkKind(name, header, kind);
            checkSize(name, header, byteSize);
        };
        while (true) {
            Attachment found = openIfPresent(name, demand, patience);
            if (found == null) {
                found = createIfAbsent(name, byteSize, lifetime, kind);
            }
            if (found != null) {
                return found;
            }
            patience.nap();
        }
    }

    private @Nullable Attachment openIfPresent(String name, BlockFile.Demand demand, Patience patience) {
        return attach(name, demand, patience, BlockDirectory::mapped);
    }

    /** What becomes of a file that has been attached to. */
    private interface Use<T> {
        @Nullable T of(BlockFile file, BlockHeader header);
    }

    private <T> @Nullable T attach(String name, BlockFile.Demand demand, Patience patience, Use<T> use) {
        while (true) {
            BlockFile file = BlockFile.existing(path(name));
            if (file == null) {
                return null;
            }
            BlockFile.Attempt attempt = BlockFile.Attempt.GONE;
            try {
                BlockHeader header = file.usableHeader();
                attempt = file.tryAttach(header, demand);
                if (attempt == BlockFile.Attempt.ATTACHED) {
                    return use.of(file, header);
                }
            } finally {
                if (attempt != BlockFile.Attempt.ATTACHED) {
                    file.close();
                }
            }
            if (attempt == BlockFile.Attempt.BUSY) {
                patience.nap();
            }
        }
    }

    private static Attachment mapped(BlockFile file, BlockHeader header) {
        boolean done = false;
        try {
            Attachment attachment = new Attachment(file, header);
            BlockLayout.readyAcquire(attachment.headerSegment()); // SYNC: block-ready
            done = true;
            return attachment;
        } finally {
            if (!done) {
                file.leave(header.isPersistent()); // a closer may have counted on this one as the last
            }
        }
    }

    /** Attaches to a block for a look at its content; null where there is none, or none that is wanted. */
    @Nullable ViewedBlock view(String name, BlockKind kind, Predicate<MemorySegment> isWanted) {
        return attach(name, header -> checkKind(name, header, kind), new Patience(path(name)), (file, header) -> {
            boolean done = false;
            try {
                if (file.beginView() && isWanted(file, isWanted)) {
                    ViewedBlock block = new ViewedBlock(file, header);
                    done = true;
                    return block;
                }
                return null;
            } finally {
                if (!done) {
                    file.leave(header.isPersistent());
                }
            }
        });
    }

    private static boolean isWanted(BlockFile file, Predicate<MemorySegment> isWanted) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment head = arena.allocate(RawBlocks.HEAD_BYTES, Long.BYTES);
            return file.read(head, BlockLayout.HEADER_BYTES) && isWanted.test(head);
        }
    }

    /** Makes a block that has neither name nor content. */
    WrittenBlock blank(long byteSize, BlockKind kind) {
        checkSize(byteSize);
        long fileBytes = BlockLayout.HEADER_BYTES + byteSize;
        BlockSpace.check(fileBytes, directory);
        BlockFile file = BlockFile.unnamed(directory, null);
        boolean done = false;
        try {
            file.extend(fileBytes);
            WrittenBlock block = new WrittenBlock(file, BlockHeader.fresh(byteSize, kind, Lifetime.ATTACHED), this);
            done = true;
            return block;
        } finally {
            if (!done) {
                file.close();
            }
        }
    }

    /** The file that a block of this name would be. */
    String pathOf(String name) {
        return path(name);
    }

    String directory() {
        return directory;
    }

    private static void checkKind(String name, BlockHeader header, BlockKind kind) {
        if (header.kind() != kind.number()) {
            throw new IncompatibleBlockException("block \"" + name + "\" is of kind "
                    + BlockInspector.kindText(header.kind()) + ", not " + BlockInspector.kindText(kind.number()));
        }
    }

    private static void checkSize(String name, BlockHeader header, long byteSize) {
        if (header.byteSize() != byteSize) {
            throw new IncompatibleBlockException("block \"" + name + "\" has " + header.byteSize() + " bytes, "
                    + byteSize + " were asked for; open it as it is, or choose another name");
        }
    }

    /** Every file here that bears a block's name, in the order of the names. */
    List<BlockInfo> list() {
        List<BlockInfo> blocks = new ArrayList<>();
        LockTable locks = LockTable.read();
        for (String name : names()) {
            BlockInfo info = BlockInspector.inspect(directory + "/" + PREFIX + name, name, locks);
            if (info != null) {
                blocks.add(info);
            }
        }
        return List.copyOf(blocks);
    }

    private List<String> names() {
        String[] files = new File(directory).list((parent, file) -> file.startsWith(PREFIX));
        if (files == null) {
            return List.of();
        }
        Arrays.sort(files);
        return Arrays.stream(files).map(file -> file.substring(PREFIX.length()))
                .filter(name -> NAME.matcher(name).matches()).toList();
    }

    /** Removes what dead processes left, or only says what it would remove. */
    CleanupResult cleanup(boolean dryRun) {
        List<String> cleaned = new ArrayList<>();
        List<String> failed = new ArrayList<>();
        List<String> skipped = new ArrayList<>();
        for (BlockInfo info : list()) {
            List<String> outcome = skipped;
            if (info.state().isRemovable() && !info.note().equals(BlockInspector.HELD)) {
                try {
                    boolean removed = dryRun || BlockInspector.sweep(directory + "/" + PREFIX + info.name());
                    outcome = removed ? cleaned : skipped;
                } catch (RuntimeException e) {
                    outcome = failed; // the name says which; opening or removing it by hand says why
                }
            }
            outcome.add(info.name());
        }
        return new CleanupResult(cleaned, failed, skipped);
    }
}
