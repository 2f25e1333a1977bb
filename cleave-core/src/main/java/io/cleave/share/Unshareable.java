package io.cleave.share;

import java.io.NotSerializableException;
import org.jspecify.annotations.Nullable;

/** A part of a value cannot be encoded: which one, why, and what to do. Where it is in the value is found out last. */
final class Unshareable extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient @Nullable Object culprit;

    /**
     * A refusal.
     *
     * @param culprit the object that cannot be encoded
     * @param why the rest of a sentence that begins with the culprit, and what to do
     */
    Unshareable(@Nullable Object culprit, String why) {
        super(why);
        this.culprit = culprit;
    }

    Unshareable(@Nullable Object culprit, String why, @Nullable Throwable cause) {
        super(why, cause);
        this.culprit = culprit;
    }

    /** The refusal of a whole value, with the path to the part. */
    NotSerializableException in(@Nullable Object root) {
        NotSerializableException refusal = new NotSerializableException(
                ObjectPath.find(root, culprit) + " " + getMessage());
        if (getCause() != null) {
            refusal.initCause(getCause());
        }
        refusal.addSuppressed(this);
        return refusal;
    }
}
