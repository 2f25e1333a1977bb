package io.cleave.sync;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

final class SemaphoreOnTwoMappingsTest extends SemaphoreContract {

    @BeforeEach
    void open() {
        one = SharedSemaphore.named("semaphore-test", 3);
        two = SharedSemaphore.named("semaphore-test", 3);
    }

    @AfterEach
    void close() {
        one.close();
        two.close();
        two.close();
    }
}
