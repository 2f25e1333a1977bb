package io.cleave.os;

import static io.cleave.os.Native.INT;
import static io.cleave.os.Native.LONG;
import static io.cleave.os.Native.POINTER;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** {@code dirent.h}: directories, read in parts. */
public final class Dirent {
    private static final long SYS_GETDENTS64 = Native.isAarch64() ? 61 : 217;
    private static final int DT_UNKNOWN = 0;
    private static final int DT_REG = 8;

    // struct linux_dirent64: d_ino 0 (8), d_off 8 (8), d_reclen 16 (2), d_type 18 (1), d_name 19, ends with 0
    private static final long D_OFF = 8;
    private static final long D_RECLEN = 16;
    private static final long D_TYPE = 18;
    private static final long D_NAME = 19;

    private static final MethodHandle GETDENTS64 = Native.capturingVariadic("syscall", 1,
            FunctionDescriptor.of(LONG, LONG, INT, POINTER, LONG));

    /**
     * A part of a directory.
     *
     * @param names the names in it of what are, or may be, regular files
     * @param next where the next part begins; 0 where this was the last one
     */
    public record Part(List<String> names, long next) {}

    private Dirent() {
    }

    /**
     * {@code getdents64(2)}: reads a part of a directory, without keeping it open. Names that come or go meanwhile may be
     * missing, all others are in one of the parts.
     *
     * @param directory its path
     * @param from 0 for the first part, then what {@link Part#next} says
     * @param byteSize how much to read: some 30 bytes and the name for each entry
     * @return the part; an empty last one where the directory cannot be read
     */
    public static Part read(String directory, long from, int byteSize) {
        int fd = Fcntl.open(directory, Fcntl.O_RDONLY | Fcntl.O_DIRECTORY, 0);
        if (fd < 0) {
            return new Part(List.of(), 0);
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(byteSize, Long.BYTES);
            if (from != 0 && Unistd.lseek(fd, from, 0) < 0) {
                return new Part(List.of(), 0);
            }
            long length = getdents64(fd, buffer);
            return length <= 0 ? new Part(List.of(), 0) : parsed(buffer, length);
        } finally {
            Unistd.close(fd);
        }
    }

    private static Part parsed(MemorySegment buffer, long length) {
        List<String> names = new ArrayList<>();
        long next = 0;
        for (long at = 0; at < length; at += buffer.get(ValueLayout.JAVA_SHORT, at + D_RECLEN) & 0xffff) {
            int type = buffer.get(ValueLayout.JAVA_BYTE, at + D_TYPE);
            next = buffer.get(LONG, at + D_OFF);
            if (type == DT_REG || type == DT_UNKNOWN) {
                names.add(buffer.getString(at + D_NAME, StandardCharsets.ISO_8859_1));
            }
        }
        return new Part(names, next);
    }

    private static long getdents64(int fd, MemorySegment buffer) {
        try {
            return Native.result((long) GETDENTS64.invokeExact(Native.state(), SYS_GETDENTS64, fd, buffer,
                    buffer.byteSize()));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }
}
