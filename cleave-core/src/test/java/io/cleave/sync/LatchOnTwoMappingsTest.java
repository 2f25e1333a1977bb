package io.cleave.sync;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

final class LatchOnTwoMappingsTest extends LatchContract {

    @BeforeEach
    void open() {
        one = SharedCountDownLatch.named("latch-test", 2);
        two = SharedCountDownLatch.named("latch-test", 2);
    }

    @AfterEach
    void close() {
        one.close();
        two.close();
        two.close();
    }
}
