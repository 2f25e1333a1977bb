package io.cleave.objects;

import java.util.List;
import java.util.stream.DoubleStream;

/**
 * A list of numbers of floating point, in 8 bytes each, that lives in a shared heap: all processes that have it open see and
 * change the same ones. What {@link SharedList} says of deaths, locks, readers, limits and memory consistency is true here.
 *
 * <p>
 * Each operation on one element takes effect at one moment. {@code sort} and {@code clear} happen as a whole. {@code toArray},
 * {@code stream} and {@code copyTo} see the elements that there were at one moment, in their places, but those that are set
 * meanwhile before or after that. Adding, setting and removing of many happens in steps, during which nobody else changes the
 * list; if the heap is full or the process dies, those stay that were made.
 *
 * <p>
 * An index outside the list is an {@link IndexOutOfBoundsException} in all methods, and nothing has changed then. A list that
 * was dropped is an {@link io.cleave.StaleReferenceException}.
 */
public interface SharedDoubleList {
    /**
     * The number of elements.
     *
     * @return 0 to 2<sup>31</sup>-1
     */
    int size();

    /**
     * Whether there is no element.
     *
     * @return whether the size is 0
     */
    boolean isEmpty();

    /**
     * Reads an element, without a lock.
     *
     * @param index 0 to the size, exclusive
     * @return the element
     */
    double get(int index);

    /**
     * Replaces an element.
     *
     * @param index 0 to the size, exclusive
     * @param value what it is to be
     * @return what it was
     */
    double set(int index, double value);

    /**
     * Replaces an element if it is what is expected. The bits are compared, so that NaN is itself, and 0.0 is not -0.0.
     *
     * @param index 0 to the size, exclusive
     * @param expected what it must be
     * @param value what it is to be
     * @return whether it was
     */
    boolean compareAndSet(int index, double expected, double value);

    /**
     * Adds to an element.
     *
     * @param index 0 to the size, exclusive
     * @param delta how much
     * @return what it was before
     */
    double getAndAdd(int index, double delta);

    /**
     * Adds an element at the end.
     *
     * @param value the element
     * @throws io.cleave.HeapFullException where there is no room; nothing has changed then
     */
    void add(double value);

    /**
     * Inserts an element.
     *
     * @param index before which one, 0 to the size
     * @param value the element
     * @throws io.cleave.HeapFullException where there is no room; nothing has changed then
     */
    void add(int index, double value);

    /**
     * Adds elements at the end.
     *
     * @param values the elements
     * @throws io.cleave.HeapFullException where there is no room; those stay that were added
     */
    void addAll(double... values);

    /**
     * Inserts elements.
     *
     * @param index before which one, 0 to the size
     * @param values the elements
     * @throws io.cleave.HeapFullException where there is no room; those stay that were inserted
     */
    void addAll(int index, double[] values);

    /**
     * Replaces as many elements as there are values.
     *
     * @param index the first
     * @param values what they are to be
     */
    void setAll(int index, double[] values);

    /**
     * Removes an element.
     *
     * @param index 0 to the size, exclusive
     * @return what it was
     */
    double removeAt(int index);

    /**
     * Removes elements.
     *
     * @param from the first, 0 to {@code to}
     * @param to the one behind the last, up to the size
     */
    void removeRange(int from, int to);

    /** Removes all elements, as a whole. */
    void clear();

    /**
     * Copies elements into an array, at the speed of memory.
     *
     * @param index the first
     * @param target where to
     * @param targetIndex where the first goes
     * @param length how many
     */
    void copyTo(int index, double[] target, int targetIndex, int length);

    /**
     * A copy of all elements.
     *
     * @return a new array
     */
    double[] toArray();

    /** Sorts the elements, by {@link Double#compare}: others see them as they were before, or all sorted. */
    void sort();

    /**
     * The first element that has a value. The bits are compared, so that NaN is itself, and 0.0 is not -0.0.
     *
     * @param value the value
     * @return its index; -1 where none has it
     */
    int indexOf(double value);

    /**
     * The elements as they are now, copied.
     *
     * @return a stream over the copy
     */
    DoubleStream stream();

    /**
     * This list as one of objects. Null is refused.
     *
     * @return a view; to change it changes this list
     */
    List<Double> asList();
}
