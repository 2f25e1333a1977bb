package io.cleave.pool;

import io.cleave.channel.Doorbell;
import io.cleave.os.Fcntl;
import io.cleave.os.Mman;
import io.cleave.os.SystemCallException;
import io.cleave.os.Unistd;
import io.cleave.work.PoolMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The pool's side of what it shares with its workers: a file without a name, which they open by its entry in
 * {@code /proc/PID/fd}.
 *
 * @param fd the file
 * @param memory all of it
 * @param arena its lifetime
 */
record CrewMemory(int fd, MemorySegment memory, Arena arena) implements AutoCloseable {
    private static final int OWNER_ONLY = 0600;

    static CrewMemory create(int workers) {
        int fd = Mman.memfd_create("cleave-pool", Mman.MFD_CLOEXEC);
        if (fd < 0) {
            throw new SystemCallException("memfd_create", -fd, "check the limit of open files (ulimit -n)");
        }
        long size = PoolMemory.bytesFor(workers);
        Arena arena = Arena.ofShared();
        boolean done = false;
        try {
            check("fchmod", Fcntl.fchmod(fd, OWNER_ONLY));
            check("ftruncate(" + size + " bytes)", Unistd.ftruncate(fd, size));
            MemorySegment memory = Mman.map(arena, size, Mman.PROT_READ | Mman.PROT_WRITE, Mman.MAP_SHARED, fd, 0);
            done = true;
            return new CrewMemory(fd, memory, arena);
        } finally {
            if (!done) {
                arena.close();
                Unistd.close(fd);
            }
        }
    }

    private static void check(String call, int result) {
        if (result < 0) {
            throw new SystemCallException(call, -result, "ask for fewer workers");
        }
    }

    PoolMemory.Head head() {
        return new PoolMemory.Head(memory.asSlice(0, PoolMemory.HEAD_BYTES).asByteBuffer());
    }

    Doorbell bell() {
        return head().bell();
    }

    PoolMemory.Slot slot(int place) {
        return new PoolMemory.Slot(memory.asSlice(PoolMemory.slotAt(place), PoolMemory.SLOT_BYTES).asByteBuffer());
    }

    @Override
    public void close() {
        arena.close();
        Unistd.close(fd);
    }
}
