package io.cleave.objects;

import java.util.ConcurrentModificationException;
import java.util.ListIterator;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/** A weakly consistent iterator over a list, by the numbers of its elements. */
final class HeapListIterator<E extends @Nullable Object> implements ListIterator<E> {
    private final HeapList<E> list;
    private int cursor;
    /** The element that was read at the cursor, to be returned by the next call; its word is 0 where there is none. */
    private @Nullable E ahead;
    private long aheadWord;
    /** Which element was returned last, and its word; -1 where none can be removed or set. */
    private int last = -1;
    private long lastWord;

    /** An iterator that begins before an element. */
    HeapListIterator(HeapList<E> list, int index) {
        this.list = list;
        this.cursor = index;
    }

    /** Reads an element, and its word at the same moment; false where there is none. */
    private boolean read(int index) {
        while (true) {
            aheadWord = list.word(index);
            if (aheadWord == StoredValue.NOTHING) {
                return false;
            }
            try {
                ahead = list.get(index);
            } catch (IndexOutOfBoundsException e) {
                continue; // it was removed since
            }
            if (list.word(index) == aheadWord) {
                return true;
            }
        }
    }

    @SuppressWarnings("NullAway") // what was read is an element, which may be null where the list's may
    private E take(int index) {
        E element = ahead;
        last = index;
        lastWord = aheadWord;
        forget();
        return element;
    }

    private void forget() {
        ahead = null;
        aheadWord = StoredValue.NOTHING;
    }

    @Override
    public boolean hasNext() {
        return aheadWord != StoredValue.NOTHING || read(cursor);
    }

    @Override
    public E next() {
        if (!hasNext()) {
            throw new NoSuchElementException("the list has no element " + cursor);
        }
        return take(cursor++);
    }

    @Override
    public boolean hasPrevious() {
        return cursor > 0;
    }

    @Override
    public E previous() {
        if (cursor == 0 || !read(cursor - 1)) {
            forget();
            throw new NoSuchElementException("the list has no element " + (cursor - 1));
        }
        return take(--cursor);
    }

    @Override
    public int nextIndex() {
        return cursor;
    }

    @Override
    public int previousIndex() {
        return cursor - 1;
    }

    private void requireLast() {
        if (last < 0) {
            throw new IllegalStateException(
                    "there is no element to remove or set: next and previous were not called since "
                            + "the last removal or addition");
        }
    }

    private static ConcurrentModificationException changed(int index) {
        return new ConcurrentModificationException(
                "element " + index + " is not the one that the iterator has returned: "
                        + "this process or another has changed the list");
    }

    @Override
    public void remove() {
        requireLast();
        if (!list.removeIfSame(last, lastWord)) {
            throw changed(last);
        }
        cursor = last;
        last = -1;
        forget();
    }

    @Override
    public void set(E element) {
        requireLast();
        long word = list.setIfSame(last, lastWord, element);
        if (word == StoredValue.NOTHING) {
            throw changed(last);
        }
        lastWord = word;
        forget();
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
        forget();
    }
}
