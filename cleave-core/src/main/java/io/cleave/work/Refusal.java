package io.cleave.work;

import io.cleave.AllocationException;
import io.cleave.share.Codec;
import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/** What a caller learns of code or a value that cannot be sent to a worker, in the same words in all pools. */
public final class Refusal {
    private Refusal() {
    }

    /**
     * Refuses code that Java serialization does not take at all.
     *
     * @param code a task, or an initializer
     * @param what what it is, for the message
     * @throws IllegalArgumentException where it is not serializable
     */
    public static void requireSerializable(Object code, String what) {
        if (!(code instanceof Serializable)) {
            throw new IllegalArgumentException(what + " cannot be sent to a worker: " + code.getClass().getName()
                    + " is not java.io.Serializable" + (code.getClass().isHidden()
                            ? "; a lambda is where its type is, such as Task, or with a cast to "
                                    + "(Callable<T> & Serializable)"
                            : ""));
        }
    }

    /**
     * The error for what a codec has refused, with the path to the part that is to blame.
     *
     * @param what what it is, for the message
     * @param value what was to be sent
     * @param codec the codec
     * @param e what that threw
     * @return the error to throw
     */
    public static RuntimeException of(String what, @Nullable Object value, Codec codec, Throwable e) {
        if (e instanceof AllocationException full) {
            return full;
        }
        return new IllegalArgumentException(what + " cannot be sent to a worker: " + Failure.refusal(e, value, codec),
                e);
    }
}
