package io.cleave.spark;

import com.esotericsoftware.kryo.DefaultSerializer;
import com.esotericsoftware.kryo.serializers.JavaSerializer;
import io.cleave.BlockNotFoundException;
import io.cleave.share.Replica;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/**
 * A shared value as Spark broadcasts it: read from shared memory when Spark serialises it in the driver, and written
 * to shared memory when Spark deserialises it in an executor. Spark's pieces of it are what lies on heaps meanwhile:
 * the driver's while it makes them, and the executor's that fetches them.
 */
@DefaultSerializer(JavaSerializer.class) // where the program has chosen Kryo for Spark
final class HostImage implements Serializable {
    private static final long serialVersionUID = 1L;

    private final String name;
    /** In an executor: the hold on what was written. */
    private transient @Nullable Replica received;
    /** In the driver, until Spark has the pieces: they are to hold the value, and no later copy is. */
    private transient volatile boolean isSending;

    HostImage(String name) {
        this.name = name;
        this.isSending = true;
    }

    /** The pieces are made. What Spark makes of its own copy for want of memory needs the value no more. */
    void sent() {
        isSending = false;
    }

    String name() {
        return name;
    }

    /** The hold on what has come, which the first caller is to close; null for others. */
    synchronized @Nullable Replica take() {
        Replica taken = received;
        received = null;
        return taken;
    }

    private void writeObject(ObjectOutputStream out) throws IOException {
        out.defaultWriteObject();
        boolean isWhole = isSending;
        out.writeBoolean(isWhole);
        if (!isWhole) {
            return;
        }
        try (Replica replica = Replica.find(name).orElseThrow(
                () -> new BlockNotFoundException("a shared value has been closed while it was to be broadcast"))) {
            out.writeLong(replica.byteSize());
            replica.copyTo(out);
        }
    }

    private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
        in.defaultReadObject();
        if (in.readBoolean()) {
            received = Replica.receive(name, in.readLong(), in);
        }
    }
}
