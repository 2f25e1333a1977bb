package io.cleave.sync;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

final class EventOnSegmentTest extends EventContract {
    private final Arena arena = Arena.ofShared();

    @BeforeEach
    void open() {
        MemorySegment memory = arena.allocate(GuardedLayout.BYTES, 8);
        one = SharedEvent.at(memory);
        two = SharedEvent.at(memory);
    }

    @AfterEach
    void close() {
        arena.close();
    }
}
