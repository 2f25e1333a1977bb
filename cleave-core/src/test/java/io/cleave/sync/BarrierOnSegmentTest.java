package io.cleave.sync;

final class BarrierOnSegmentTest extends BarrierContract {
    BarrierOnSegmentTest() {
        super(Place.SEGMENT);
    }
}
