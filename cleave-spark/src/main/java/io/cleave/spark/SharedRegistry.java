package io.cleave.spark;

import io.cleave.share.Replica;
import io.cleave.share.SharedData;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.jspecify.annotations.Nullable;

/**
 * The values that the pools on a context share with their executors. There is one for all pools on it, so that what
 * one of them has closed is let go by the next task of any.
 */
final class SharedRegistry {
    /** By the applications' ids: one at a time, as Spark allows no more in a JVM. */
    private static final Map<String, SharedRegistry> ALL = new ConcurrentHashMap<>();

    private final JavaSparkContext context;
    /** Guarded by this. */
    private final Map<SharedData<?>, Entry> entries = new LinkedHashMap<>();
    /** Grows with each change. Guarded by this. */
    private long version = 1;

    private record Entry(Driver owner, Broadcast<HostImage> image) {}

    private SharedRegistry(JavaSparkContext context) {
        this.context = context;
    }

    static SharedRegistry of(JavaSparkContext context) {
        return ALL.computeIfAbsent(context.sc().applicationId(), _ -> new SharedRegistry(context));
    }

    /**
     * Shares a value with all executors.
     *
     * @throws IllegalArgumentException where it cannot be encoded
     */
    <T> SharedData<T> share(@Nullable T value, Driver owner) {
        SharedData<T> data = SharedData.of(value);
        boolean done = false;
        try {
            Broadcast<HostImage> image = context.broadcast(new HostImage(data.name()));
            synchronized (this) {
                entries.put(data, new Entry(owner, image));
                version++;
            }
            done = true;
            return data;
        } finally {
            if (!done) {
                data.close();
            }
        }
    }

    /** The values that are shared now. Those that have been closed since are given up. */
    synchronized SharedValues current() {
        List<SharedValues.Value> values = new ArrayList<>();
        for (var each = entries.entrySet().iterator(); each.hasNext();) {
            var entry = each.next();
            String name = entry.getKey().name();
            Optional<Replica> replica = Replica.find(name);
            if (replica.isPresent()) {
                replica.get().close();
                values.add(new SharedValues.Value(name, entry.getValue().image));
            } else {
                each.remove();
                giveUp(entry.getValue());
            }
        }
        return new SharedValues(version, values);
    }

    private void giveUp(Entry entry) {
        version++;
        if (!context.sc().isStopped()) {
            entry.image.destroy();
        }
    }

    /** Closes what a pool has shared. */
    synchronized void close(Driver owner) {
        entries.entrySet().removeIf(each -> {
            boolean isOwn = each.getValue().owner == owner;
            if (isOwn) {
                each.getKey().close();
                giveUp(each.getValue());
            }
            return isOwn;
        });
    }
}
