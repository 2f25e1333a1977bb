package io.cleave.objects;

import io.cleave.heap.Heap;
import org.jspecify.annotations.Nullable;

/**
 * The structures for which the calling thread runs code of their user at the moment: a function that computes a value, a
 * predicate, a comparator. That code must not change them: it would wait for a lock of its own thread, or be asked again
 * and again because of what it does itself. Each thread has one.
 */
final class UserCode {
    private static final ThreadLocal<UserCode> OF_THREAD = ThreadLocal.withInitial(UserCode::new);

    private @Nullable Call innermost;

    /**
     * A call of such code.
     *
     * @param header of the structure that it is made for
     * @param outer the call within which it is made
     */
    private record Call(Heap heap, long header, long generation, @Nullable Call outer) {}

    private UserCode() {
    }

    static UserCode ofThread() {
        return OF_THREAD.get();
    }

    /** Code begins to run for a structure. */
    void begin(Heap heap, long header, long generation) {
        innermost = new Call(heap, header, generation, innermost);
    }

    /** What began last has ended. */
    void end() {
        Call ended = innermost;
        innermost = ended == null ? null : ended.outer;
    }

    /** Whether code runs for a structure, which so is not to be changed. */
    boolean isRunningFor(Heap heap, long header, long generation) {
        for (Call call = innermost; call != null; call = call.outer) {
            if (call.header == header && call.generation == generation && heap.isSame(call.heap)) {
                return true;
            }
        }
        return false;
    }
}
