package io.cleave.cli;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.OutputStream;

/**
 * Standard input and output as bytes, for the commands that turn one into the other.
 *
 * @param in what is read
 * @param out where results go; unlike a {@link java.io.PrintStream}, it says when nobody can read them any more
 * @param isPipe whether results go to another process, which may go away
 */
record StandardStreams(InputStream in, OutputStream out, boolean isPipe) {
    /** Those of this process. */
    static StandardStreams ofProcess() {
        return new StandardStreams(new FileInputStream(FileDescriptor.in), new FileOutputStream(FileDescriptor.out),
                Terminal.isPipe(Terminal.OUT));
    }
}
