package io.cleave.sync;

final class EventOnTwoMappingsTest extends EventContract {
    EventOnTwoMappingsTest() {
        super(Place.TWO_MAPPINGS);
    }
}
