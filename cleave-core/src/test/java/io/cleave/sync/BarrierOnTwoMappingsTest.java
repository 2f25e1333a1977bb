package io.cleave.sync;

final class BarrierOnTwoMappingsTest extends BarrierContract {
    BarrierOnTwoMappingsTest() {
        super(Place.TWO_MAPPINGS);
    }
}
