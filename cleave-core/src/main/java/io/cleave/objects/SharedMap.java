package io.cleave.objects;

import java.util.concurrent.ConcurrentMap;
import java.util.function.BiConsumer;
import java.util.function.LongConsumer;

/**
 * A map that lives in a shared heap: all processes that have it open see and change the same entries.
 *
 * <p>
 * Each operation on one key has happened as a whole or not at all, whatever process dies at whatever moment, and takes
 * effect at one moment between its call and its return. Reading takes no lock. Writing locks one of many parts of the map
 * for its moment; no operation waits until the map has grown.
 *
 * <p>
 * Keys and values are copied: what {@code get} returns is another object each time, and to change it changes nothing in
 * the map, unless its values are structures themselves ({@link StructureType}). Neither can be null. Keys are equal
 * where {@code equals} says so; classes for which that cannot be told from their bytes are refused when the map is
 * opened. Values are compared by {@code equals}, arrays by what they hold.
 *
 * <p>
 * {@code compute}, {@code computeIfAbsent}, {@code computeIfPresent}, {@code merge} and {@code replaceAll} call their
 * function while they hold the lock of the key's part, once for each key: it should be short, and must not change this
 * map (which throws {@link IllegalStateException}) nor wait for others that do. The same is true of what makes an
 * object of the value that the function is given, and bytes of the one it returns, where that is code of a value's own.
 * If the process dies meanwhile, nothing has happened.
 *
 * <p>
 * No other code of the caller's runs under a lock: the predicates of {@code removeIf}, {@code equals} in
 * {@code remove(key, value)}, {@code replace(key, old, new)} and the views, the constructors of records. Where another
 * has changed the value meanwhile, it is called again for that key.
 *
 * <p>
 * Iterators, and what else goes through all entries, are weakly consistent: each key that is in the map all the time comes
 * exactly once, others at most once while they are not removed and put again. {@code size} is exact while nobody changes
 * the map. {@code putAll} and {@code clear} happen entry by entry. Entries write through by {@code setValue}.
 *
 * <p>
 * Memory consistency effects: actions in a thread before it puts a key or value into the map happen before actions
 * after another thread, in this or another process, has read or removed that entry.
 *
 * @param <K> the class of the keys
 * @param <V> the class of the values
 */
public interface SharedMap<K, V> extends ConcurrentMap<K, V> {
    /**
     * As {@link #watch(BiConsumer, LongConsumer)}, for those to whom it does not matter whether they have missed some.
     *
     * @param onChange is called with the key and the new value, which is null where the entry was removed
     * @return ends the watch
     */
    default AutoCloseable watch(BiConsumer<K, V> onChange) {
        return watch(onChange, _ -> {});
    }

    /**
     * Watches the changes that any process makes from now on, each in the order in which they happen to the key. They are
     * kept in a log of the last 1023; who does not keep up misses the older ones. Both functions run on one thread for
     * this watch; what they throw goes to that thread's handler of uncaught exceptions, and the watch goes on. It ends
     * when it is closed, or the map is dropped. A map can have 256 watches at once; those of dead processes do not count.
     *
     * @param onChange is called with the key and the new value, which is null where the entry was removed; for a value of
     *        more than 32000 bytes it is the one that the key has when the call is made
     * @param onMissed is called with the number of changes that were missed
     * @return ends the watch: no call begins after its {@code close} has returned, unless that was called by one of them
     * @throws io.cleave.HeapFullException where there is no room for the log, or the map is watched the first time
     */
    AutoCloseable watch(BiConsumer<K, V> onChange, LongConsumer onMissed);
}
