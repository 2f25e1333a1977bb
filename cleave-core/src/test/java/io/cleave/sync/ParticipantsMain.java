package io.cleave.sync;

import io.cleave.CleaveException;
import io.cleave.memory.SharedMemory;
import io.cleave.os.ProcFs;
import io.cleave.owner.Participants;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Uses locks in a process that sees another table of participants, or none, or that has much memory. */
@SuppressWarnings({"LockNotBeforeTry", "SystemOut"})
final class ParticipantsMain {
    private ParticipantsMain() {
    }

    /** Maps a file for good. */
    static MemorySegment map(Path file) throws Exception {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ,
                StandardOpenOption.WRITE)) {
            return channel.map(FileChannel.MapMode.READ_WRITE, 0, SharedMutex.BYTES, Arena.global());
        }
    }

    public static void main(String[] arguments) throws Exception {
        switch (arguments[0]) {
            case "attach" -> attach(Path.of(arguments[1]));
            case "nameless" -> nameless(Path.of(arguments[1]));
            case "full" -> full();
            case "big" -> big(arguments[1], Long.parseLong(arguments[2]));
            default -> throw new IllegalArgumentException(arguments[0]);
        }
    }

    private static void nameless(Path table) throws Exception {
        SharedMutex old = SharedMutex.at(Arena.global().allocate(SharedMutex.BYTES, 8));
        Files.delete(table);
        try {
            System.out.println("attached " + SharedMutex.at(Arena.global().allocate(SharedMutex.BYTES, 8)));
        } catch (CleaveException e) {
            System.out.println("refused " + e.getClass().getSimpleName() + " " + e.getMessage());
        }
        System.out.println("old one " + old.tryLock());
    }

    private static void attach(Path file) throws Exception {
        try {
            SharedMutex mutex = SharedMutex.at(map(file));
            System.out.println("attached, tryLock " + mutex.tryLock());
        } catch (CleaveException e) {
            System.out.println("refused " + e.getClass().getSimpleName() + " " + e.getMessage());
        }
    }

    /** Becomes a participant again and again where there is no slot. */
    private static void full() throws Exception {
        for (int i = 0; i < 3; i++) {
            register();
        }
        int before = ProcFs.openFiles().length;
        String first = register();
        int after = ProcFs.openFiles().length;
        System.out.println("descriptors " + (after - before) + ", maps " + maps() + ", " + first);
    }

    private static long maps() throws Exception {
        try (var lines = Files.lines(Path.of("/proc/self/maps"))) {
            return lines.filter(line -> line.contains("cleave-participants")).count();
        }
    }

    private static String register() {
        try {
            return Long.toHexString(Participants.process());
        } catch (CleaveException e) {
            return e.getMessage();
        }
    }

    /** Holds a lock beside some memory that it has used. */
    private static void big(String name, long bytes) throws Exception {
        MemorySegment memory = Arena.global().allocate(bytes);
        for (long at = 0; at < bytes; at += 4096) {
            memory.set(java.lang.foreign.ValueLayout.JAVA_BYTE, at, (byte) 1);
        }
        SharedMutex.at(SharedMemory.open(name).segment()).lock();
        System.out.println("held");
        Thread.sleep(Long.MAX_VALUE);
    }
}
