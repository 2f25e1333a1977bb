package io.cleave.fork;

import io.cleave.os.Unistd;
import java.util.logging.Filter;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Keeps {@link System#exit} in a child from running its parent's shutdown hooks.
 *
 * <p>
 * The JDK lets the logger {@code java.lang.Runtime} know of each call before anything else happens, if that logger
 * listens. In a child it does, and its filter ends the child there. Where the system's logger is not java.util.logging,
 * a shutdown hook of our own ends the child as soon as the hooks start.
 */
public final class ExitGuard {
    private static final Logger RUNTIME_LOGGER = Logger.getLogger("java.lang.Runtime");

    private static final Filter FILTER = ExitGuard::hear;

    private static volatile @Nullable Listener listener;
    private static boolean installed;

    /** Hears of an exit before the process ends. */
    @FunctionalInterface
    public interface Listener {
        /**
         * Somebody has called {@link System#exit}.
         *
         * @param call from where
         */
        void exitCalled(Throwable call);
    }

    private ExitGuard() {
    }

    /** Makes the fallback known to the JVM; called in the parent, where the first call counts. */
    public static synchronized void install() {
        if (installed) {
            return;
        }
        installed = true;
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            if (Forks.isChild()) {
                throw Unistd._exit(ChildLife.EXIT_BY_HOOK);
            }
        }, "cleave-exit-guard"));
        Level level = RUNTIME_LOGGER.getLevel();
        Filter filter = RUNTIME_LOGGER.getFilter();
        arm(null); // a rehearsal, so that no child has to load what this needs
        RUNTIME_LOGGER.setLevel(level);
        RUNTIME_LOGGER.setFilter(filter);
    }

    /**
     * Begins to listen; called in the child.
     *
     * @param child hears of the exit before the process ends, or ends it
     */
    public static void arm(@Nullable Listener child) {
        listener = child;
        RUNTIME_LOGGER.setFilter(FILTER);
        RUNTIME_LOGGER.setLevel(Level.FINE);
    }

    /**
     * The status with which a process was to exit.
     *
     * @param call as a {@link Listener} hears of it
     * @return the status, or {@link ChildLife#EXIT_BY_HOOK} where this JDK does not tell
     */
    public static int statusOf(Throwable call) {
        String text = String.valueOf(call.getMessage());
        int end = Math.max(text.lastIndexOf(')'), 0);
        try {
            return Integer.parseInt(text, text.lastIndexOf('(') + 1, end, 10);
        } catch (IndexOutOfBoundsException | NumberFormatException e) {
            return ChildLife.EXIT_BY_HOOK;
        }
    }

    private static boolean hear(LogRecord entry) {
        if (Forks.isChild()) {
            leave(entry.getThrown());
        }
        return true;
    }

    private static void leave(@Nullable Throwable call) {
        Listener child = listener;
        if (child != null) {
            child.exitCalled(call == null ? new Throwable("Runtime.exit") : call);
        }
        throw Unistd._exit(ChildLife.EXIT_BY_HOOK);
    }
}
