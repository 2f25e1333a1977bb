package io.cleave.sync;

final class MutexInTwoJvmsTest extends MutexContract {
    MutexInTwoJvmsTest() {
        super(Place.TWO_JVMS);
    }
}
