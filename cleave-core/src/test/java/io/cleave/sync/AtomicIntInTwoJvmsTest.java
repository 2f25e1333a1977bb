package io.cleave.sync;

import java.util.concurrent.atomic.AtomicInteger;

final class AtomicIntInTwoJvmsTest extends AtomicsContract<SharedAtomicInt> {
    AtomicIntInTwoJvmsTest() {
        super(Place.TWO_JVMS, new AtomicInteger(), SharedAtomicInt.BYTES, SharedAtomicInt::at, SharedAtomicInt::named);
    }
}
