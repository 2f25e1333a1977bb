package io.cleave.cli;

import io.cleave.CleaveException;
import io.cleave.memory.BlockInfo;
import io.cleave.memory.BlockKind;
import io.cleave.objects.HeapInfo;
import io.cleave.objects.HeapStatistics;
import io.cleave.objects.HeapVerification;
import io.cleave.share.ValueInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Shared blocks as the commands show them. */
final class Blocks {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss", Locale.ROOT);
    private static final int ROW = 16;

    /**
     * A process that has a block mapped.
     *
     * @param pid its id
     * @param command what it runs
     */
    record User(long pid, String command) {}

    private Blocks() {
    }

    /** The directory that blocks lie in. */
    static Path directory() {
        String named = System.getenv("CLEAVE_DIR");
        return Path.of(named == null || named.isEmpty() ? "/dev/shm" : named).toAbsolutePath();
    }

    /** The file that a block is. */
    static Path file(BlockInfo block) {
        return directory().resolve("cleave." + block.name());
    }

    /** What is known of a block, for programs. What is not known is null. */
    static JsonObject json(BlockInfo block) {
        boolean known = hasHeader(block);
        return new JsonObject().put("name", block.name()).put("bytes", block.byteSize())
                .put("kind", word(block.kind())).put("lifetime", known ? word(block.lifetime()) : null)
                .put("state", word(block.state())).put("attached", block.attached())
                .put("created", known ? block.created().toString() : null)
                .put("creator_pid", known ? block.creatorPid() : null).put("creator", word(block.creator()))
                .put("note", block.note());
    }

    /** What is known of a block that holds a shared value; empty where it is another, or cannot be read. */
    static Optional<ValueInfo> value(BlockInfo block) throws IOException {
        return block.kind() == BlockKind.VALUE && hasHeader(block) ? ValueInfo.of(head(block, ValueInfo.BYTES))
                : Optional.empty();
    }

    /** The same for programs. */
    static JsonObject json(ValueInfo value) {
        return new JsonObject().put("state", word(value.state())).put("codec", value.codec())
                .put("bytes", value.byteSize()).put("parts", value.parts())
                .put("reads_left", value.readsLeft() < 0 ? null : value.readsLeft());
    }

    /** The same for people. */
    static String text(ValueInfo value) {
        return word(value.state()) + ", " + Units.bytes(value.byteSize()) + ", "
                + (value.codec().isEmpty() ? "not encoded" : "encoded by " + value.codec() + " but for "
                        + Units.count(value.parts(), "part", "parts"))
                + (value.readsLeft() < 0 ? "" : ", " + Units.count(value.readsLeft(), "read", "reads") + " left");
    }

    /** What is known of a block that holds a heap; empty where it is another, or cannot be read. */
    static Optional<HeapInfo> heap(BlockInfo block) {
        try {
            return block.kind() == BlockKind.HEAP && hasHeader(block) ? Optional.of(HeapInfo.of(block.name()))
                    : Optional.empty();
        } catch (CleaveException e) { // gone meanwhile, of another version, or damaged: inspect --verify says which
            return Optional.empty();
        }
    }

    /** The same for programs. */
    static JsonObject json(HeapInfo heap) {
        HeapStatistics figures = heap.statistics();
        return new JsonObject().put("maximum_bytes", figures.maximumBytes())
                .put("committed_bytes", figures.committedBytes())
                .put("used_bytes", figures.usedBytes()).put("free_bytes", figures.freeBytes())
                .put("largest_hole_bytes", figures.largestHoleBytes()).put("reserved_bytes", figures.reservedBytes())
                .put("roots", heap.roots().stream().map(root -> new JsonObject().put("name", root.name())
                        .put("kind", root.kind()).put("type", root.description())
                        .put("size", root.size() < 0 ? null : root.size())).toList());
    }

    /** The same for people, in a line. */
    static String text(HeapInfo heap) {
        HeapStatistics figures = heap.statistics();
        return Units.count(heap.roots().size(), "name", "names") + ", " + Units.bytes(figures.usedBytes())
                + " used and "
                + Units.bytes(figures.freeBytes()) + " free of " + Units.bytes(figures.committedBytes())
                + ", may grow to " + Units.bytes(figures.maximumBytes());
    }

    /** The same for programs. */
    static JsonObject json(HeapVerification found) {
        return new JsonObject().put("sound", found.isSound()).put("faults", found.faults())
                .put("committed_bytes", found.committedBytes()).put("used_bytes", found.usedBytes())
                .put("free_bytes", found.freeBytes()).put("waste_bytes", found.wasteBytes());
    }

    /** Whether the block's header could be read. */
    static boolean hasHeader(BlockInfo block) {
        return block.state() != BlockInfo.State.DAMAGED && block.state() != BlockInfo.State.FOREIGN;
    }

    static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    /** A moment on this machine's clock. */
    static String time(Instant moment) {
        return TIME.format(moment.atZone(ZoneId.systemDefault()));
    }

    /** The beginning of what users see of a block; of a block without a readable header, that of its file. */
    static byte[] head(BlockInfo block, int length) throws IOException {
        Path file = file(block);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(length, block.byteSize()));
            long from = Math.max(0, channel.size() - block.byteSize()); // the header comes first
            int read;
            do {
                read = channel.read(bytes, from + bytes.position());
            } while (read > 0 && bytes.hasRemaining());
            return Arrays.copyOf(bytes.array(), bytes.position());
        }
    }

    /** Bytes as lines of offset, hexadecimal digits and characters. */
    static List<String> hexDump(byte[] bytes) {
        List<String> lines = new ArrayList<>();
        for (int at = 0; at < bytes.length; at += ROW) {
            StringBuilder digits = new StringBuilder();
            StringBuilder characters = new StringBuilder();
            for (int i = at; i < Math.min(at + ROW, bytes.length); i++) {
                digits.append(i - at == ROW / 2 ? "  " : " ").append(String.format(Locale.ROOT, "%02x", bytes[i]));
                characters.append(bytes[i] >= ' ' && bytes[i] <= '~' ? (char) bytes[i] : '.');
            }
            lines.add(String.format(Locale.ROOT, "%08x %-49s  |%s|", at, digits, characters));
        }
        return lines;
    }

    /** The processes that have a block mapped, as far as this user may look into them. */
    static List<User> users(BlockInfo block) throws IOException {
        String mapped = mapped(file(block));
        List<User> users = new ArrayList<>();
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            for (Path process : processes) {
                String maps = text(process.resolve("maps"));
                if (maps != null && maps.lines().anyMatch(line -> line.contains(mapped))) {
                    users.add(new User(Long.parseLong(process.getFileName().toString()), command(process)));
                }
            }
        }
        return users;
    }

    /** A file as {@code /proc/PID/maps} names it: device and number, as its name there may be an older one. */
    private static String mapped(Path file) throws IOException {
        long device = (Long) Files.getAttribute(file, "unix:dev");
        long major = (device >> 8 & 0xfff) | (device >> 32 & ~0xfffL);
        long minor = (device & 0xff) | (device >> 12 & ~0xffL);
        return String.format(Locale.ROOT, " %02x:%02x %d ", major, minor,
                ((Number) Files.getAttribute(file, "unix:ino")).longValue());
    }

    private static String command(Path process) {
        String arguments = text(process.resolve("cmdline"));
        return arguments == null ? "" : arguments.replace('\0', ' ').strip();
    }

    private static @Nullable String text(Path file) {
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return null; // it has ended, or is another user's
        }
    }
}
