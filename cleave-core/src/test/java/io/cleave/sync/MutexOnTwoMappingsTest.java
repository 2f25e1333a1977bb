package io.cleave.sync;

final class MutexOnTwoMappingsTest extends MutexContract {
    MutexOnTwoMappingsTest() {
        super(Place.TWO_MAPPINGS);
    }
}
