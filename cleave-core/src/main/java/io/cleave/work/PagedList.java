package io.cleave.work;

import java.io.InvalidObjectException;
import java.io.ObjectInputStream;
import java.io.Serializable;
import java.lang.reflect.Array;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Objects;
import java.util.RandomAccess;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An unmodifiable list in pages of equal size, but for the last; see {@link Gathered} for the reason.
 *
 * @param <E> the type of elements
 */
final class PagedList<E extends @Nullable Object> extends AbstractList<E> implements RandomAccess, Serializable {
    private static final long serialVersionUID = 1L;

    private static final int PAGE_BITS = 12;
    /** Elements of a page: few enough for an array that every collector treats as a small object. */
    static final int PAGE = 1 << PAGE_BITS;

    private final transient @Nullable Object[][] pages;
    private final transient int size;

    PagedList(@Nullable Object[][] pages) {
        this.pages = pages;
        this.size = Math.toIntExact((pages.length - 1L) * PAGE + pages[pages.length - 1].length);
    }

    @Override
    @SuppressWarnings({"unchecked", "NullAway"}) // null is an E where one was added
    public E get(int index) {
        Objects.checkIndex(index, size);
        return (E) pages[index >>> PAGE_BITS][index & (PAGE - 1)];
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    @SuppressWarnings({"unchecked", "NullAway"})
    public void forEach(Consumer<? super E> action) {
        for (@Nullable Object[] page : pages) {
            for (Object element : page) {
                action.accept((E) element);
            }
        }
    }

    @Override
    public Object[] toArray() {
        Object[] array = new Object[size];
        copyTo(array);
        return array;
    }

    @Override
    @SuppressWarnings({"unchecked", "NullAway"})
    public <T extends @Nullable Object> T[] toArray(T[] array) {
        T[] target = array.length >= size ? array
                : (T[]) Array.newInstance(array.getClass().getComponentType(), size);
        copyTo(target);
        if (target.length > size) {
            target[size] = null;
        }
        return target;
    }

    private void copyTo(@Nullable Object[] target) {
        int at = 0;
        for (@Nullable Object[] page : pages) {
            System.arraycopy(page, 0, target, at, page.length);
            at += page.length;
        }
    }

    /** Serialized as a list of the JDK's, so that whoever reads it needs no Cleave. */
    private Object writeReplace() {
        return new ArrayList<>(Arrays.asList(toArray()));
    }

    @SuppressWarnings("UnusedVariable")
    private void readObject(ObjectInputStream in) throws InvalidObjectException {
        throw new InvalidObjectException("a list in pages is never written");
    }
}
