package io.cleave.bench;

import java.io.PrintStream;

/** Says on standard error what is being done: a line for each thing, a dot for each step. */
public final class Progress {
    private final PrintStream out;
    private boolean inLine;
    private long start;

    /**
     * Progress for people.
     *
     * @param out where to say it
     */
    public Progress(PrintStream out) {
        this.out = out;
    }

    /**
     * Something begins.
     *
     * @param what what it is
     */
    public void begin(String what) {
        end();
        start = System.nanoTime();
        out.print(what + " ");
        out.flush();
        inLine = true;
    }

    /** A step of it is done. */
    public void step() {
        out.print('.');
        out.flush();
    }

    /** It has ended. */
    public void end() {
        if (inLine) {
            out.println(" " + (System.nanoTime() - start + 500_000_000) / 1_000_000_000 + " s");
            inLine = false;
        }
    }

    /**
     * Something worth knowing.
     *
     * @param text a sentence
     */
    public void note(String text) {
        end();
        out.println(text);
    }
}
