package io.cleave.sync;

final class EventOnSegmentTest extends EventContract {
    EventOnSegmentTest() {
        super(Place.SEGMENT);
    }
}
