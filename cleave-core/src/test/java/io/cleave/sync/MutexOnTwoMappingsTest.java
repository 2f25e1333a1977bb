package io.cleave.sync;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

final class MutexOnTwoMappingsTest extends MutexContract {

    @BeforeEach
    void open() {
        lock = SharedMutex.named("mutex-test");
        other = SharedMutex.named("mutex-test");
    }

    @AfterEach
    void close() {
        lock.close();
        other.close();
    }
}
