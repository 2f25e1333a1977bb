package io.cleave.sync;

final class EventInTwoJvmsTest extends EventContract {
    EventInTwoJvmsTest() {
        super(Place.TWO_JVMS);
    }
}
