package io.cleave.sync;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

final class LatchOnSegmentTest extends LatchContract {
    private final Arena arena = Arena.ofShared();

    @BeforeEach
    void open() {
        MemorySegment memory = arena.allocate(GuardedLayout.BYTES, 8);
        one = SharedCountDownLatch.at(memory, 2);
        two = SharedCountDownLatch.at(memory, 2);
    }

    @AfterEach
    void close() {
        arena.close();
    }
}
