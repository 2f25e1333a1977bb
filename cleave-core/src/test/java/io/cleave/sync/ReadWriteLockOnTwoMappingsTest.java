package io.cleave.sync;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

final class ReadWriteLockOnTwoMappingsTest extends ReadWriteLockContract {

    @BeforeEach
    void open() {
        one = SharedReadWriteLock.named("rw-test");
        two = SharedReadWriteLock.named("rw-test");
    }

    @AfterEach
    void close() {
        one.close();
        two.close();
        two.close();
    }
}
