package io.cleave.fork;

import io.cleave.os.Jni;
import io.cleave.os.WholeFork;
import java.util.concurrent.ForkJoinPool;
import org.jspecify.annotations.Nullable;

/**
 * Threads that the JDK starts when they are first needed and keeps, and that a child does not have: those that look at the
 * time for the JDK's own fork-join pools, on which time-outs of {@link java.util.concurrent.CompletableFuture} and the sleep
 * of virtual threads depend, and those of the default group of asynchronous channels. A child forgets them, and the JDK
 * starts others there when they are needed. With them go the parent's tasks that wait for their time, which are not to be
 * run in a child.
 */
final class JdkThreads {
    private static final ForkJoinPool COMMON = ForkJoinPool.commonPool(); // which initializes its class
    private static final @Nullable Runnable FORGET_COMMON = timerOf(COMMON.getClass().getName(), "common");
    private static final @Nullable Runnable FORGET_CHANNELS = channels();

    private JdkThreads() {
    }

    /** Asked for only where virtual threads are used, as it starts what they need. */
    private static final class Virtual {
        static final @Nullable Runnable FORGET = timerOf("java.lang.VirtualThread", "DEFAULT_SCHEDULER");

        static void forget() {
            run(FORGET);
        }
    }

    private static @Nullable Runnable timerOf(String owner, String pool) {
        Jni.Held held = Jni.Held.in(owner, pool);
        return held == null ? null : held.forgetter("delayScheduler");
    }

    private static @Nullable Runnable channels() {
        try {
            return Jni.forgetter(Class.forName("sun.nio.ch.LinuxAsynchronousChannelProvider", true, null),
                    "defaultPort");
        } catch (ClassNotFoundException e) {
            return null; // another JDK
        }
    }

    private static void run(@Nullable Runnable forgetter) {
        if (forgetter != null) {
            forgetter.run();
        }
    }

    /** Forgets them, in a child that is a whole JVM. */
    static void forget() {
        run(FORGET_COMMON);
        run(FORGET_CHANNELS);
        if (WholeFork.hasMetCarriers()) {
            Virtual.forget();
        }
    }
}
