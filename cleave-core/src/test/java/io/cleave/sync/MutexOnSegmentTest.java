package io.cleave.sync;

final class MutexOnSegmentTest extends MutexContract {
    MutexOnSegmentTest() {
        super(Place.SEGMENT);
    }
}
