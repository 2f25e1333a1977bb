package io.cleave.sync;

final class SemaphoreOnSegmentTest extends SemaphoreContract {
    SemaphoreOnSegmentTest() {
        super(Place.SEGMENT);
    }
}
