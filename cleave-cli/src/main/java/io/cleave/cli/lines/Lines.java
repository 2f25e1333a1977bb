package io.cleave.cli.lines;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * The lines of a stream of UTF-8, without their ends, which are {@code \n} or {@code \r\n}. A thread of its own reads
 * them, a little ahead of whoever takes them: so a line is there as soon as it has been written, and who waits for one
 * can be interrupted, which no read can be.
 */
public final class Lines implements Iterable<String>, AutoCloseable {
    private static final int READ_AT_ONCE = 1 << 16;
    private static final int BLOCKS_AHEAD = 32;
    /** The block behind the last one; no other is empty. */
    private static final List<String> END = List.of();

    private final InputStream in;
    private final Thread reader;
    /** What was read at once, in blocks. */
    private final BlockingQueue<List<String>> blocks = new ArrayBlockingQueue<>(BLOCKS_AHEAD);
    /** Written before {@link #END} is put. */
    private volatile @Nullable IOException failure;
    /** The block that is being given out, and whether it is the last. For whoever takes lines, one thread at a time. */
    private Iterator<String> block = Collections.emptyIterator();
    private boolean ended;

    private Lines(InputStream in) {
        this.in = in;
        reader = Thread.ofPlatform().daemon().name("cleave-lines").unstarted(this::read);
    }

    /** Begins to read a stream. It is not closed in the end, as a read may be going on. */
    public static Lines of(InputStream in) {
        Lines lines = new Lines(in);
        lines.reader.start();
        return lines;
    }

    /** Reads no more than it is just reading. */
    @Override
    public void close() {
        reader.interrupt();
    }

    /** Why the stream could not be read to its end, or null. */
    public @Nullable IOException failure() {
        return failure;
    }

    /** The lines; there is one iteration only. */
    @Override
    public Iterator<String> iterator() {
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return isThereMore();
            }

            @Override
            public String next() {
                if (!isThereMore()) {
                    throw new NoSuchElementException();
                }
                return block.next();
            }
        };
    }

    /**
     * Waits for a line, and takes what is there behind it, too.
     *
     * @param most how many lines at most, roughly
     * @return the lines, none at the end
     */
    public List<String> take(int most) {
        List<String> taken = new ArrayList<>();
        if (isThereMore()) {
            do {
                block.forEachRemaining(taken::add);
            } while (taken.size() < most && !blocks.isEmpty() && isThereMore());
        }
        return taken;
    }

    private boolean isThereMore() {
        while (!block.hasNext()) {
            if (ended) {
                return false;
            }
            List<String> next = await();
            ended = next.isEmpty();
            block = next.iterator();
            if (ended && failure != null) {
                throw new UncheckedIOException(failure);
            }
        }
        return true;
    }

    private List<String> await() {
        try {
            return blocks.take();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted while waiting for a line");
        }
    }

    private void read() {
        try {
            try {
                readAll();
            } catch (IOException e) {
                failure = e;
            } catch (OutOfMemoryError e) {
                failure = new IOException("a line does not fit into memory (" + e.getMessage() + ")", e);
            }
            blocks.put(END);
        } catch (InterruptedException e) {
            // closed: nobody wants the rest
        }
    }

    private void readAll() throws IOException, InterruptedException {
        byte[] bytes = new byte[READ_AT_ONCE];
        ByteArrayOutputStream begun = new ByteArrayOutputStream(); // of a line whose end has not been read
        int count;
        while ((count = in.read(bytes)) >= 0) {
            List<String> complete = new ArrayList<>();
            int start = 0;
            for (int i = 0; i < count; i++) {
                if (bytes[i] == '\n') {
                    begun.write(bytes, start, i - start);
                    complete.add(line(begun));
                    start = i + 1;
                }
            }
            begun.write(bytes, start, count - start);
            if (!complete.isEmpty()) {
                blocks.put(complete);
            }
        }
        if (begun.size() > 0) {
            blocks.put(List.of(begun.toString(StandardCharsets.UTF_8)));
        }
    }

    private static String line(ByteArrayOutputStream bytes) {
        String line = bytes.toString(StandardCharsets.UTF_8);
        bytes.reset();
        return line.endsWith("\r") ? line.substring(0, line.length() - 1) : line;
    }
}
