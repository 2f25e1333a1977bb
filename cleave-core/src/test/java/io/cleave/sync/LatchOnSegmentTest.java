package io.cleave.sync;

final class LatchOnSegmentTest extends LatchContract {
    LatchOnSegmentTest() {
        super(Place.SEGMENT);
    }
}
