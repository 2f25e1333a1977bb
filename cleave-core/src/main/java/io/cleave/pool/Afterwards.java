package io.cleave.pool;

import java.util.ArrayList;
import java.util.List;

/**
 * What is to be done once the crew's lock is released. Work of the pool's own is done by whoever releases it; code of the
 * user's runs in a thread of its own, as it may take long, wait for the pool, or never end. Guarded by the crew's lock.
 */
final class Afterwards {
    private static final Work NOTHING = new Work(List.of(), List.of());

    private final String name;
    private List<Runnable> own = new ArrayList<>();
    private List<Runnable> apart = new ArrayList<>();

    Afterwards(String name) {
        this.name = name;
    }

    /** Has something done that is short and the pool's own. */
    void add(Runnable work) {
        own.add(work);
    }

    /** Has something done that may run code of the user's. */
    void addApart(Runnable work) {
        apart.add(work);
    }

    /** Takes what is to be done; the caller does it by {@link #run} when it has released the lock. */
    Work take() {
        if (own.isEmpty() && apart.isEmpty()) {
            return NOTHING;
        }
        Work work = new Work(own, apart);
        own = new ArrayList<>();
        apart = new ArrayList<>();
        return work;
    }

    /**
     * What was to be done.
     *
     * @param own of the pool's
     * @param apart of the user's
     */
    record Work(List<Runnable> own, List<Runnable> apart) {}

    /** Does all, whatever becomes of each. */
    void run(Work work) {
        for (Runnable next : work.own) {
            run(next);
        }
        List<Runnable> apart = work.apart;
        if (!apart.isEmpty()) {
            startApart(apart.size() == 1 ? apart.getFirst() : () -> apart.forEach(this::startApart));
        }
    }

    /** Starts what may run code of the user's: in a virtual thread, in another where there is none, or here as a last resort. */
    void startApart(Runnable work) {
        try {
            Thread.ofVirtual().name("cleave-" + name + "-done").start(() -> run(work));
        } catch (Throwable noVirtual) { // or, once that of the JDK's could not start, none of its kind ever
            try {
                Thread.ofPlatform().daemon().name("cleave-" + name + "-done").start(() -> run(work));
            } catch (Throwable none) {
                run(work);
            }
        }
    }

    private void run(Runnable work) {
        try {
            work.run();
        } catch (Throwable t) {
            Debug.log(() -> name + ": " + t.getClass().getName());
        }
    }
}
