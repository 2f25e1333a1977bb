package io.cleave.sync;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

final class BarrierOnTwoMappingsTest extends BarrierContract {

    @BeforeEach
    void open() {
        one = SharedBarrier.named("barrier-test", 3);
        two = SharedBarrier.named("barrier-test", 3);
    }

    @AfterEach
    void close() {
        one.close();
        two.close();
        two.close();
    }
}
