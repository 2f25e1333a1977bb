package io.cleave.sync;

final class ReadWriteLockInTwoJvmsTest extends ReadWriteLockContract {
    ReadWriteLockInTwoJvmsTest() {
        super(Place.TWO_JVMS);
    }
}
