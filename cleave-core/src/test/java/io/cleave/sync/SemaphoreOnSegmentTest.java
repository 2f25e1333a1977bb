package io.cleave.sync;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

final class SemaphoreOnSegmentTest extends SemaphoreContract {
    private final Arena arena = Arena.ofShared();

    @BeforeEach
    void open() {
        MemorySegment memory = arena.allocate(GuardedLayout.BYTES, 8);
        one = SharedSemaphore.at(memory, 3);
        two = SharedSemaphore.at(memory, 3);
    }

    @AfterEach
    void close() {
        arena.close();
    }
}
