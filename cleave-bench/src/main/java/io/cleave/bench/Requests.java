package io.cleave.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * The subject's side of a {@link SubjectProcess}: says that it is ready, then answers each line of standard input with
 * a line of figures on standard output, until there are no more.
 */
public final class Requests {
    /** What a subject says when it can be measured. */
    static final String READY = "ready";

    /** Does what a request says. */
    @FunctionalInterface
    public interface Handler {
        /**
         * Does a work once and measures it.
         *
         * @param request the line that came
         * @return the figures
         * @throws Exception where it fails, which ends the subject
         */
        double[] answer(String request) throws Exception;
    }

    private Requests() {
    }

    /**
     * Serves until standard input ends.
     *
     * @param handler answers
     * @throws Exception what it threw
     */
    public static void serve(Handler handler) throws Exception {
        say(READY);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        String request = in.readLine();
        while (request != null) {
            say(Arrays.stream(handler.answer(request)).mapToObj(Double::toString).collect(Collectors.joining(" ")));
            request = in.readLine();
        }
    }

    private static void say(String line) throws IOException {
        System.out.println(line);
        if (System.out.checkError()) {
            throw new IOException("nobody reads the answers");
        }
    }
}
