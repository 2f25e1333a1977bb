package io.cleave.bench.share;

import io.cleave.bench.Requests;
import io.cleave.os.Mman;
import io.cleave.os.SystemCallException;
import io.cleave.os.Unistd;
import io.cleave.share.Codec;
import io.cleave.share.Share;
import java.io.IOException;
import java.io.Serializable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** A JVM that hands over an array of floats in one way. Each request gives microseconds. */
final class ShareSubject {
    private static final int WRITE_STEP = 256 << 10;
    /** Small things are done often in one round, so that they are timed as they are once they are compiled. */
    private static final int SMALL_ROUNDS = 2000;
    private static final int VIEWS = 200;
    private static final int MOST_TIMES = 200;
    private static final int BYTES_OF_A_ROUND = 20_000_000;
    /** Large enough to go the way of large ones. */
    private static final int WARM_UP_BYTES = 1 << 19;
    private static final int WARM_UPS = 2000;
    private static final Arena FOREVER = Arena.global();

    private final String way;
    private final float[] values;
    private final MemorySegment heap;
    private final float[] target;
    private final List<Peer> peers;
    private MemorySegment warm = MemorySegment.NULL;

    private ShareSubject(String way, int bytes, List<Peer> peers) {
        this.way = way;
        this.peers = peers;
        this.values = new float[bytes / Float.BYTES];
        for (int i = 0; i < values.length; i++) {
            values[i] = i;
        }
        this.heap = MemorySegment.ofArray(values);
        this.target = way.equals("memcpy-warm") ? new float[values.length] : new float[0];
    }

    /** Serves requests; arguments: way, bytes. */
    public static void main(String[] args) throws Exception {
        ShareSubject subject = new ShareSubject(args[0], Integer.parseInt(args[1]), new ArrayList<>());
        try {
            subject.warmUp();
            Requests.serve(subject::answer);
        } finally {
            for (Peer peer : subject.peers) {
                peer.close();
            }
        }
    }

    private double[] answer(String request) throws Exception {
        String[] words = request.split(" ");
        return new double[] {switch (words[0]) {
            case "write" -> mean(times(), this::write);
            case "fresh" -> fresh();
            case "view" -> view();
            case "array" -> mean(times(), this::array);
            case "small" -> small();
            case "handover" -> mean(times(), () -> handover(Integer.parseInt(words[1])));
            default -> throw new IllegalArgumentException(request);
        }};
    }

    /** As in a program that has run for a while: what is done a few times with large values has been done before. */
    private void warmUp() throws IOException {
        ShareSubject small = new ShareSubject(way, WARM_UP_BYTES, peers);
        for (int i = 0; i < WARM_UPS; i++) {
            small.write();
            small.array();
        }
        if (way.equals("cleave")) {
            for (int i = 0; i < WARM_UPS / VIEWS; i++) {
                small.view();
            }
        }
    }

    /** What takes some time, in microseconds. */
    @FunctionalInterface
    private interface Timed {
        double run() throws IOException;
    }

    private int times() {
        return Math.clamp(BYTES_OF_A_ROUND / heap.byteSize(), 1, MOST_TIMES);
    }

    private static double mean(int times, Timed timed) throws IOException {
        double sum = 0;
        for (int i = 0; i < times; i++) {
            sum += timed.run();
        }
        return sum / times;
    }

    private static double since(long start) {
        return (System.nanoTime() - start) / 1e3;
    }

    private double write() throws IOException {
        switch (way) {
            case "cleave" -> {
                long start = System.nanoTime();
                String token = Share.write(values);
                double took = since(start);
                Share.free(token);
                return took;
            }
            case "memcpy-warm" -> {
                MemorySegment to = warm();
                long start = System.nanoTime();
                MemorySegment.copy(heap, 0, to, 0, heap.byteSize());
                return since(start);
            }
            default -> {
                Path file = Files.createTempFile(Path.of("/dev/shm"), "cleave-bench-", "");
                byte[] bytes = heap.toArray(ValueLayout.JAVA_BYTE);
                try {
                    long start = System.nanoTime();
                    Files.write(file, bytes);
                    return since(start);
                } finally {
                    Files.delete(file);
                }
            }
        }
    }

    /** Shared memory that is mapped, and has been used. */
    private MemorySegment warm() {
        if (warm.byteSize() == 0) {
            int fd = memoryFile();
            warm = Mman.map(FOREVER, heap.byteSize(), Mman.PROT_READ | Mman.PROT_WRITE, Mman.MAP_SHARED, fd, 0);
            Unistd.close(fd);
            MemorySegment.copy(heap, 0, warm, 0, heap.byteSize());
        }
        return warm;
    }

    private int memoryFile() {
        int fd = SystemCallException.check(Mman.memfd_create("cleave-bench", Mman.MFD_CLOEXEC), "memfd_create", "");
        SystemCallException.check(Unistd.ftruncate(fd, heap.byteSize()), "ftruncate", "");
        return fd;
    }

    private double fresh() {
        switch (way) {
            case "cleave" -> {
                Share.trim();
                long start = System.nanoTime();
                String token = Share.write(values);
                double took = since(start);
                Share.free(token);
                Share.trim();
                return took;
            }
            case "write2-fresh" -> {
                long start = System.nanoTime();
                int fd = memoryFile();
                for (long at = 0; at < heap.byteSize(); at += WRITE_STEP) {
                    MemorySegment piece = heap.asSlice(at, Math.min(WRITE_STEP, heap.byteSize() - at));
                    if (Unistd.pwrite(fd, piece, at) != piece.byteSize()) {
                        throw new IllegalStateException("write(2) wrote less");
                    }
                }
                double took = since(start);
                Unistd.close(fd);
                return took;
            }
            default -> {
                try (Arena arena = Arena.ofConfined()) {
                    long start = System.nanoTime();
                    int fd = memoryFile();
                    MemorySegment to = Mman.map(arena, heap.byteSize(), Mman.PROT_READ | Mman.PROT_WRITE,
                            Mman.MAP_SHARED, fd, 0);
                    MemorySegment.copy(heap, 0, to, 0, heap.byteSize());
                    double took = since(start);
                    Unistd.close(fd);
                    return took;
                }
            }
        }
    }

    private double view() throws IOException {
        String token = Share.write(values);
        try {
            return mean(VIEWS, () -> viewOnce(token));
        } finally {
            Share.free(token);
        }
    }

    private double viewOnce(String token) {
        long start = System.nanoTime();
        try (var lease = Share.open(token, MemorySegment.class)) {
            check(Objects.requireNonNull(lease.value()));
            return since(start); // before it is closed
        }
    }

    private void check(MemorySegment view) {
        if (view.getAtIndex(ValueLayout.JAVA_FLOAT, 0) != values[0]
                || view.getAtIndex(ValueLayout.JAVA_FLOAT, values.length - 1) != values[values.length - 1]) {
            throw new IllegalStateException("the view shows something else");
        }
    }

    private double array() {
        if (way.equals("memcpy-warm")) {
            MemorySegment from = warm();
            MemorySegment to = MemorySegment.ofArray(target);
            long start = System.nanoTime();
            MemorySegment.copy(from, 0, to, 0, from.byteSize());
            return since(start);
        }
        String token = Share.write(values);
        try {
            long start = System.nanoTime();
            float[] copy = Objects.requireNonNull(Share.read(token, float[].class));
            double took = since(start);
            check(MemorySegment.ofArray(copy));
            return took;
        } finally {
            Share.free(token);
        }
    }

    /** What a small message is made of. */
    @SuppressWarnings("ArrayRecordComponent") // as users write them
    private record Line(int number, String name, double price, byte[] digest) implements Serializable {}

    private static Map<String, Line> lines() {
        Map<String, Line> lines = new HashMap<>();
        for (int i = 0; i < 100; i++) {
            lines.put("line " + i, new Line(i, "some name of a thing " + i, i / 3.0, new byte[32]));
        }
        return lines;
    }

    private double small() throws IOException {
        Map<String, Line> lines = lines();
        int seen = 0;
        long start = System.nanoTime();
        for (int i = 0; i < SMALL_ROUNDS; i++) {
            if (way.equals("cleave")) {
                seen += Objects.requireNonNull(Share.read(Share.write(lines), Map.class)).size();
            } else {
                byte[] bytes = Codec.standard().encode(lines);
                seen += ((Map<?, ?>) Objects.requireNonNull(Codec.standard().decode(bytes, 0, bytes.length))).size();
            }
        }
        double took = since(start) / SMALL_ROUNDS;
        if (seen != SMALL_ROUNDS * lines.size()) {
            throw new IllegalStateException(seen + " lines");
        }
        return took;
    }

    private double handover(int count) throws IOException {
        boolean isNew = peers.size() < count;
        while (peers.size() < count) {
            peers.add(Peer.start(way, (int) heap.byteSize()));
        }
        if (isNew) {
            ShareSubject small = new ShareSubject(way, WARM_UP_BYTES, peers);
            mean(WARM_UPS / 4, () -> small.handover(count));
        }
        long start = System.nanoTime();
        if (way.startsWith("cleave")) {
            byte[] token = Share.writeBytes(values);
            for (Peer peer : peers) {
                peer.send(token);
            }
            answers();
            double took = since(start);
            Share.free(token);
            return took;
        }
        byte[] bytes = Rivals.codec(way).encode(values);
        for (Peer peer : peers) {
            peer.send(bytes);
        }
        answers();
        return since(start);
    }

    private void answers() throws IOException {
        float expected = values[0] + values[values.length - 1];
        for (Peer peer : peers) {
            float answer = peer.answer();
            if (answer != expected) {
                throw new IllegalStateException("answered " + answer + ", not " + expected);
            }
        }
    }
}
