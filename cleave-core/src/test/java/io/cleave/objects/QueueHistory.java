package io.cleave.objects;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** What processes have put into a queue, taken out of it and seen at its head, with the times, in files that outlive them. */
final class QueueHistory {
    private static final long NOTHING = 0;
    /** What is noted as put by who looks. */
    private static final long LOOK = -1;
    private static final int RECORD = 4 * Long.BYTES;

    /**
     * A call as it was recorded: putting a value, which may have failed, or taking or seeing one, where there may have been
     * none.
     */
    record Event(boolean isStack, int capacity, long put, long result, long begin, long end)
            implements
                Linearization.Call<List<Long>> {
        @Override
        public @Nullable List<Long> after(List<Long> content) {
            List<Long> after = new ArrayList<>(content);
            if (put == LOOK) {
                long first = content.isEmpty() ? NOTHING : isStack ? content.getLast() : content.getFirst();
                return !isOver() || result == first ? content : null;
            }
            if (put != NOTHING) {
                boolean isPut = content.size() < capacity;
                if (isPut) {
                    after.add(put);
                }
                return !isOver() || (result != NOTHING) == isPut ? List.copyOf(after) : null;
            }
            long taken = content.isEmpty() ? NOTHING : isStack ? after.removeLast() : after.removeFirst();
            return !isOver() || result == taken ? List.copyOf(after) : null;
        }
    }

    /** A queue of any sort. */
    interface Subject {
        boolean put(long value, long timeoutMicros) throws InterruptedException;

        /** The next value, which is not 0; 0 where there is none. */
        long take(long timeoutMicros) throws InterruptedException;

        long look();
    }

    static Subject subject(BlockingQueue<Long> queue) {
        return new Subject() {
            @Override
            public boolean put(long value, long timeoutMicros) throws InterruptedException {
                return queue.offer(value, timeoutMicros, TimeUnit.MICROSECONDS);
            }

            @Override
            public long take(long timeoutMicros) throws InterruptedException {
                return orNothing(queue.poll(timeoutMicros, TimeUnit.MICROSECONDS));
            }

            @Override
            public long look() {
                return orNothing(queue.peek());
            }

            private long orNothing(@Nullable Long value) {
                return value == null ? NOTHING : value;
            }
        };
    }

    static Subject subject(SharedLongQueue queue) {
        return new Subject() {
            @Override
            public boolean put(long value, long timeoutMicros) throws InterruptedException {
                return timeoutMicros == 0 ? queue.offer(value)
                        : queue.offer(value, timeoutMicros, TimeUnit.MICROSECONDS);
            }

            @Override
            public long take(long timeoutMicros) throws InterruptedException {
                return timeoutMicros == 0 ? queue.pollOrElse(NOTHING)
                        : queue.poll(timeoutMicros, TimeUnit.MICROSECONDS).orElse(NOTHING);
            }

            @Override
            public long look() {
                return queue.peek().orElse(NOTHING);
            }
        };
    }

    /** Where one process writes. */
    static final class Recorder {
        private final MappedByteBuffer buffer;
        private int at;

        Recorder(Path file, int calls) {
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ,
                    StandardOpenOption.WRITE)) {
                buffer = channel.map(FileChannel.MapMode.READ_WRITE, 0, (long) calls * RECORD);
                buffer.order(ByteOrder.nativeOrder());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        void put(Subject queue, long value, long timeoutMicros) throws InterruptedException {
            begin(value);
            end(queue.put(value, timeoutMicros) ? 1 : NOTHING);
        }

        void take(Subject queue, long timeoutMicros) throws InterruptedException {
            begin(NOTHING);
            end(queue.take(timeoutMicros));
        }

        void look(Subject queue) {
            begin(LOOK);
            end(queue.look());
        }

        private void begin(long put) {
            buffer.putLong(at, put);
            buffer.putLong(at + 16, System.nanoTime());
        }

        private void end(long result) {
            buffer.putLong(at + 8, result);
            buffer.putLong(at + 24, System.nanoTime());
            at += RECORD;
        }
    }

    private QueueHistory() {
    }

    static List<Event> read(Path file, boolean isStack, int capacity) throws IOException {
        List<Event> all = new ArrayList<>();
        ByteBuffer buffer = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.nativeOrder());
        for (int at = 0; at < buffer.limit() && buffer.getLong(at + 16) != 0; at += RECORD) {
            all.add(new Event(isStack, capacity, buffer.getLong(at), buffer.getLong(at + 8), buffer.getLong(at + 16),
                    buffer.getLong(at + 24)));
        }
        return all;
    }
}
