package io.cleave.objects;

import java.util.Set;

/**
 * A set that lives in a shared heap: all processes that have it open see and change the same elements. It is to
 * {@link SharedMap} what the keys of a map are: what is said there of keys, deaths, iterators and memory consistency is
 * true of elements.
 *
 * @param <E> the class of the elements
 */
public interface SharedSet<E> extends Set<E> {}
