package io.cleave.os;

import static io.cleave.os.Native.INT;
import static io.cleave.os.Native.LONG;
import static io.cleave.os.Native.POINTER;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A collection of the young generation alone. The JVM offers it to nobody: {@link System#gc} collects the whole heap.
 *
 * <p>
 * HotSpot has a function for it in every build, for its own tests (the class {@code WhiteBox}), which is a native method in a
 * table of JNI's: name, signature, function, as the JNI specification lays them out for {@code RegisterNatives}. The entry is
 * looked for in libjvm's memory. It is taken only where there is exactly one that has that name and signature and leads into
 * libjvm's code; a JVM without it has no such collection. The function needs none of HotSpot's test options.
 */
public final class YoungCollection {
    private static final byte[] NAME = "\0youngGC\0".getBytes(StandardCharsets.US_ASCII);
    private static final String SIGNATURE = "()V";
    /** Of an entry: the name's address, the signature's, and the function's. */
    private static final int ENTRY_BYTES = 24;

    private static final @Nullable YoungCollection INSTANCE = find();

    private final MethodHandle function;
    private final MethodHandle getEnv;
    private final long machine;

    /** A part of libjvm in memory. */
    private record Part(long from, long to, boolean isCode) {
        boolean has(long address, long bytes) {
            return from <= address && address <= to - bytes;
        }
    }

    private YoungCollection(MemorySegment function, long machine) {
        this.function = Native.pointer(function, FunctionDescriptor.ofVoid(LONG, LONG));
        this.getEnv = Jni.function(machine, Jni.GET_ENV, FunctionDescriptor.of(INT, LONG, POINTER, INT));
        this.machine = machine;
    }

    /**
     * Whether this JVM has it.
     *
     * @return whether {@link #run} collects
     */
    public static boolean isThere() {
        return INSTANCE != null;
    }

    /**
     * Collects the young generation, at a safepoint: all threads of the program stand still meanwhile. The time is that of
     * what is alive in the young generation, of the roots, and of what the old one refers to it by. Does nothing where it
     * {@linkplain #isThere is not there}.
     */
    public static void run() {
        YoungCollection own = INSTANCE;
        if (own != null) {
            try {
                own.function.invokeExact(Jni.environment(own.getEnv, own.machine, Jni.JNI_VERSION_10), 0L);
            } catch (Throwable t) {
                throw Native.unexpected(t);
            }
        }
    }

    private static @Nullable YoungCollection find() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment function = function(parts(VmStructs.symbol("JNI_GetCreatedJavaVMs")));
            long machine = Jni.machine(arena);
            return function == null || machine == 0 ? null : new YoungCollection(function, machine);
        } catch (IOException | UnsupportedOperationException e) {
            return null; // without it children take more memory
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /** The readable parts of the library in which an address lies. */
    private static List<Part> parts(long address) throws IOException {
        List<String> lines = Files.readAllLines(Path.of("/proc/self/maps"));
        String library = lines.stream().filter(line -> part(line).has(address, 1)).map(YoungCollection::file)
                .findFirst()
                .orElseThrow(() -> new IOException("no library has " + Long.toHexString(address)));
        return lines.stream().filter(line -> !library.isEmpty() && file(line).equals(library))
                .filter(line -> line.charAt(line.indexOf(' ') + 1) == 'r').map(YoungCollection::part).toList();
    }

    private static String file(String line) {
        int slash = line.indexOf('/');
        return slash < 0 ? "" : line.substring(slash);
    }

    private static Part part(String line) {
        int dash = line.indexOf('-');
        int space = line.indexOf(' ');
        return new Part(Long.parseUnsignedLong(line, 0, dash, 16), Long.parseUnsignedLong(line, dash + 1, space, 16),
                line.charAt(space + 3) == 'x');
    }

    private static @Nullable MemorySegment function(List<Part> parts) throws Throwable {
        List<Long> names = new ArrayList<>();
        for (Part part : parts) {
            for (long at : occurrences(part, MemorySegment.ofArray(NAME), 1)) {
                names.add(at + 1);
            }
        }
        List<Long> functions = new ArrayList<>();
        for (long name : names) {
            for (Part part : parts) {
                for (long at : occurrences(part, MemorySegment.ofArray(new long[] {name}), Long.BYTES)) {
                    if (part.has(at, ENTRY_BYTES) && isSignature(parts, VmStructs.read(at + 8))
                            && isCode(parts, VmStructs.read(at + 16))) {
                        functions.add(VmStructs.read(at + 16));
                    }
                }
            }
        }
        return functions.size() == 1 ? MemorySegment.ofAddress(functions.getFirst()) : null;
    }

    private static boolean isSignature(List<Part> parts, long address) {
        return parts.stream().anyMatch(part -> part.has(address, SIGNATURE.length() + 1L))
                && VmStructs.memory(address, SIGNATURE.length() + 1L).getString(0).equals(SIGNATURE);
    }

    private static boolean isCode(List<Part> parts, long address) {
        return parts.stream().anyMatch(part -> part.isCode && part.has(address, 1));
    }

    /** Where the bytes lie in a part, at addresses that are multiples of an alignment. */
    private static List<Long> occurrences(Part part, MemorySegment wanted, long alignment) throws Throwable {
        List<Long> found = new ArrayList<>();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocate(wanted.byteSize()).copyFrom(wanted);
            MethodHandle memmem = Native.plain("memmem", FunctionDescriptor.of(LONG, LONG, LONG, POINTER, LONG));
            long at = part.from;
            while ((at = (long) memmem.invokeExact(at, part.to - at, bytes, bytes.byteSize())) != 0) {
                if (at % alignment == 0) {
                    found.add(at);
                }
                at++;
            }
        }
        return found;
    }
}
