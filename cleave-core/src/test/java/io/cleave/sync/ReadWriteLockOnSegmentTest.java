package io.cleave.sync;

final class ReadWriteLockOnSegmentTest extends ReadWriteLockContract {
    ReadWriteLockOnSegmentTest() {
        super(Place.SEGMENT);
    }
}
