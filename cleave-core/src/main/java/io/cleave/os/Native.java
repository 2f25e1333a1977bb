package io.cleave.os;

import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/**
 * The way down to libc: handles of its functions, and the error number of the call that this thread made last.
 *
 * <p>
 * Every wrapper above returns the call's value, or {@code -errno}. The segment that receives the error number belongs
 * to one thread (virtual ones included), as does the scratch memory beside it for small structures. A forked child
 * goes on with its own copy of both.
 */
final class Native {
    static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    static final AddressLayout POINTER = ValueLayout.ADDRESS;

    /** Bytes of scratch memory that each thread has for the small structures that calls fill. */
    static final int SCRATCH_BYTES = 272;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final Linker.Option CAPTURE = Linker.Option.captureCallState("errno");

    private static final ThreadLocal<PerThread> PER_THREAD = ThreadLocal.withInitial(PerThread::new);

    /** What one thread needs for its calls. */
    private static final class PerThread {
        final MemorySegment state;
        final MemorySegment scratch;

        PerThread() {
            Arena arena = Arena.ofAuto();
            state = arena.allocate(STATE);
            scratch = arena.allocate(SCRATCH_BYTES, 16);
        }
    }

    private Native() {
    }

    /** The processor's name as system call numbers depend on it: {@code x86_64} or {@code aarch64}. */
    static boolean isAarch64() {
        String arch = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
        return arch.equals("aarch64") || arch.equals("arm64");
    }

    /** The address of a symbol that libc or a library loaded for all exports. */
    static Optional<MemorySegment> find(String symbol) {
        return LINKER.defaultLookup().find(symbol);
    }

    /** The address of a symbol that any library of this process exports, as dlsym(3) finds it. */
    static Optional<MemorySegment> findAnywhere(String symbol) {
        try (Arena arena = Arena.ofConfined()) {
            long found = (long) Dlfcn.DLSYM.invokeExact(state(), MemorySegment.NULL,
                    arena.allocateFrom(symbol).address(), 0, 0, 0, 0L);
            return found == 0 ? Optional.empty() : Optional.of(MemorySegment.ofAddress(found));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /** Whether two addresses lie in one library, as dladdr(3) tells. */
    static boolean isSameLibrary(long one, long other) {
        long base = libraryOf(one);
        return base != 0 && base == libraryOf(other);
    }

    /** Where the library begins that an address lies in, 0 where it lies in none. */
    private static long libraryOf(long address) {
        MemorySegment info = scratch(); // Dl_info: a name, the beginning, a name, an address
        try {
            int isFound = (int) Dlfcn.DLADDR.invokeExact(state(), MemorySegment.ofAddress(address), info.address());
            return isFound == 0 ? 0 : info.get(LONG, POINTER.byteSize());
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /**
     * Linked when it is first needed, with shapes of mmap(2) and munmap(2), which have been linked before: a shape of its own takes
     * several ms. What dlsym does not ask for lies in registers that it does not look at.
     */
    private static final class Dlfcn {
        static final MethodHandle DLSYM = capturing("dlsym",
                FunctionDescriptor.of(LONG, POINTER, LONG, INT, INT, INT, LONG));
        static final MethodHandle DLADDR = capturing("dladdr", FunctionDescriptor.of(INT, POINTER, LONG));
    }

    /** A function whose error number is captured: its first argument is {@link #state()}. */
    static MethodHandle capturing(String name, FunctionDescriptor shape, Linker.Option... options) {
        Linker.Option[] all = Arrays.copyOf(options, options.length + 1);
        all[options.length] = CAPTURE;
        return LINKER.downcallHandle(address(name), shape, all);
    }

    /** A variadic function whose error number is captured, with its {@code fixed} named parameters before the dots. */
    static MethodHandle capturingVariadic(String name, int fixed, FunctionDescriptor shape) {
        return LINKER.downcallHandle(address(name), shape, CAPTURE, Linker.Option.firstVariadicArg(fixed));
    }

    /** A function that sets no error number worth reading. */
    static MethodHandle plain(String name, FunctionDescriptor shape, Linker.Option... options) {
        return LINKER.downcallHandle(address(name), shape, options);
    }

    /** A function pointer found at run time. */
    static MethodHandle pointer(MemorySegment function, FunctionDescriptor shape) {
        return LINKER.downcallHandle(function, shape);
    }

    private static MemorySegment address(String name) {
        return find(name).orElseThrow(() -> new UnsupportedOperationException("this system's C library has no " + name
                + "(); Cleave needs Linux with glibc 2.28 or later, or musl 1.2.3 or later"));
    }

    /** Where the calling thread's calls leave their error number. */
    static MemorySegment state() {
        return PER_THREAD.get().state;
    }

    /** Scratch memory of the calling thread, {@link #SCRATCH_BYTES} long, aligned to 16; its content is anything. */
    static MemorySegment scratch() {
        return PER_THREAD.get().scratch;
    }

    /** Memory at an address that is known to be so large. */
    static MemorySegment memory(long address, long byteSize) {
        return MemorySegment.ofAddress(address).reinterpret(byteSize);
    }

    /** A call's value, or -errno where it is -1. */
    static int result(int value) {
        return value == -1 ? -(int) ERRNO.get(state(), 0L) : value;
    }

    /** A call's value, or -errno where it is -1. */
    static long result(long value) {
        return value == -1 ? -(int) ERRNO.get(state(), 0L) : value;
    }

    /** For what a method handle may declare to throw and a downcall never does, but for misuse, which passes. */
    static RuntimeException unexpected(Throwable thrown) {
        if (thrown instanceof RuntimeException e) {
            return e;
        }
        if (thrown instanceof Error e) {
            throw e;
        }
        return new IllegalStateException("a downcall threw " + thrown, thrown);
    }
}
