package io.cleave.spark;

import java.util.List;
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
    /** What the executor has sent. Guarded by the run's lock. */
    byte @Nullable [] answer;
    /** Why there is no answer. Guarded by the run's lock. */
    @Nullable Throwable lost;
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
        return answer != null || lost != null;
    }

    /** Which items they are, for messages. */
    String range() {
        return count == 1 ? "item " + first : "items " + first + " to " + (first + count - 1);
    }
}
