package io.cleave.share;

import java.util.Arrays;
import org.apache.fory.Fory;
import org.apache.fory.collection.IdentityObjectIntMap;
import org.apache.fory.context.RefWriter;
import org.apache.fory.memory.MemoryBuffer;
import org.jspecify.annotations.Nullable;

/** The objects that one encoding has met, by identity, in the order in which they were met. */
final class WrittenRefs implements RefWriter {
    private static final int FIRST_SIZE = 64;
    private static final int FLAG_BYTES = 10;

    private final ForyEngine engine;
    private final IdentityObjectIntMap<Object> numbers = new IdentityObjectIntMap<>(FIRST_SIZE, 0.5f);
    private @Nullable Object[] objects = new Object[FIRST_SIZE];
    private boolean hasRepeats;
    private @Nullable Object last;

    WrittenRefs(ForyEngine engine) {
        this.engine = engine;
    }

    /** Whether an object with parts was met twice, so that it may be a part of itself. */
    boolean hasRepeats() {
        return hasRepeats;
    }

    /** What was met last. */
    @Nullable Object last() {
        return last;
    }

    /** How many there are. */
    int size() {
        return numbers.size;
    }

    /** One of them. */
    @Nullable Object get(int number) {
        return objects[number];
    }

    @Override
    public boolean writeRefOrNull(MemoryBuffer buffer, @Nullable Object object) {
        buffer.grow(FLAG_BYTES);
        if (object == null) {
            buffer._unsafeWriteByte(Fory.NULL_FLAG);
            return true;
        }
        return !isNew(buffer, object);
    }

    @Override
    public boolean writeRefValueFlag(MemoryBuffer buffer, Object object) {
        buffer.grow(FLAG_BYTES);
        return isNew(buffer, object);
    }

    private boolean isNew(MemoryBuffer buffer, Object object) {
        int number = numbers.size;
        int known = numbers.putOrGet(object, number);
        if (known >= 0) {
            buffer._unsafeWriteByte(Fory.REF_FLAG);
            buffer._unsafeWriteVarUInt32(known);
            hasRepeats |= hasParts(object);
            return false;
        }
        buffer._unsafeWriteByte(Fory.REF_VALUE_FLAG);
        if (number == objects.length) {
            objects = Arrays.copyOf(objects, 2 * number);
        }
        objects[number] = object;
        last = object;
        engine.checkWriting(object);
        return true;
    }

    private static boolean hasParts(Object object) {
        return !(object instanceof String || object instanceof Enum
                || (object instanceof Number && JavaOutput.isOfJdk(object)) || object instanceof Class
                || object instanceof Boolean || object instanceof Character
                || object.getClass().getPackageName().equals("java.time") || ElementType.ofArray(object) != null);
    }

    @Override
    public boolean writeNullFlag(MemoryBuffer buffer, @Nullable Object object) {
        if (object == null) {
            buffer.writeByte(Fory.NULL_FLAG);
            return true;
        }
        return false;
    }

    @Override
    public void replaceRef(Object original, Object replacement) {
        int number = numbers.get(replacement, -1);
        if (number < 0) {
            throw new IllegalStateException("the replacement has not been written");
        }
        numbers.put(original, number);
        while (numbers.size > objects.length) {
            objects = Arrays.copyOf(objects, 2 * objects.length);
        }
    }

    @Override
    public void reset() {
        Arrays.fill(objects, 0, Math.min(objects.length, numbers.size), null);
        if (objects.length > FIRST_SIZE << 4) {
            objects = new Object[FIRST_SIZE];
        }
        numbers.clearApproximate(FIRST_SIZE);
        hasRepeats = false;
        last = null;
    }
}
