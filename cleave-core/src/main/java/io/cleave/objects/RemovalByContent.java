package io.cleave.objects;

import java.util.Collection;
import java.util.Objects;

/** How collections whose {@code removeIf} does not lose what others put there remove what other collections have. */
final class RemovalByContent {
    private RemovalByContent() {
    }

    static boolean removeAll(Collection<?> from, Collection<?> collection) {
        Objects.requireNonNull(collection, "the collection is null");
        return from.removeIf(collection::contains);
    }

    static boolean retainAll(Collection<?> from, Collection<?> collection) {
        Objects.requireNonNull(collection, "the collection is null");
        return from.removeIf(element -> !collection.contains(element));
    }
}
