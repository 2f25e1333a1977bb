package io.cleave.sync;

final class SemaphoreInTwoJvmsTest extends SemaphoreContract {
    SemaphoreInTwoJvmsTest() {
        super(Place.TWO_JVMS);
    }
}
