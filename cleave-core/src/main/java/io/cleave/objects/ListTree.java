package io.cleave.objects;

import io.cleave.heap.Change;
import io.cleave.heap.HeapMemory;
import java.util.Arrays;

/**
 * The making of trees from trees: a counted tree whose nodes never change, so that a new one shares with the old one all
 * that is not on the way to what is different.
 *
 * <h2>Overview</h2>
 *
 * A relaxed radix tree (Bagwell and Rompf, 2011) that is balanced as a B-tree is. What is on the way to a change is
 * read into a {@link Draft}, changed there, joined with a neighbour where it has become small, and written to new blocks,
 * as many as it takes; the old blocks are freed by the same change. Elements are bytes here: of what they mean the tree
 * knows only their width.
 *
 * <p>
 * Leaves and nodes are split evenly, but at the end of the list, where the first parts are filled: so a list that
 * grows at its end is regular.
 */
final class ListTree {
    private final HeapMemory memory;
    private final int widthShift;
    private final int leafShift;

    /** Trees of a heap. */
    ListTree(HeapMemory memory, SlotKind kind) {
        this.memory = memory;
        this.widthShift = kind.widthShift();
        this.leafShift = kind.leafShift();
    }

    /** What is to become one node or several of a level, or none. */
    private static final class Draft {
        final int height;
        /** Of leaves: the elements. */
        byte[] bytes = new byte[0];
        /** Of nodes: the children, and how many elements each has. */
        long[] children = new long[0];
        long[] counts = new long[0];

        Draft(int height) {
            this.height = height;
        }

        /** How much there is, in children or bytes. */
        int length() {
            return height == 0 ? bytes.length : children.length;
        }

        int mostLength() {
            return height == 0 ? ListLayout.LEAF_BYTES : ListLayout.FANOUT;
        }

        /** Whether one part has so little that it may be joined with a neighbour. */
        boolean isSmall() {
            return length() < mostLength() / 4;
        }

        boolean canJoin(int others) {
            return length() + others <= mostLength() / 4 * 3;
        }

        /** Puts another's content into this one's, instead of a part of it. */
        void splice(int from, int removed, Draft other) {
            if (height == 0) {
                bytes = spliced(bytes, from, removed, other.bytes);
            } else {
                children = spliced(children, from, removed, other.children);
                counts = spliced(counts, from, removed, other.counts);
            }
        }

        private static byte[] spliced(byte[] all, int from, int removed, byte[] inserted) {
            byte[] result = Arrays.copyOf(all, all.length - removed + inserted.length);
            System.arraycopy(inserted, 0, result, from, inserted.length);
            System.arraycopy(all, from + removed, result, from + inserted.length, all.length - from - removed);
            return result;
        }

        private static long[] spliced(long[] all, int from, int removed, long[] inserted) {
            long[] result = Arrays.copyOf(all, all.length - removed + inserted.length);
            System.arraycopy(inserted, 0, result, from, inserted.length);
            System.arraycopy(all, from + removed, result, from + inserted.length, all.length - from - removed);
            return result;
        }
    }

    /** How many elements a full subtree of a height has. */
    private long capacity(int height) {
        return 1L << (leafShift + height * ListLayout.FANOUT_SHIFT);
    }

    /**
     * Replaces elements of one leaf by others, as a part of a change that lets readers find the new tree.
     *
     * @param tree 0 where there is no element
     * @param count how many elements there are
     * @param from the first to go; where none goes, the one before which the others come
     * @param removed how many go, all in one leaf
     * @param inserted the elements that come; of as many as there are leaves for in the change
     * @return the new tree; 0 where it has no element
     */
    long replace(Change change, long tree, long count, long from, int removed, byte[] inserted) {
        boolean isAtEnd = from + removed == count;
        Draft edited;
        if (tree == 0) {
            edited = new Draft(0);
            edited.bytes = inserted;
        } else {
            edited = edited(change, ListLayout.root(tree), ListLayout.height(tree), count, from, removed, inserted,
                    isAtEnd);
        }
        return tree(change, edited, isAtEnd);
    }

    private Draft edited(Change change, long word, int height, long count, long from, int removed, byte[] inserted,
            boolean isAtEnd) {
        Draft draft = take(change, word, height, count);
        if (height == 0) {
            if (from < 0 || from + removed > count) {
                throw SlotList.damaged("there is no element " + from + " in a leaf of " + count);
            }
            Draft others = new Draft(0);
            others.bytes = inserted;
            draft.splice((int) from << widthShift, removed << widthShift, others);
            return draft;
        }
        int at = 0;
        long start = 0;
        while (at < draft.children.length - 1 && from >= start + draft.counts[at]) {
            start += draft.counts[at];
            at++;
        }
        Draft child = edited(change, draft.children[at], height - 1, draft.counts[at], from - start, removed, inserted,
                isAtEnd);
        int first = at;
        int replaced = 1;
        int neighbour = at > 0 ? at - 1 : 1;
        if (child.length() > 0 && child.isSmall() && neighbour < draft.children.length
                && child.canJoin(length(draft.children[neighbour], height - 1, draft.counts[neighbour]))) {
            Draft other = take(change, draft.children[neighbour], height - 1, draft.counts[neighbour]);
            child.splice(neighbour < at ? 0 : child.length(), 0, other);
            first = Math.min(at, neighbour);
            replaced = 2;
        }
        draft.splice(first, replaced, written(change, child, isAtEnd, false));
        return draft;
    }

    /**
     * Adds a leaf at the end of a tree, as a part of a change.
     *
     * @param tree 0 where there is no element
     * @param count how many elements the tree has
     * @param added how many the leaf has
     * @return the new tree
     */
    long append(Change change, long tree, long count, long leaf, long added) {
        if (tree == 0) {
            return ListLayout.tree(leaf, 0);
        }
        int height = ListLayout.height(tree);
        Draft last = new Draft(1);
        last.children = new long[] {leaf};
        last.counts = new long[] {added};
        if (height == 0) {
            Draft root = new Draft(1);
            root.children = new long[] {ListLayout.root(tree)};
            root.counts = new long[] {count};
            root.splice(1, 0, last);
            return tree(change, root, true);
        }
        return tree(change, appended(change, ListLayout.root(tree), height, count, last), true);
    }

    private Draft appended(Change change, long word, int height, long count, Draft last) {
        Draft draft = take(change, word, height, count);
        int end = draft.children.length;
        if (height == 1) {
            draft.splice(end, 0, last);
        } else {
            Draft child = appended(change, draft.children[end - 1], height - 1, draft.counts[end - 1], last);
            draft.splice(end - 1, 1, written(change, child, true, false));
        }
        return draft;
    }

    /** The tree of a draft for its root. */
    private long tree(Change change, Draft draft, boolean isAtEnd) {
        Draft top = draft;
        while (true) {
            if (top.length() == 0) {
                return 0;
            }
            if (top.height > 0 && top.children.length == 1) {
                return withoutSingles(change, top.children[0], top.height - 1, top.counts[0]);
            }
            Draft above = written(change, top, isAtEnd, true);
            if (above.children.length == 1) {
                return ListLayout.tree(above.children[0], top.height);
            }
            top = above;
        }
    }

    /** A tree that may have nodes with a single child at its top, without these. */
    private long withoutSingles(Change change, long root, int height, long count) {
        long word = root;
        int level = height;
        while (level > 0 && length(word, level, count) == 1) {
            long child = memory.getPlain(ListLayout.childAt(word, 0));
            change.free(ListLayout.offset(word));
            word = child;
            level--;
        }
        return ListLayout.tree(word, level);
    }

    /** How many children a node has, or bytes a leaf. */
    private int length(long word, int height, long count) {
        if (count <= 0 || count > capacity(height)) {
            throw SlotList.damaged("a node or leaf of it has " + count + " elements");
        }
        if (height == 0) {
            return (int) count << widthShift;
        }
        if (!ListLayout.isIrregular(word)) {
            int shift = leafShift + (height - 1) * ListLayout.FANOUT_SHIFT;
            return (int) ((count + (1L << shift) - 1) >>> shift);
        }
        int length = 1;
        while (length < ListLayout.FANOUT
                && memory.getPlain(ListLayout.endAt(word, length - 1)) != ListLayout.NO_END) {
            length++;
        }
        return length;
    }

    /** Reads a node or leaf, which is freed. */
    private Draft take(Change change, long word, int height, long count) {
        Draft draft = new Draft(height);
        int length = length(word, height, count);
        if (height == 0) {
            draft.bytes = new byte[length];
            memory.copyOut(ListLayout.offset(word), draft.bytes, 0, length);
        } else {
            draft.children = new long[length];
            draft.counts = new long[length];
            long before = 0;
            for (int i = 0; i < length; i++) {
                draft.children[i] = memory.getPlain(ListLayout.childAt(word, i));
                long end = i == length - 1 ? count : ListLayout.isIrregular(word)
                        ? memory.getPlain(ListLayout.endAt(word, i)) : before + capacity(height - 1);
                draft.counts[i] = end - before;
                before = end;
            }
        }
        change.free(ListLayout.offset(word));
        return draft;
    }

    /**
     * Writes a draft to new blocks.
     *
     * @param isFilling whether the first parts are to be full, rather than all even
     * @param isRoot whether a leaf is the only one, and may be a short one
     * @return the blocks, as children of a node
     */
    private Draft written(Change change, Draft draft, boolean isFilling, boolean isRoot) {
        int most = draft.mostLength();
        int length = draft.length();
        int parts = (length + most - 1) / most;
        Draft above = new Draft(draft.height + 1);
        above.children = new long[parts];
        above.counts = new long[parts];
        int from = 0;
        for (int i = 0; i < parts; i++) {
            int to = isFilling ? Math.min(length, from + most) : even(draft, i + 1, parts);
            if (draft.height == 0) {
                above.children[i] = leaf(change, draft.bytes, from, to - from,
                        isRoot && parts == 1 ? leafBytes(length) : ListLayout.LEAF_BYTES);
                above.counts[i] = (long) (to - from) >>> widthShift;
            } else {
                above.children[i] = node(change, draft, from, to);
                above.counts[i] = Arrays.stream(draft.counts, from, to).sum();
            }
            from = to;
        }
        return above;
    }

    /** Where a part of several even ones ends. */
    private int even(Draft draft, int part, int parts) {
        int unit = draft.height == 0 ? widthShift : 0;
        return (int) ((long) (draft.length() >>> unit) * part / parts) << unit;
    }

    /** The size of a leaf that is the only one. */
    static int leafBytes(long bytes) {
        long rounded = bytes <= 1 ? 1 : Long.highestOneBit(bytes - 1) << 1;
        return Math.clamp(rounded, ListLayout.LEAST_LEAF_BYTES, ListLayout.LEAF_BYTES);
    }

    private long leaf(Change change, byte[] bytes, int from, int length, int size) {
        long leaf = change.allocate(size);
        memory.copyIn(bytes, from, leaf, length);
        return leaf;
    }

    private long node(Change change, Draft draft, int from, int to) {
        boolean isRegular = !ListLayout.isIrregular(draft.children[to - 1]);
        for (int i = from; i < to - 1 && isRegular; i++) {
            isRegular = draft.counts[i] == capacity(draft.height - 1) && !ListLayout.isIrregular(draft.children[i]);
        }
        long node = change.allocate(isRegular ? ListLayout.REGULAR_BYTES : ListLayout.IRREGULAR_BYTES);
        long end = 0;
        for (int i = from; i < to; i++) {
            memory.setPlain(ListLayout.childAt(node, i - from), draft.children[i]);
            end += draft.counts[i];
            if (!isRegular) {
                memory.setPlain(ListLayout.endAt(node, i - from), i == to - 1 ? ListLayout.NO_END : end);
            }
        }
        for (int i = to - from; i < ListLayout.FANOUT && !isRegular; i++) {
            memory.setPlain(ListLayout.endAt(node, i), ListLayout.NO_END);
        }
        return isRegular ? node : node | ListLayout.IRREGULAR;
    }
}
