package io.cleave.sync;

final class BarrierInTwoJvmsTest extends BarrierContract {
    BarrierInTwoJvmsTest() {
        super(Place.TWO_JVMS);
    }
}
