package io.cleave.spark;

import io.cleave.memory.Cleanup;
import io.cleave.share.Replica;
import io.cleave.sync.Acquisition;
import io.cleave.sync.SharedMutex;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import org.apache.spark.SparkEnv;
import org.apache.spark.broadcast.Broadcast;

/**
 * What this executor holds of shared values: each is in the shared memory of its host once, held by every executor
 * there that has run a task of Cleave's since, so that it survives any of them but the last.
 *
 * <p>
 * Whoever finds that the host does not have a value fetches it, one executor at a time, under a lock that its death
 * hands on. An executor that is killed holds nothing any more; one that ends lets go. A value that was closed in the
 * driver is let go by the next task.
 */
final class HostCopies {
    private static final String DRIVER = "driver";
    private static final ReentrantLock LOCK = new ReentrantLock();
    /** By name. Guarded by LOCK. */
    private static final Map<String, Replica> HELD = new HashMap<>();
    /** Of the last change that this executor has heard of, and for which it has all values. Guarded by LOCK. */
    private static long version;

    private HostCopies() {
    }

    static {
        Runtime.getRuntime()
                .addShutdownHook(Thread.ofPlatform().name("cleave-host-copies").unstarted(HostCopies::clear));
    }

    /**
     * Sees to it that the values are on this host, and held.
     *
     * @throws InterruptedException where the task is killed while it waits for what another fetches
     */
    static void provide(SharedValues shared) throws InterruptedException {
        if (SparkEnv.get().executorId().equals(DRIVER)) {
            return; // which is where they come from
        }
        LOCK.lockInterruptibly();
        try {
            update(shared);
        } finally {
            LOCK.unlock();
        }
    }

    private static void update(SharedValues shared) throws InterruptedException {
        if (shared.version() < version) {
            return; // an older job is still under way
        }
        for (SharedValues.Value value : shared.values()) {
            if (!HELD.containsKey(value.name())) {
                HELD.put(value.name(), hold(value));
            }
        }
        if (shared.version() > version) {
            Set<String> open = shared.values().stream().map(SharedValues.Value::name).collect(Collectors.toSet());
            HELD.entrySet().removeIf(each -> {
                boolean isClosed = !open.contains(each.getKey());
                if (isClosed) {
                    each.getValue().close();
                }
                return isClosed;
            });
            version = shared.version();
        }
    }

    private static Replica hold(SharedValues.Value value) throws InterruptedException {
        Optional<Replica> there = Replica.find(value.name());
        return there.isPresent() ? there.get() : fetch(value);
    }

    private static Replica fetch(SharedValues.Value value) throws InterruptedException {
        try (SharedMutex mutex = SharedMutex.named("spark." + Integer.toHexString(value.name().hashCode()))) {
            if (mutex.acquireInterruptibly() == Acquisition.OWNER_DIED) {
                mutex.consistent(); // there is nothing to repair: what was not finished has no name
            }
            try {
                Optional<Replica> there = Replica.find(value.name());
                return there.isPresent() ? there.get() : receive(value);
            } finally {
                mutex.unlock();
            }
        }
    }

    private static Replica receive(SharedValues.Value value) {
        Replica received = value.image().value().take();
        forget(value.image());
        return received != null ? received
                : Replica.find(value.name()).orElseThrow(() -> new IllegalStateException(
                        "the shared value " + value.name() + " has been freed on this host"));
    }

    /** Has Spark let go of the pieces, which this host has in its shared memory now. */
    private static void forget(Broadcast<HostImage> image) {
        SparkEnv.get().blockManager().removeBroadcast(image.id(), true);
    }

    /** Lets go of everything, and removes what executors that were killed have left on this host. */
    private static void clear() {
        LOCK.lock();
        try {
            HELD.values().forEach(Replica::close);
            HELD.clear();
        } finally {
            LOCK.unlock();
        }
        Cleanup.run();
    }
}
