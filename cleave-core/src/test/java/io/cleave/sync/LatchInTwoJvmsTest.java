package io.cleave.sync;

final class LatchInTwoJvmsTest extends LatchContract {
    LatchInTwoJvmsTest() {
        super(Place.TWO_JVMS);
    }
}
