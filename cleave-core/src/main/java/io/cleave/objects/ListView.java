package io.cleave.objects;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A version of a list, as it was read once. Any thread may have it from another without more ado, as all that counts in it is
 * final.
 */
final class ListView {
    private static final int LEAST_READS = 64;

    private final long version;
    private final long tree;
    private final long count;
    private final long @Nullable [] leaves;
    /** About how often the tree has been walked through; not exact where several threads do. */
    private int reads;

    /**
     * A version.
     *
     * @param count the elements that it had then at least
     * @param leaves where each leaf is, of a tree that is regular; null where that is not known
     */
    ListView(long version, long tree, long count, long @Nullable [] leaves) {
        this.version = version;
        this.tree = tree;
        this.count = count;
        this.leaves = leaves;
    }

    long version() {
        return version;
    }

    long tree() {
        return tree;
    }

    long count() {
        return count;
    }

    long @Nullable [] leaves() {
        return leaves;
    }

    /** Counts a walk through the tree; whether there have been as many as a table of its leaves takes. */
    boolean isWorthTable(int leafShift) {
        return ++reads == LEAST_READS + (count >>> leafShift) && !ListLayout.isIrregular(tree);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ListView view && view.version == version && view.count == count;
    }

    @Override
    public int hashCode() {
        return Objects.hash(version, count);
    }
}
