package io.cleave.objects;

import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;

/**
 * A bounded queue of numbers of 32 bits, first in, first out, that lives in a shared heap: any number of threads of all
 * processes that have it open put numbers in and take them out.
 *
 * <pre>{@code
 * SharedIntQueue orders = heap.intQueue("orders", 1000);
 * orders.put(42);                 // in one process
 * long order = orders.take();     // in another
 * }</pre>
 *
 * <p>
 * A number takes 16 bytes, in memory that the queue has from the beginning: so nothing that is done with it makes the heap
 * full. Putting and taking makes no objects, but for the results of those methods that return an {@link OptionalInt}, and
 * while a thread waits.
 *
 * <p>
 * What {@link SharedQueue} says of order, deaths, waiting and memory consistency is true here. Each operation on one number takes
 * effect at one moment. Those on several do so number by number, and leave others in between only where there are more than
 * 1024: they cost much less for each. What is {@linkplain #take() taken} is gone with who has taken it.
 *
 * <p>
 * A queue that was dropped is an {@link io.cleave.StaleReferenceException} in all methods, a heap that was closed an
 * {@link IllegalStateException}. Where the heap was opened for reading only, {@code peek}, {@code toArray} and the sizes work;
 * all else is an {@link UnsupportedOperationException}.
 */
public interface SharedIntQueue {
    /**
     * The number of elements.
     *
     * @return 0 to the capacity; exact while nobody changes the queue
     */
    int size();

    /**
     * Whether there is no element.
     *
     * @return whether the size is 0
     */
    boolean isEmpty();

    /**
     * How many elements there can be.
     *
     * @return what it was made with
     */
    int capacity();

    /**
     * How many elements could be put now.
     *
     * @return 0 to the capacity; exact while nobody changes the queue
     */
    int remainingCapacity();

    /**
     * Puts a number, if there is room.
     *
     * @param value the number
     * @return whether it was put
     */
    boolean offer(int value);

    /**
     * Puts a number, and waits a limited time for room where there is none.
     *
     * @param value the number
     * @param timeout how long; 0 and negative mean not to wait
     * @param unit its unit
     * @return whether it was put
     * @throws InterruptedException where the thread is interrupted, before or while it waits; nothing was put
     */
    boolean offer(int value, long timeout, TimeUnit unit) throws InterruptedException;

    /**
     * Puts a number, and waits for room where there is none.
     *
     * @param value the number
     * @throws InterruptedException where the thread is interrupted, before or while it waits; nothing was put
     */
    void put(int value) throws InterruptedException;

    /**
     * Puts as many numbers as there is room for, in their order.
     *
     * @param values the numbers
     * @return how many were put: the first ones
     */
    int offerAll(int... values);

    /**
     * Puts as many numbers of a part of an array as there is room for, in their order.
     *
     * @param values the array
     * @param index the first to put
     * @param length how many to put at most
     * @return how many were put: the first ones
     * @throws IndexOutOfBoundsException where the array has no such part
     */
    int offerAll(int[] values, int index, int length);

    /**
     * Puts numbers in their order, and waits for room where there is none. Others may come in between.
     *
     * @param values the numbers
     * @throws InterruptedException where the thread is interrupted, before or while it waits; some may have been put
     */
    void putAll(int... values) throws InterruptedException;

    /**
     * Takes the next number, if there is one.
     *
     * @return the number; empty where there is none
     */
    OptionalInt poll();

    /**
     * Takes the next number, and waits a limited time for one where there is none.
     *
     * @param timeout how long; 0 and negative mean not to wait
     * @param unit its unit
     * @return the number; empty where none came in time
     * @throws InterruptedException where the thread is interrupted, before or while it waits; nothing was taken
     */
    OptionalInt poll(long timeout, TimeUnit unit) throws InterruptedException;

    /**
     * Takes the next number, if there is one, and makes no object for it.
     *
     * @param other what to return where there is none; who puts that, too, cannot tell the two
     * @return the number, or the other
     */
    int pollOrElse(int other);

    /**
     * Takes the next number, and waits for one where there is none.
     *
     * @return the number
     * @throws InterruptedException where the thread is interrupted, before or while it waits; nothing was taken
     */
    int take() throws InterruptedException;

    /**
     * Reads the next number, without a lock, and leaves it where it is.
     *
     * @return the number; empty where there is none
     */
    OptionalInt peek();

    /**
     * Takes as many numbers as there are, and an array has elements for.
     *
     * @param target gets them, from its beginning
     * @return how many were taken
     */
    int drainTo(int[] target);

    /**
     * Takes as many numbers as there are, and a part of an array has elements for.
     *
     * @param target gets them
     * @param index where the first goes
     * @param length how many to take at most
     * @return how many were taken
     * @throws IndexOutOfBoundsException where the array has no such part
     */
    int drainTo(int[] target, int index, int length);

    /** Takes all numbers, but for those that are put meanwhile, which may stay. */
    void clear();

    /**
     * A copy of the numbers, in the order in which they would be taken, without a lock. All are there that are in the queue all
     * the time while it is made.
     *
     * @return a new array
     */
    int[] toArray();
}
