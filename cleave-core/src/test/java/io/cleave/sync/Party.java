package io.cleave.sync;

import io.cleave.testing.Background;
import java.io.Serializable;
import java.lang.foreign.MemorySegment;

/** One who uses the object of a contract by a handle of its own: a thread of this JVM, or of another. */
interface Party<T> {
    /** Something that a party does in a thread of its own; it refers to what it is given only. */
    interface Work<T, R> extends Serializable {
        /** Does it to the party's handle, beside memory that all parties share. */
        R on(T handle, MemorySegment data) throws Exception;
    }

    /** Work without a result. */
    interface Deed<T> extends Serializable {
        void on(T handle, MemorySegment data) throws Exception;
    }

    <R> Background<R> start(boolean isVirtual, Work<T, R> work);

    default <R> Background<R> call(Work<T, R> work) {
        return start(false, work);
    }

    default Background<Void> run(Deed<T> deed) {
        return start(false, work(deed));
    }

    default Background<Void> runVirtual(Deed<T> deed) {
        return start(true, work(deed));
    }

    private static <T> Work<T, Void> work(Deed<T> deed) {
        return (handle, data) -> {
            deed.on(handle, data);
            return null;
        };
    }
}
