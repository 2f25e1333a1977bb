package io.cleave.share;

import java.util.Arrays;
import org.apache.fory.Fory;
import org.apache.fory.context.RefReader;
import org.apache.fory.memory.MemoryBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The objects that one decoding has made, by the numbers that {@link WrittenRefs} gave them, and those that are being made.
 * An object that is referred to before there is anything to refer to is an error here rather than a null.
 */
@SuppressWarnings("ReferenceEquality") // there is one object that stands for none
final class ReadRefs implements RefReader {
    private static final int FIRST_SIZE = 64;
    private static final Object UNMADE = new Object();

    private final ForyEngine engine;
    private @Nullable Object[] objects = new Object[FIRST_SIZE];
    /** How many were being made when this one was begun, by number. */
    private int[] begunAt = new int[FIRST_SIZE];
    private int size;
    /** The numbers of those that are being made and cannot be referred to yet; -1 for one without a number. */
    private int[] pending = new int[FIRST_SIZE];
    private int pendingSize;
    private @Nullable Object resolved;

    ReadRefs(ForyEngine engine) {
        this.engine = engine;
    }

    /** One of the objects, or null. */
    @Nullable Object get(int number) {
        Object object = number < size ? objects[number] : null;
        return object == UNMADE ? null : object;
    }

    @Override
    public byte readRefOrNull(MemoryBuffer buffer) {
        byte flag = buffer.readByte();
        resolved = flag == Fory.REF_FLAG ? getReadRef(buffer.readVarUInt32Small14()) : null;
        return flag;
    }

    @Override
    public int preserveRefId() {
        engine.checkReading(size);
        if (size == objects.length) {
            objects = Arrays.copyOf(objects, 2 * size);
            begunAt = Arrays.copyOf(begunAt, 2 * size);
        }
        objects[size] = UNMADE;
        begunAt[size] = pendingSize;
        push(size);
        return size++;
    }

    @Override
    public int preserveRefId(int number) {
        push(number);
        return number;
    }

    private void push(int number) {
        if (pendingSize == pending.length) {
            pending = Arrays.copyOf(pending, 2 * pendingSize);
        }
        pending[pendingSize++] = number;
    }

    @Override
    public int tryPreserveRefId(MemoryBuffer buffer) {
        byte flag = readRefOrNull(buffer);
        return flag == Fory.REF_VALUE_FLAG ? preserveRefId() : flag;
    }

    @Override
    public int lastPreservedRefId() {
        if (pendingSize == 0) {
            throw damaged("nothing is being made");
        }
        return pending[pendingSize - 1];
    }

    @Override
    public boolean hasPreservedRefId() {
        return pendingSize > 0;
    }

    @Override
    public void reference(Object object) {
        int number = lastPreservedRefId();
        pendingSize--;
        if (number >= 0) {
            objects[number] = object;
        }
    }

    @Override
    public @Nullable Object getReadRef(int number) {
        if (number < 0 || number >= size) {
            throw damaged("there is no object " + number + " of " + size);
        }
        Object object = objects[number];
        if (object == UNMADE) {
            throw new IllegalStateException(
                    "an object refers to one that it is a part of, and that cannot be made before "
                            + "all its parts are: a record, an immutable collection, or one that replaces itself");
        }
        return object;
    }

    private static IllegalArgumentException damaged(String what) {
        return new IllegalArgumentException("these are not the bytes of an object: " + what);
    }

    @Override
    public @Nullable Object getReadRef() {
        return resolved;
    }

    @Override
    public void setReadRef(int number, @Nullable Object object) {
        if (number >= 0) {
            if (object != null) {
                engine.admitRead(object, size);
            }
            objects[number] = object;
            pendingSize = Math.min(pendingSize, begunAt[number]); // it is made, and so are its parts
        }
    }

    @Override
    public void reset() {
        Arrays.fill(objects, 0, size, null);
        if (objects.length > FIRST_SIZE << 4) {
            objects = new Object[FIRST_SIZE];
            begunAt = new int[FIRST_SIZE];
        }
        if (pending.length > FIRST_SIZE << 4) {
            pending = new int[FIRST_SIZE];
        }
        size = 0;
        pendingSize = 0;
        resolved = null;
    }
}
