package io.cleave.sync;

import java.util.concurrent.atomic.AtomicLong;

final class AtomicLongInTwoJvmsTest extends AtomicsContract<SharedAtomicLong> {
    AtomicLongInTwoJvmsTest() {
        super(Place.TWO_JVMS, new AtomicLong(), SharedAtomicLong.BYTES, SharedAtomicLong::at, SharedAtomicLong::named);
    }
}
