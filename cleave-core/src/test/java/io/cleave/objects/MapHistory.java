package io.cleave.objects;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What processes have asked of a map and got, with the times, in files that outlive them; and whether some order explains
 * it, key by key, as calls for different keys explain each other nothing.
 */
@SuppressWarnings("EnumOrdinal")
final class MapHistory {
    static final long NOTHING = 0;
    private static final int RECORD = 6 * Long.BYTES;

    /** What is asked of a map. Values are above 0; true is 1. */
    enum Call {
        GET, PUT, REMOVE, PUT_IF_ABSENT, REPLACE, COMPUTE;

        long run(Map<Long, Long> map, long key, long argument) {
            return switch (this) {
                case GET -> number(map.get(key));
                case PUT -> number(map.put(key, argument));
                case REMOVE -> number(map.remove(key));
                case PUT_IF_ABSENT -> number(map.putIfAbsent(key, argument));
                case REPLACE -> number(map.replace(key, argument));
                case COMPUTE -> number(map.compute(key, (_, old) -> {
                    long next = computed(number(old), argument);
                    return next == NOTHING ? null : next;
                }));
            };
        }

        private static long computed(long value, long argument) {
            return value == NOTHING ? argument : value % 3 == 0 ? NOTHING : value + 1;
        }

        /** The value after, and the result. */
        long[] model(long value, long argument) {
            return switch (this) {
                case GET -> new long[] {value, value};
                case PUT -> new long[] {argument, value};
                case REMOVE -> new long[] {NOTHING, value};
                case PUT_IF_ABSENT -> new long[] {value == NOTHING ? argument : value, value};
                case REPLACE -> new long[] {value == NOTHING ? NOTHING : argument, value};
                case COMPUTE -> {
                    long next = computed(value, argument);
                    yield new long[] {next, next};
                }
            };
        }

        private static long number(Long value) {
            return value == null ? NOTHING : value;
        }
    }

    /** A call as it was recorded. */
    record Event(Call call, long argument, long result, long begin, long end) implements Linearization.Call<Long> {
        @Override
        public @Nullable Long after(Long value) {
            long[] outcome = call.model(value, argument);
            return !isOver() || outcome[1] == result ? (Long) outcome[0] : null;
        }
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

        void call(Map<Long, Long> map, Call call, long key, long argument) {
            buffer.putLong(at + 8, key);
            buffer.putLong(at + 16, argument);
            buffer.putLong(at + 32, System.nanoTime());
            buffer.putLong(at, call.ordinal() + 1L);
            long result = call.run(map, key, argument);
            buffer.putLong(at + 24, result);
            buffer.putLong(at + 40, System.nanoTime());
            at += RECORD;
        }
    }

    private MapHistory() {
    }

    /** The calls of one process for each key, in its order. */
    static List<List<Event>> read(Path file, int keys) throws IOException {
        List<List<Event>> all = new ArrayList<>();
        for (int i = 0; i < keys; i++) {
            all.add(new ArrayList<>());
        }
        ByteBuffer buffer = ByteBuffer.wrap(java.nio.file.Files.readAllBytes(file)).order(ByteOrder.nativeOrder());
        for (int at = 0; at < buffer.limit() && buffer.getLong(at) != 0; at += RECORD) {
            all.get((int) buffer.getLong(at + 8)).add(new Event(Call.values()[(int) buffer.getLong(at) - 1],
                    buffer.getLong(at + 16), buffer.getLong(at + 24), buffer.getLong(at + 32),
                    buffer.getLong(at + 40)));
        }
        return all;
    }

    /** Whether an order explains the calls that some processes have made for one key. */
    static boolean isExplained(List<List<Event>> processes) {
        return Linearization.isExplained(processes, NOTHING);
    }
}
