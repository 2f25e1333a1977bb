package io.cleave.objects;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * How a primitive field of a live object is read and written by its accessors; on the method that reads it.
 *
 * <p>
 * The methods that compare or add, such as {@code getAndAddX}, are volatile whatever is said here.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface FieldAccess {
    /**
     * The mode.
     *
     * @return {@link Mode#ACQUIRE_RELEASE} where nothing is said
     */
    Mode value();

    /** What an access orders, as {@link java.lang.invoke.VarHandle} has it. */
    enum Mode {
        /** Never torn, and nothing else: others may see it at any later time, and in another order. */
        PLAIN,
        /** What a thread did before it wrote a value happens before what others do after they have read it. */
        ACQUIRE_RELEASE,
        /** The same, and all such accesses have one order that all threads agree on. */
        VOLATILE
    }
}
