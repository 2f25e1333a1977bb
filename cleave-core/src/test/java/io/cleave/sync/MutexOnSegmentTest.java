package io.cleave.sync;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

final class MutexOnSegmentTest extends MutexContract {
    private final Arena arena = Arena.ofShared();

    @BeforeEach
    void open() {
        MemorySegment memory = arena.allocate(SharedMutex.BYTES, 8);
        lock = SharedMutex.at(memory);
        other = lock;
    }

    @AfterEach
    void close() {
        arena.close();
    }
}
