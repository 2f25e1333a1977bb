package io.cleave.objects;

import java.util.List;
import java.util.RandomAccess;
import org.jspecify.annotations.Nullable;

/**
 * A list that lives in a shared heap: all processes that have it open see and change the same elements.
 *
 * <p>
 * Each operation on one element has happened as a whole or not at all, whatever process dies at whatever moment, and takes
 * effect at one moment between its call and its return. Reading takes no lock, and goes on while others change the list or
 * have died in the middle of that. Who changes it waits for its lock; the lock of one who has died is taken over within
 * about 0.1 s.
 *
 * <p>
 * <b>Elements</b> are copied: what {@code get} returns is another object each time, and to change it changes nothing in
 * the list, unless they are structures themselves ({@link StructureType}). They may be null. {@code contains},
 * {@code indexOf}, {@code remove(Object)} and their kin compare by {@code equals}, arrays by what they hold. A list has
 * at most 2<sup>31</sup>-1 elements.
 *
 * <p>
 * <b>Cost.</b> {@code get}, {@code set}, adding at the end and removing there take the same time in short and long
 * lists, or nearly so; inserting and removing elsewhere takes time in proportion to the logarithm of the size. Null,
 * booleans, numbers of up to 32 bits, enums and strings of up to 7 characters take 8 bytes, other values a block of
 * their own beside that. For numbers alone {@link SharedIntList}, {@link SharedLongList} and {@link SharedDoubleList}
 * are faster and smaller. {@code removeIf} and {@code sort} take memory for the bytes of all elements while they run.
 *
 * <p>
 * <b>Operations on many elements.</b> {@code clear} and {@code sort} happen as a whole: others see the list as it was
 * before, or as it is after. {@code addAll}, {@code removeIf}, {@code removeAll} and {@code retainAll} hold off others
 * who want to change the list while they add or remove, but do so in steps: others see those before, and if the process
 * dies or the heap is full, those that were made stay. {@code replaceAll} replaces one element after the other, by
 * their numbers, as an iterator would; where somebody else replaces one meanwhile, its operator is called again for
 * that. {@code addAll} encodes all elements before it begins, so that one that cannot be stored changes nothing.
 * {@code toArray}, and so {@code new ArrayList<>(list)}, gets the elements that there were at one moment, but those
 * that are set meanwhile as they were before or after that.
 *
 * <p>
 * <b>Code of the caller's</b> (comparators, predicates, operators, {@code equals}, what makes a record of its
 * components) holds nobody up, however long it takes: it runs while the list is not locked. It may read this list, and
 * must not change it, which is an {@link IllegalStateException}. A predicate is asked about the elements that there are
 * at one moment. Those that it is true of go, unless others have removed or replaced them by then; what others put into
 * the list meanwhile stays. {@code sort} is done again where others change the list meanwhile, up to ten times, and may
 * compare the same elements again; what they add at the end meanwhile stands behind what was sorted, and after the
 * tenth time so does all that is new. If the code throws, the list is as it was before; but in {@code replaceAll} the
 * elements that it was called for before are replaced, and where a predicate is asked again, as a structure that it was true of
 * has changed, those that it was true of before are gone. {@code replaceAll} ends with what was the last element when it began, and goes by the number of the element, as iterators do:
 * where others insert or remove before its place, the operator may be called for its own result, or not at all for an element.
 *
 * <p>
 * <b>Iterators and streams</b> go by the number of the element, and never fail because others change the list: where
 * elements come or go before their place, some come twice or are left out. Their {@code set} and {@code remove} throw
 * {@link java.util.ConcurrentModificationException} where another element has come to the place of the one that was
 * returned. <b>Sublists</b> are views that throw it as soon as elements of the list were added, removed or sorted by
 * others than themselves. What they remove or replace because of its content is what is at the place by then: an element that
 * another has set there meanwhile is not looked at again, so use the methods of the list where that can be.
 *
 * <p>
 * A list that was dropped throws {@link io.cleave.StaleReferenceException} from every method.
 *
 * <p>
 * Memory consistency effects: actions in a thread before it puts an element into the list happen before actions after
 * another thread, in this or another process, has read or removed that element.
 *
 * @param <E> the class of the elements
 */
public interface SharedList<E extends @Nullable Object> extends List<E>, RandomAccess {}
