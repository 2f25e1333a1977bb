package io.cleave.cli.lines;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Lines of UTF-8 that reach their reader soon, without a system call for each: what has waited for some milliseconds is
 * flushed by a thread of its own. When the reader is gone, the thread that prints is interrupted, so that it need not
 * have something to print to notice it.
 */
public final class PromptOutput implements AutoCloseable {
    private static final int BUFFER = 1 << 16;
    private static final long LONGEST_WAIT_MILLIS = 5;
    private static final byte[] LINE_END = {'\n'};

    private final OutputStream out;
    private final Thread flusher;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition written = lock.newCondition();
    /** Whether something waits to be flushed. Guarded by lock. */
    private boolean waiting;
    /** Why the first write failed that did. Guarded by lock. */
    private @Nullable IOException failure;
    /** Who prints, and is to be interrupted. Guarded by lock. */
    private @Nullable Thread printer;

    private PromptOutput(OutputStream out) {
        this.out = new BufferedOutputStream(out, BUFFER);
        printer = Thread.currentThread();
        flusher = Thread.ofPlatform().daemon().name("cleave-flush").unstarted(this::flushRegularly);
    }

    /** Begins to write for the calling thread. */
    public static PromptOutput to(OutputStream out) {
        PromptOutput output = new PromptOutput(out);
        output.flusher.start();
        return output;
    }

    /** Writes a line. */
    public void println(String line) throws IOException {
        byte[] bytes = line.getBytes(StandardCharsets.UTF_8);
        lock.lock();
        try {
            check();
            out.write(bytes);
            out.write(LINE_END);
            if (!waiting) {
                waiting = true;
                written.signal();
            }
        } catch (IOException e) {
            failure = e;
            throw e;
        } finally {
            lock.unlock();
        }
    }

    /** Interrupts the thread that prints no more, and takes back an interrupt that it has got. */
    public void detach() {
        lock.lock();
        try {
            printer = null;
            if (failure != null) {
                Thread.interrupted();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Sees to it that all is written; throws what has gone wrong with that, now or before. */
    public void flush() throws IOException {
        lock.lock();
        try {
            check();
            out.flush();
            waiting = false;
        } catch (IOException e) {
            failure = e;
            throw e;
        } finally {
            lock.unlock();
        }
    }

    /** Ends the regular flushing. The stream stays open, as it is not this object's. */
    @Override
    public void close() {
        flusher.interrupt();
    }

    private void check() throws IOException {
        if (failure != null) {
            throw failure;
        }
    }

    private void flushRegularly() {
        try {
            while (true) {
                awaitLine();
                Thread.sleep(LONGEST_WAIT_MILLIS);
                flush();
            }
        } catch (InterruptedException e) {
            // closed
        } catch (IOException e) {
            interruptPrinter();
        }
    }

    private void awaitLine() throws InterruptedException {
        lock.lock();
        try {
            while (!waiting) {
                written.await();
            }
        } finally {
            lock.unlock();
        }
    }

    private void interruptPrinter() {
        lock.lock();
        try {
            if (printer != null) {
                printer.interrupt();
            }
        } finally {
            lock.unlock();
        }
    }
}
