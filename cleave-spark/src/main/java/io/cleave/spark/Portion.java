package io.cleave.spark;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Some items that follow each other, which are one partition of a Spark job, and what becomes of them. */
final class Portion {
    /** The place of the first item in the input. */
    final long first;
    final int count;
    /** The first item, for the message where an executor dies at this portion. */
    final @Nullable Object firstItem;
    /** The items on their way; null once the results are there. Guarded by the run's lock. */
    byte @Nullable [] items;
    /** Whether there is an answer, or never will be. Guarded by the run's lock; what follows is set before it. */
    private boolean done;
    /** What the executor has sent; for the consumer, who lets go of it. */
    private byte @Nullable [] answer;
    /** Why there is no answer. */
    private @Nullable Throwable lost;
    /** The portion of the same job at which it has failed, where that is known. */
    private @Nullable Portion blamed;
    /** When it was made, by {@link System#nanoTime}. */
    final long made = System.nanoTime();
    /** The results in the answer, of the items before one that failed. For the consumer only. */
    @Nullable List<@Nullable Object> results;
    /** What the item behind the last result has thrown. For the consumer only, once it is opened. */
    @Nullable Throwable thrown;

    Portion(long first, int count, @Nullable Object firstItem, byte[] items) {
        this.first = first;
        this.count = count;
        this.firstItem = firstItem;
        this.items = items;
    }

    boolean isDone() {
        return done;
    }

    void answer(byte[] frames) {
        answer = frames;
        items = null;
        done = true;
    }

    void lose(Throwable why, @Nullable Portion at) {
        lost = why;
        blamed = at;
        items = null;
        done = true;
    }

    /** The answer, once; null where there is none. */
    byte @Nullable [] takeAnswer() {
        byte[] taken = answer;
        answer = null;
        return taken;
    }

    /** Why there is no answer. */
    Throwable lost() {
        return Objects.requireNonNull(lost);
    }

    /** The portion that its job has failed at; null where it is not known. */
    @Nullable Portion blamed() {
        return blamed;
    }

    /** Which items they are, for messages. */
    String range() {
        return count == 1 ? "item " + first : "items " + first + " to " + (first + count - 1);
    }
}
