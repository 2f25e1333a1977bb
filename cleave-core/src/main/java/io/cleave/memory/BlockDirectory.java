package io.cleave.memory;

import io.cleave.AlreadyExistsException;
import io.cleave.BlockNotFoundException;
import io.cleave.IncompatibleBlockException;
import io.cleave.memory.raw.RawBlocks;
import io.cleave.memory.raw.Shortage;
import io.cleave.os.CrashPoint;
import io.cleave.os.Fcntl;
import io.cleave.os.Stat.FileStatus;
import io.cleave.os.Unistd;
import java.io.File;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A directory of blocks: what is made, found, listed and swept there by name. {@link BlockFile} has the protocol. */
final class BlockDirectory {
    private static final String PREFIX = "cleave.";
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}");

    /** A block that is looked at, and its header. */
    private record Viewed(BlockFile file, BlockHeader header) {}

    private final String directory;
    private final Sweeper sweeper;
    /** By their paths the blocks that this process looks at: one descriptor serves for all who look at one block. */
    private final ConcurrentMap<String, Viewed> viewed = new ConcurrentHashMap<>();

    BlockDirectory(Path directory) {
        this.directory = directory.toAbsolutePath().toString();
        this.sweeper = new Sweeper(this.directory, PREFIX);
    }

    /** The directory that the environment names, or {@code /dev/shm}. */
    static BlockDirectory standard() {
        return Standard.INSTANCE;
    }

    private static final class Standard {
        static final BlockDirectory INSTANCE = of(System.getenv("CLEAVE_DIR"));

        private static BlockDirectory of(@Nullable String named) {
            BlockDirectory directory = new BlockDirectory(
                    Path.of(named == null || named.isEmpty() ? "/dev/shm" : named));
            // What killed processes left may be what is missing.
            Shortage.whenShort(() -> directory.sweeper.sweepAll(directory::names));
            return directory;
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
    static Attachment anonymous(long byteSize, MemoryOptions options) {
        checkSize(byteSize);
        options.forMaking();
        return Shortage.mended(() -> {
            BlockHeader header = BlockHeader.fresh(byteSize, options.kind(), options.lifetime());
            BlockFile huge = options.hugePages() ? BlockFile.anonymousHuge(BlockLayout.HEADER_BYTES + byteSize) : null;
            return huge == null ? fill(BlockFile.anonymous(), header, null, options.hugePages())
                    : stampHuge(huge, header);
        });
    }

    /** Makes a block; {@link AlreadyExistsException} where there is one. */
    Attachment create(String name, long byteSize, MemoryOptions options) {
        return create(name, () -> createIfAbsent(name, byteSize, options.forMaking()));
    }

    private <T> T create(String name, Supplier<@Nullable T> createIfAbsent) {
        @Nullable T made = Shortage.mended(createIfAbsent);
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

    private @Nullable Attachment createIfAbsent(String name, long byteSize, MemoryOptions options) {
        return createIfAbsent(name, byteSize, options, (file, header) -> fill(file, header, directory,
                options.hugePages()));
    }

    private @Nullable SparseBlock createSparseIfAbsent(String name, long byteSize, MemoryOptions options,
            Consumer<? super SparseBlock> fill) {
        SparseBlock[] made = new SparseBlock[1];
        Attachment attachment = createIfAbsent(name, byteSize, options, (file, header) -> {
            made[0] = sparse(name, file, header, fill);
            return made[0].attachment();
        });
        return attachment == null ? null : made[0];
    }

    /** Gives a file its size, and its header and what the caller fills memory. */
    private SparseBlock sparse(String name, BlockFile file, BlockHeader header, Consumer<? super SparseBlock> fill) {
        boolean done = false;
        Attachment attachment = null;
        try {
            file.extend(BlockLayout.HEADER_BYTES + header.byteSize());
            file.reserve(0, BlockLayout.HEADER_BYTES, directory);
            attachment = new Attachment(file, header, BlockMapping.SHARED, true);
            header.write(attachment.headerSegment());
            SparseBlock block = new SparseBlock(name, directory, file, attachment);
            fill.accept(block);
            CrashPoint.reached();
            done = true;
            return block;
        } finally {
            if (!done) {
                giveUp(file, attachment);
            }
        }
    }

    private @Nullable Attachment createIfAbsent(String name, long byteSize, MemoryOptions options,
            BiFunction<BlockFile, BlockHeader, Attachment> fill) {
        String path = path(name);
        checkSize(byteSize);
        sweeper.step();
        Patience patience = new Patience(path);
        if (isTaken(path, options.access(), patience)) {
            return null;
        }
        BlockHeader header = BlockHeader.fresh(byteSize, options.kind(), options.lifetime());
        BlockFile file = BlockFile.unnamed(directory, path, options.access());
        Attachment made = fill.apply(file, header);
        boolean linked = false;
        try {
            file.attachFresh();
            CrashPoint.reached();
            while (!linked) {
                linked = file.link();
                if (!linked && isTaken(path, options.access(), patience)) {
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
    private static Attachment fill(BlockFile file, BlockHeader header, @Nullable String directory, boolean huge) {
        boolean done = false;
        Attachment attachment = null;
        try {
            long fileBytes = BlockLayout.HEADER_BYTES + header.byteSize();
            BlockSpace.check(fileBytes, directory);
            if (huge) {
                file.extend(fileBytes);
                attachment = new Attachment(file, header, BlockMapping.SHARED, true);
                attachment.populateHuge(); // first, as what is reserved without a mapping is reserved in small pages
            }
            file.reserve(fileBytes, directory);
            CrashPoint.reached();
            if (attachment == null) {
                attachment = new Attachment(file, header, BlockMapping.SHARED, false);
            }
            header.write(attachment.headerSegment());
            done = true;
            return attachment;
        } finally {
            if (!done) {
                giveUp(file, attachment);
            }
        }
    }

    /** Stamps a file of huge pages, which has all of them. */
    private static Attachment stampHuge(BlockFile file, BlockHeader header) {
        boolean done = false;
        try {
            Attachment attachment = new Attachment(file, header, BlockMapping.SHARED, true);
            header.write(attachment.headerSegment());
            done = true;
            return attachment;
        } finally {
            if (!done) {
                file.close();
            }
        }
    }

    private static void giveUp(BlockFile file, @Nullable Attachment attachment) {
        if (attachment == null) {
            file.close();
        } else {
            attachment.close();
        }
    }

    /**
     * Opens the file that a path names. What is refused because its group may access it, too, counts as absent where it is
     * an orphan of this user's, as any other orphan does.
     */
    private static @Nullable BlockFile existing(String path, BlockAccess access) {
        try {
            return BlockFile.existing(path, access);
        } catch (IncompatibleBlockException e) {
            FileStatus status = BlockFile.lookAt(path);
            boolean mayBeOrphan = status != null && status.uid() == Unistd.geteuid()
                    && BlockAccess.GROUP.faultOf(status).isEmpty();
            if (!mayBeOrphan || !BlockInspector.sweep(path, false)) {
                throw e;
            }
            return BlockFile.existing(path, access);
        }
    }

    /** Whether a block that is no orphan bears the name. An orphan is removed, a removal under way waited for. */
    private boolean isTaken(String path, BlockAccess access, Patience patience) {
        while (true) {
            try (BlockFile file = existing(path, access)) {
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
    Attachment open(String name, MemoryOptions options) {
        return open(name, () -> openIfPresent(name, header -> checkKind(name, header, options.kind()), options,
                new Patience(path(name)), (file, header) -> mapped(file, header, options)));
    }

    private <T> T open(String name, Supplier<@Nullable T> openIfPresent) {
        @Nullable T found = Shortage.mended(openIfPresent);
        if (found == null) {
            throw new BlockNotFoundException("no block \"" + name + "\" in " + directory
                    + "; create it first, and keep a handle open: the last one that is closed removes it");
        }
        return found;
    }

    /** Attaches to a block, or makes it. */
    Attachment openOrCreate(String name, long byteSize, MemoryOptions options) {
        options.forMaking();
        checkSize(byteSize);
        return Shortage.mended(() -> openOrCreate(name, byteSize, options, new Patience(path(name)),
                (file, header) -> mapped(file, header, options), () -> createIfAbsent(name, byteSize, options)));
    }

    private <T> T openOrCreate(String name, long byteSize, MemoryOptions options, Patience patience, Use<T> use,
            Supplier<@Nullable T> createIfAbsent) {
        BlockFile.Demand demand = header -> {
            checkKind(name, header, options.kind());
            checkSize(name, header, byteSize);
        };
        while (true) {
            T found = openIfPresent(name, demand, options, patience, use);
            if (found == null) {
                found = createIfAbsent.get();
            }
            if (found != null) {
                return found;
            }
            patience.nap();
        }
    }

    private <T> @Nullable T openIfPresent(String name, BlockFile.Demand demand, MemoryOptions options,
            Patience patience, Use<T> use) {
        return attach(name, demand, options.access(), patience, use);
    }

    /** As {@link #create}, of a block that gets its memory part by part. */
    SparseBlock createSparse(String name, long byteSize, MemoryOptions options, Consumer<? super SparseBlock> fill) {
        return create(name, () -> createSparseIfAbsent(name, byteSize, options.forMaking(), fill));
    }

    /** As {@link #open}, of a block that gets its memory part by part. */
    SparseBlock openSparse(String name, MemoryOptions options) {
        return open(name, () -> openIfPresent(name, header -> checkKind(name, header, options.kind()), options,
                new Patience(path(name)), (file, header) -> mappedSparse(name, file, header, options)));
    }

    /** As {@link #openOrCreate}, of a block that gets its memory part by part. */
    SparseBlock openOrCreateSparse(String name, long byteSize, MemoryOptions options,
            Consumer<? super SparseBlock> fill) {
        options.forMaking();
        checkSize(byteSize);
        return Shortage.mended(() -> openOrCreate(name, byteSize, options, new Patience(path(name)),
                (file, header) -> mappedSparse(name, file, header, options),
                () -> createSparseIfAbsent(name, byteSize, options, fill)));
    }

    private SparseBlock mappedSparse(String name, BlockFile file, BlockHeader header, MemoryOptions options) {
        return new SparseBlock(name, directory, file, mapped(file, header, options.mapping(), true));
    }

    /** Looks at a block, which does not attach to it. */
    PeekedBlock peek(String name, BlockKind kind) {
        try (BlockFile file = BlockFile.glance(path(name))) {
            if (file == null) {
                throw new BlockNotFoundException("no block \"" + name + "\" in " + directory);
            }
            BlockHeader header = file.usableHeader();
            checkKind(name, header, kind);
            return new PeekedBlock(name, file, header);
        }
    }

    /** What becomes of a file that has been attached to. */
    private interface Use<T> {
        @Nullable T of(BlockFile file, BlockHeader header);
    }

    private <T> @Nullable T attach(String name, BlockFile.Demand demand, BlockAccess access, Patience patience,
            Use<T> use) {
        while (true) {
            BlockFile file = existing(path(name), access);
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

    private static Attachment mapped(BlockFile file, BlockHeader header, MemoryOptions options) {
        return mapped(file, header, options.mapping(), options.hugePages());
    }

    private static Attachment mapped(BlockFile file, BlockHeader header, BlockMapping mapping, boolean huge) {
        boolean done = false;
        try {
            Attachment attachment = new Attachment(file, header, mapping, huge);
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
        return Shortage.mended(() -> {
            Viewed known = viewed.get(path(name));
            return known != null && known.file.join() ? viewAgain(known, isWanted) : viewFirst(name, kind, isWanted);
        });
    }

    /** A further look at a block that cannot be rewritten, as this process looks at it already. */
    private static @Nullable ViewedBlock viewAgain(Viewed known, Predicate<MemorySegment> isWanted) {
        boolean done = false;
        try {
            if (known.file.isNamed() && isWanted(known.file, isWanted)) {
                known.file.requireWhole(known.header);
                ViewedBlock block = new ViewedBlock(known.file, known.header);
                done = true;
                return block;
            }
            return null;
        } finally {
            if (!done) {
                known.file.leave(known.header.isPersistent());
            }
        }
    }

    private @Nullable ViewedBlock viewFirst(String name, BlockKind kind, Predicate<MemorySegment> isWanted) {
        BlockFile.Demand demand = header -> checkKind(name, header, kind);
        return attach(name, demand, BlockAccess.OWN, new Patience(path(name)), (file, header) -> {
            boolean done = false;
            try {
                if (file.beginView() && isWanted(file, isWanted)) {
                    Viewed known = new Viewed(file, header);
                    viewed.put(path(name), known);
                    file.whenLeft(() -> viewed.remove(path(name), known));
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
        sweeper.step();
        long fileBytes = BlockLayout.HEADER_BYTES + byteSize;
        BlockSpace.check(fileBytes, directory);
        BlockFile file = BlockFile.unnamed(directory, null, BlockAccess.OWN);
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
                    boolean removed = dryRun || BlockInspector.sweep(directory + "/" + PREFIX + info.name(), true);
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
