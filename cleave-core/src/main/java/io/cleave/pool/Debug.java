package io.cleave.pool;

import java.util.function.Supplier;

/** What pools say of themselves, for those who look for a fault: with {@code CLEAVE_DEBUG=1} as INFO, else as DEBUG. */
final class Debug {
    private static final boolean IS_LOUD = "1".equals(System.getenv("CLEAVE_DEBUG"));

    private Debug() {
    }

    /** Loaded where there is something to say to somebody. */
    private static final class Log {
        static final System.Logger LOGGER = System.getLogger("io.cleave.pool");

        private Log() {
        }
    }

    static void log(Supplier<String> text) {
        System.Logger.Level level = IS_LOUD ? System.Logger.Level.INFO : System.Logger.Level.DEBUG;
        if (Log.LOGGER.isLoggable(level)) {
            Log.LOGGER.log(level, text);
        }
    }
}
