package io.cleave.bench;

import java.io.IOException;

/** One of those that are measured beside each other. */
public interface Subject {
    /**
     * The subject's name in the results.
     *
     * @return such as {@code "cleave"} or the rival's name
     */
    String name();

    /**
     * Does a work once.
     *
     * @param request what to do, in words that the subject knows
     * @return what was measured
     * @throws IOException where the subject failed, or has ended
     */
    double[] measure(String request) throws IOException;
}
