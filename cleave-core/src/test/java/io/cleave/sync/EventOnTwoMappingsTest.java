package io.cleave.sync;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

final class EventOnTwoMappingsTest extends EventContract {

    @BeforeEach
    void open() {
        one = SharedEvent.named("event-test");
        two = SharedEvent.named("event-test");
    }

    @AfterEach
    void close() {
        one.close();
        two.close();
        two.close();
    }
}
