package io.cleave.spark;

import io.cleave.share.Replica;
import io.cleave.share.SharedData;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerApplicationEnd;
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
    /** The application has ended. Guarded by this. */
    private boolean ended;

    /** A value; guarded by the registry. */
    private static final class Entry {
        final Driver owner;
        final Broadcast<HostImage> image;
        /** How many runs have tasks that name the image, which Spark serialises for each of their jobs. */
        int runs;
        /** It is to be destroyed when there are none. */
        boolean isClosed;

        Entry(Driver owner, Broadcast<HostImage> image) {
            this.owner = owner;
            this.image = image;
        }
    }

    /** The values that a run has captured, whose images stay until it releases them, also of those that are closed. */
    static final class Lease {
        final SharedValues values;
        private final List<Entry> entries;

        private Lease(SharedValues values, List<Entry> entries) {
            this.values = values;
            this.entries = entries;
        }
    }

    private SharedRegistry(JavaSparkContext context) {
        this.context = context;
    }

    /**
     * The registry of a context.
     *
     * @throws IllegalStateException where the context has been stopped
     */
    static SharedRegistry of(JavaSparkContext context) {
        String application = context.sc().applicationId();
        SharedRegistry registry = ALL.computeIfAbsent(application, _ -> {
            SharedRegistry made = new SharedRegistry(context);
            context.sc().addSparkListener(new SparkListener() {
                @Override
                public void onApplicationEnd(SparkListenerApplicationEnd end) {
                    ALL.remove(application);
                    made.end();
                }
            });
            return made;
        });
        if (context.sc().isStopped()) { // the news of which may have come before the listener
            ALL.remove(application);
            throw new IllegalStateException("the Spark context has been stopped");
        }
        return registry;
    }

    /**
     * Shares a value with all executors.
     *
     * @throws IllegalArgumentException where it cannot be encoded
     * @throws IllegalStateException where the pool has been closed, or the context stopped
     */
    <T> SharedData<T> share(@Nullable T value, Driver owner) {
        SharedData<T> data = SharedData.of(value);
        Broadcast<HostImage> image = null;
        boolean done = false;
        try {
            HostImage sent = new HostImage(data.name());
            image = Contexts.broadcast(context, sent);
            sent.sent();
            synchronized (this) {
                if (ended || owner.isClosed()) {
                    throw new IllegalStateException("this pool is closed");
                }
                entries.put(data, new Entry(owner, image));
                version++;
            }
            done = true;
            return data;
        } finally {
            if (!done) {
                data.close();
                if (image != null) {
                    Contexts.destroy(context, image);
                }
            }
        }
    }

    /** The values that are shared now, for a run that is to release them. Those that have been closed are given up. */
    Lease lease() {
        List<Entry> leased = new ArrayList<>();
        List<Entry> unused = new ArrayList<>();
        SharedValues shared;
        synchronized (this) {
            List<SharedValues.Value> values = new ArrayList<>();
            for (var each = entries.entrySet().iterator(); each.hasNext();) {
                var entry = each.next();
                String name = entry.getKey().name();
                Optional<Replica> replica = Replica.find(name);
                if (replica.isPresent()) {
                    replica.get().close();
                    values.add(new SharedValues.Value(name, entry.getValue().image));
                    leased.add(entry.getValue());
                } else {
                    each.remove();
                    giveUp(entry.getValue(), unused);
                }
            }
            leased.forEach(entry -> entry.runs++);
            shared = new SharedValues(version, values);
        }
        destroy(unused);
        return new Lease(shared, leased);
    }

    /** A run's tasks are no longer serialised. Once for each lease. */
    void release(Lease lease) {
        List<Entry> unused = new ArrayList<>();
        synchronized (this) {
            for (Entry entry : lease.entries) {
                if (--entry.runs == 0 && entry.isClosed) {
                    unused.add(entry);
                }
            }
        }
        destroy(unused);
    }

    /** Takes note, under the lock, that a value is closed. */
    private void giveUp(Entry entry, List<Entry> unused) {
        version++;
        entry.isClosed = true;
        if (entry.runs == 0) {
            unused.add(entry);
        }
    }

    /** Asks Spark to let go of images; not under the lock, as that is a call to a thread of its. */
    private void destroy(List<Entry> unused) {
        unused.forEach(entry -> Contexts.destroy(context, entry.image));
    }

    /** Closes what a pool has shared. */
    void close(Driver owner) {
        closeIf(entry -> entry.owner == owner);
    }

    private void end() {
        synchronized (this) {
            ended = true;
        }
        closeIf(_ -> true);
    }

    private void closeIf(Predicate<Entry> which) {
        List<Entry> unused = new ArrayList<>();
        synchronized (this) {
            entries.entrySet().removeIf(each -> {
                boolean matches = which.test(each.getValue());
                if (matches) {
                    each.getKey().close();
                    giveUp(each.getValue(), unused);
                }
                return matches;
            });
        }
        destroy(unused);
    }
}
