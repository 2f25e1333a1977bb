package io.cleave.sync;

final class ReadWriteLockOnTwoMappingsTest extends ReadWriteLockContract {
    ReadWriteLockOnTwoMappingsTest() {
        super(Place.TWO_MAPPINGS);
    }
}
