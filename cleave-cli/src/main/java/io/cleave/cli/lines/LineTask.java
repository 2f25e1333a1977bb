package io.cleave.cli.lines;

import io.cleave.pool.Task;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** What is done to a line: it gives the line to print, or null for none. Only text comes back from a worker. */
public sealed interface LineTask extends Task<String, @Nullable String> {
    /**
     * Gives the text of a method's result.
     *
     * @param method takes the line
     */
    record Mapping(LineMethod method) implements LineTask {
        private static final long serialVersionUID = 1L;

        @Override
        public String apply(String line) throws Exception {
            return text(method.call(line));
        }
    }

    /**
     * Gives the line back if a method says so.
     *
     * @param method returns a boolean
     */
    record Filter(LineMethod method) implements LineTask {
        private static final long serialVersionUID = 1L;

        @Override
        public @Nullable String apply(String line) throws Exception {
            if (method.call(line) instanceof Boolean wanted) {
                return wanted ? line : null;
            }
            throw new NullPointerException(method + " returned null, which is neither true nor false");
        }
    }

    /** A result as text: arrays by their elements, all else as {@link String#valueOf(Object)} has it. */
    static String text(@Nullable Object result) {
        if (result != null && result.getClass().isArray()) {
            String nested = Arrays.deepToString(new Object[] {result});
            return nested.substring(1, nested.length() - 1);
        }
        return String.valueOf(result);
    }
}
