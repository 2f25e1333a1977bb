package io.cleave.os;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * What the library does at the normal end of the JVM: as shutdown hooks, which a copy of a JVM must not run, as most are its
 * parent's; it runs these.
 */
public final class AtExit {
    private static final List<Runnable> ALL = new CopyOnWriteArrayList<>();

    private AtExit() {
    }

    /**
     * Has something done at the end.
     *
     * @param name of the thread that does it
     * @param work what to do; in a copy, too, where it has to know what is its parent's
     * @throws IllegalStateException where the JVM is on its way out
     */
    public static void add(String name, Runnable work) {
        Runtime.getRuntime().addShutdownHook(
                Thread.ofPlatform().inheritInheritableThreadLocals(false).name(name).unstarted(work)); // no loader is kept
        ALL.add(work);
    }

    /** Does all of it, for a process that ends without shutdown hooks. */
    public static void run() {
        for (Runnable work : ALL) {
            work.run();
        }
    }
}
