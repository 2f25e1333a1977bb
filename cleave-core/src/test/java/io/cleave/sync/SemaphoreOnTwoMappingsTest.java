package io.cleave.sync;

final class SemaphoreOnTwoMappingsTest extends SemaphoreContract {
    SemaphoreOnTwoMappingsTest() {
        super(Place.TWO_MAPPINGS);
    }
}
