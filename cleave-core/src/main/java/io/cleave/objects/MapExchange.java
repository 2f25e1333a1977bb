package io.cleave.objects;

import io.cleave.StaleReferenceException;
import java.util.Arrays;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Changes of one entry of a map that depend on its value, or return it.
 *
 * <p>
 * No code of the user's runs under the lock of the entry: neither a predicate, nor {@code equals}, nor what makes a value of
 * its bytes, where that may be code of the user's ({@link ValueEncoding#isPlain}). So the bytes are read without a lock, as
 * readers do; code runs; then, under the lock, they are compared with what the entry has by then. The bytes of a structure
 * are its place and generation, which no other one ever has: what is in it is known by its stamp.
 */
final class MapExchange<V> {
    private final MapTable table;
    private final MapWriter writer;
    private final ValueEncoding<V> values;

    MapExchange(MapTable table, MapWriter writer, ValueEncoding<V> values) {
        this.table = table;
        this.writer = writer;
        this.values = values;
    }

    /** What is done to a key, under its lock. */
    interface Doing {
        void to(MapAccess access);
    }

    /** Acquires the lock of a key. */
    interface Locking {
        void of(MapAccess access);
    }

    private byte @Nullable [] see(MapAccess access) {
        return (byte[]) table.getUnsure(access, values); // they are not plain
    }

    /**
     * Does something to a key, which takes its value away.
     *
     * @param locking by which the key is locked
     * @return the value that it had; null where it was absent
     */
    @Nullable V exchange(MapAccess access, Locking locking, Doing doing) {
        if (values.isPlain()) {
            locking.of(access);
            V old = writer.read(access, values);
            doing.to(access);
            return old;
        }
        return values.loose() == null ? exchangeValue(access, locking, doing)
                : exchangeStructure(access, locking, doing);
    }

    /** What cannot be read is found out before it is taken away, but where somebody else has just put it there. */
    private @Nullable V exchangeValue(MapAccess access, Locking locking, Doing doing) {
        byte[] seen = see(access);
        V old = values.sure(seen);
        locking.of(access);
        byte[] later = null;
        boolean isStill;
        try {
            isStill = writer.isStill(access, seen);
            if (!isStill) {
                later = writer.bytes(access);
            }
            doing.to(access);
        } finally {
            access.unlock();
        }
        return isStill ? old : values.sure(later);
    }

    /** What the structure has is copied before it goes. */
    private @Nullable V exchangeStructure(MapAccess access, Locking locking, Doing doing) {
        byte[] last = null;
        while (true) {
            byte[] seen = see(access);
            V old;
            try {
                V live = values.brief(seen);
                old = live == null ? null : values.detached(live);
            } catch (StaleReferenceException e) {
                if (Arrays.equals(last, seen)) {
                    throw e; // the entry holds what has ended
                }
                last = seen;
                continue;
            }
            locking.of(access);
            try {
                if (writer.isStill(access, seen)) {
                    doing.to(access);
                    return old;
                }
            } finally {
                access.unlock();
            }
        }
    }

    /**
     * Does something to a key if code of the user's says so of its value. It is asked again where the value has changed
     * meanwhile, by others.
     *
     * @return whether it was done
     */
    boolean doIf(MapAccess access, Predicate<? super V> question, Doing doing) {
        byte[] last = null;
        while (true) {
            byte[] seen = see(access);
            V value = values.sure(seen);
            if (value == null) {
                return false;
            }
            LiveStructure.Stamp stamp = ask(access, question, value);
            if (stamp != null) {
                if (doIfStill(access, seen, value, stamp, doing)) {
                    return true;
                }
            } else if (!hasEnded(value) || Arrays.equals(last, seen)) {
                return false;
            }
            last = seen;
        }
    }

    private LiveStructure.@Nullable Stamp ask(MapAccess access, Predicate<? super V> question, V value) {
        access.beginCode(table);
        try {
            return LiveStructure.ask(question, value);
        } finally {
            access.endCode();
        }
    }

    private static boolean hasEnded(Object value) {
        return value instanceof LiveStructure live && !live.isInUse();
    }

    private boolean doIfStill(MapAccess access, byte @Nullable [] seen, V value, LiveStructure.Stamp stamp,
            Doing doing) {
        while (true) {
            access.lock(writer);
            try {
                if (!writer.isStill(access, seen)) {
                    return false;
                }
                try (LiveStructure.Hold hold = LiveStructure.tryHold(value)) {
                    if (hold != null) {
                        boolean isSame = hold.stamp().equals(stamp);
                        if (isSame) {
                            doing.to(access);
                        }
                        return isSame;
                    }
                }
            } finally {
                access.unlock();
            }
            LiveStructure.awaitHold(value);
        }
    }
}
