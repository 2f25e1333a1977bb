package io.cleave.objects;

import java.util.ConcurrentModificationException;
import java.util.ListIterator;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/** A weakly consistent iterator over a list, by the numbers of its elements. */
final class HeapListIterator<E extends @Nullable Object> implements ListIterator<E> {
    private final HeapList<E> list;
    private int cursor;
    /** The element that was read at the cursor, to be returned by the next call; null where there is none. */
    private @Nullable SeenElement ahead;
    /** Which element was returned last, and what it was; -1 and null where none can be removed or set. */
    private int last = -1;
    private @Nullable SeenElement lastSeen;

    /** An iterator that begins before an element. */
    HeapListIterator(HeapList<E> list, int index) {
        this.list = list;
        this.cursor = index;
    }

    private E take(SeenElement seen, int index) {
        last = index;
        lastSeen = seen;
        ahead = null;
        return list.reader().value(seen);
    }

    private @Nullable SeenElement ahead() {
        if (ahead == null) {
            ahead = list.reader().see(cursor);
        }
        return ahead;
    }

    @Override
    public boolean hasNext() {
        return ahead() != null;
    }

    @Override
    public E next() {
        SeenElement read = ahead();
        if (read == null) {
            throw new NoSuchElementException("the list has no element " + cursor);
        }
        return take(read, cursor++);
    }

    @Override
    public boolean hasPrevious() {
        return cursor > 0;
    }

    @Override
    public E previous() {
        ahead = null;
        SeenElement read = cursor == 0 ? null : list.reader().see(cursor - 1);
        if (read == null) {
            throw new NoSuchElementException("the list has no element " + (cursor - 1));
        }
        return take(read, --cursor);
    }

    @Override
    public int nextIndex() {
        return cursor;
    }

    @Override
    public int previousIndex() {
        return cursor - 1;
    }

    private SeenElement lastSeen() {
        SeenElement seen = lastSeen;
        if (last < 0 || seen == null) {
            throw new IllegalStateException(
                    "there is no element to remove or set: next and previous were not called since "
                            + "the last removal or addition");
        }
        return seen;
    }

    private static ConcurrentModificationException changed(int index) {
        return new ConcurrentModificationException(
                "element " + index + " is not the one that the iterator has returned: "
                        + "this process or another has changed the list");
    }

    @Override
    public void remove() {
        if (!list.removeIfSame(last, lastSeen())) {
            throw changed(last);
        }
        cursor = last;
        last = -1;
        ahead = null;
    }

    @Override
    public void set(E element) {
        SeenElement seen = list.setIfSame(last, lastSeen(), element);
        if (seen == null) {
            throw changed(last);
        }
        lastSeen = seen;
        ahead = null;
    }

    @Override
    public void add(E element) {
        try {
            list.add(cursor, element);
        } catch (IndexOutOfBoundsException e) {
            throw changed(cursor);
        }
        cursor++;
        last = -1;
        ahead = null;
    }
}
