package io.cleave.objects;

import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What is done with live objects as a whole. Their fields are read and written by the methods of their interface:
 *
 * <pre>{@code
 * interface Account {
 *     long cents();                          // reads a field
 *     void cents(long value);                // writes it
 *     long addAndGetCents(long delta);       // adds to it at once
 *     String owner();
 *     void owner(String value);
 *     Address address();                     // an object in the object
 *     SharedMap<String, Long> limits();      // a map in the object
 *     default boolean isOverdrawn() {
 *         return cents() < 0;
 *     }
 * }
 *
 * Account account = heap.object("account 7", Account.class);
 * account.owner("Ada");
 * Live.update(account, it -> {
 *     it.cents(it.cents() - 100);
 *     it.owner(it.owner() + " and Charles");
 * });
 * }</pre>
 *
 * <h2>The interface</h2>
 *
 * <b>A field</b> is what a method without parameters reads: {@code x()}, {@code getX()}, or {@code isX()} for a
 * boolean. {@code void x(value)} or {@code void setX(value)} writes it. For a primitive there may be {@code boolean
 * compareAndSetX(expected, value)} and {@code getAndSetX(value)}, which compare bits, and for a whole number {@code
 * getAndAddX(delta)}, {@code addAndGetX(delta)}, {@code getAndIncrementX()}, {@code incrementAndGetX()}, {@code
 * getAndDecrementX()}, {@code decrementAndGetX()}: all of these happen at once, as those of {@link
 * java.util.concurrent.atomic.AtomicLong}. Default, static and private methods are what they are; inherited methods
 * count as the interface's own. Everything else is refused, with the method that is wrong.
 *
 * <p>
 * <b>Its type</b> is a primitive; any class of values that a {@link SharedMap} can have, also null, as String, a
 * record, an enum, an array or a sealed interface, of which a copy is stored; another such interface; or {@code
 * List}, {@code Map} or {@code Set} of these, also as {@link SharedList}, {@link SharedMap}, {@link SharedSet}, which
 * are live. A structure, which is to say one of the last two, belongs to the object, as {@link StructureType} has it.
 * Where nothing writes its field, it is made when that is first read; else it is null until it is set, which copies
 * what is given.
 *
 * <p>
 * <b>Its class.</b> Cleave makes a class that implements the interface, in its package and with its class loader. So
 * the interface need not be public; in a named module its package must be open to {@code io.cleave}, or the caller
 * gives his lookup.
 *
 * <p>
 * <b>Other versions</b> of an interface may use an object with a name at the same time. Fields that it does not have
 * yet are added, up to eight in all, and are 0, false or null; fields that this version does not have stay as they
 * are. A field of another type is refused, with its name. For objects within others, and those in lists and maps, the
 * whole interface must be the same.
 *
 * <h2>Several fields</h2> Each accessor happens by itself. {@link #update} and {@link #read} take several fields
 * together: nobody who reads them by {@code read} sees an update half-done, and a process that dies leaves it done or
 * not begun. What sets a primitive by its own method takes no part in that: it comes before or after the moment at
 * which an update is stored, whatever the update has read. So fields that belong together are to be set by updates.
 *
 * <h2>Equality</h2> Two handles are equal where they are on the same object. {@link #snapshot} gives what can be
 * compared by content.
 *
 * <h2>End</h2> A name that is dropped, or an owner that is removed, ends the object: whoever has a handle on it gets a
 * {@link io.cleave.StaleReferenceException} from then on, if not from a store that was under way. Its memory is free
 * when no living process has a handle on it, which is when the garbage collector has found that nobody refers to
 * those.
 *
 * <h2>Threads</h2> All methods may be called by any thread of any process at any time.
 *
 * <h2>Memory consistency effects</h2> What a thread did before it set a field happens before what another does after
 * it has read that value, unless {@link FieldAccess} says otherwise.
 */
public final class Live {
    private Live() {
    }

    /**
     * Changes several fields at once. The function is called once, under a lock of the object; it must change it only
     * by what it is given, and reads there what it has set. Where it throws something, none of these fields has changed.
     *
     * <p>
     * <b>What is no part of it</b> happens at once, and stays where the function throws something: what is changed in
     * objects, lists, maps and sets in the object, as {@code it.address().zip(1)} and {@code it.notes().add("x")} do;
     * whatever is changed outside of the object; and primitives of the object that are set by another handle on it, over
     * which the update then is stored where it sets them, too.
     *
     * <p>
     * <b>Order of locks.</b> To open an object takes its lock, and so does setting what is no primitive. So while the
     * function runs, all other threads of all processes wait that want to open the object, by its name or by what
     * holds it. Two functions that each update, open or set another's object wait for each other for ever: updates in
     * each other, and maps and lists whose functions update objects, must come in the same order everywhere, such as that
     * of the names, or from what holds to what is held. Better have opened before what the function needs.
     *
     * @param <T> the interface
     * @param object a live object
     * @param change sets fields of what it is given, at most 60, of which 8 may be structures or values of more than
     *         7 bytes
     * @throws IllegalArgumentException where it sets more, or the object is none of a heap
     * @throws IllegalStateException where it sets anything but a primitive of the object by another handle, or updates
     *         the object again
     * @throws io.cleave.StaleReferenceException where the object has ended
     * @throws io.cleave.HeapFullException where there is no room; nothing has happened
     * @throws UnsupportedOperationException where the heap was opened for reading only
     */
    public static <T> void update(T object, Consumer<? super T> change) {
        LiveFields fields = LiveClass.fields(object);
        if (fields instanceof HeapObject live) {
            live.update(draft -> change.accept(same(object, draft)));
        } else {
            change.accept(object);
        }
    }

    /**
     * Reads several fields as they were at one moment. The function may be called more than once, as a value that it
     * reads may be replaced meanwhile; it is given a view that cannot be changed. Structures in it are live, and no
     * part of the moment.
     *
     * @param <T> the interface
     * @param <R> the result
     * @param object a live object
     * @param reading reads fields of what it is given, which it must not keep
     * @return its result
     * @throws IllegalStateException where it changes what it is given, or sets anything but a primitive of the object by
     *         another handle, or updates it
     * @throws io.cleave.StaleReferenceException where the object has ended
     */
    public static <T, R extends @Nullable Object> R read(T object, Function<? super T, ? extends R> reading) {
        return LiveClass.fieldsOrNull(object) instanceof HeapObject live
                ? ObjectView.<R>read(live, view -> reading.apply(same(object, view))) : reading.apply(object);
    }

    /**
     * Copies a live object into a record: each component is the field of its name, or where that is an object and the
     * component a record, a copy of that one; lists, maps and sets are copied, too.
     *
     * @param <R> the record
     * @param object a live object
     * @param record its class
     * @return the content at one moment, but for that of structures in it
     * @throws IllegalArgumentException where a component is no field, or of another type, or the record cannot be made
     * @throws io.cleave.StaleReferenceException where the object has ended
     */
    public static <R extends Record> R snapshot(Object object, Class<R> record) {
        return read(object, view -> LiveCopies.toRecord(LiveClass.fields(view), record));
    }

    /**
     * Lets a live object have what a record or bean has: each field for which that has a component, or a public method
     * {@code x()}, {@code getX()} or {@code isX()}. It is one {@link #update}.
     *
     * @param source a record, a bean or another live object
     * @param object a live object
     * @throws IllegalArgumentException where a field is of another type there, the source has none of the fields, or
     *         more than one update can set
     * @throws io.cleave.StaleReferenceException where the object has ended
     */
    public static void copyInto(Object source, Object object) {
        LiveCopies.copy(source, object);
    }

    /** Another object of the same class, with other fields. */
    @SuppressWarnings("unchecked") // it is the object's class
    private static <T> T same(T object, LiveFields fields) {
        return ((Class<T>) object.getClass()).cast(fields.type().liveClass().make(fields));
    }
}
