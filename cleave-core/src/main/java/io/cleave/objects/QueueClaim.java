package io.cleave.objects;

import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;

/**
 * Whether an element may be taken for somebody who can change his mind: either it is taken, or he has said that he does not
 * want it. It is asked when nothing is left to do but to take it.
 */
final class QueueClaim implements BooleanSupplier {
    private enum State {
        /** Nothing has been taken. */
        OPEN,
        /** An element is taken. */
        GRANTED,
        /** None will be. */
        CLOSED
    }

    private final AtomicReference<State> state = new AtomicReference<>(State.OPEN);

    /** Whether an element is to be taken, which is granted once. */
    @Override
    public boolean getAsBoolean() {
        return state.compareAndSet(State.OPEN, State.GRANTED);
    }

    /**
     * Says that no element is wanted.
     *
     * @return whether none is taken
     */
    boolean close() {
        return state.compareAndSet(State.OPEN, State.CLOSED);
    }

    boolean isClosed() {
        return state.get() == State.CLOSED;
    }

    /** After an element has arrived: for another one. */
    void reopen() {
        boolean _ = state.compareAndSet(State.GRANTED, State.OPEN);
    }
}
