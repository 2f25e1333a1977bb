package io.cleave.fission;

import io.cleave.os.Unistd;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.logging.Level;
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
final class ExitGuard {
    private static final Logger RUNTIME_LOGGER = Logger.getLogger("java.lang.Runtime");

    private static volatile @Nullable Consumer<Throwable> report;

    private ExitGuard() {
    }

    /** Makes the fallback known to the JVM; called once, in the parent. */
    static void install() {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            if (Forker.isChild()) {
                throw Unistd._exit(ChildLife.EXIT_BY_HOOK);
            }
        }, "cleave-exit-guard"));
        Objects.requireNonNull(RUNTIME_LOGGER.getName());
    }

    /** Begins to listen; called in the child. */
    static void arm() {
        RUNTIME_LOGGER.setFilter(entry -> {
            leave(entry.getThrown());
            return false;
        });
        RUNTIME_LOGGER.setLevel(Level.FINE);
    }

    /**
     * Says what hears of the exit before the child ends.
     *
     * @param listener gets the stack of the call to exit
     */
    static void reportTo(Consumer<Throwable> listener) {
        report = listener;
    }

    private static void leave(@Nullable Throwable call) {
        Consumer<Throwable> listener = report;
        if (listener != null) {
            listener.accept(call == null ? new Throwable("Runtime.exit") : call);
        }
        throw Unistd._exit(ChildLife.EXIT_BY_HOOK);
    }
}
