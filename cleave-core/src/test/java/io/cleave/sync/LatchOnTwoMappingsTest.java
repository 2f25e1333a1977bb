package io.cleave.sync;

final class LatchOnTwoMappingsTest extends LatchContract {
    LatchOnTwoMappingsTest() {
        super(Place.TWO_MAPPINGS);
    }
}
