package io.cleave.bench.objects;

import io.cleave.CleaveException;
import io.cleave.HeapFullException;
import io.cleave.bench.FuzzReader;
import io.cleave.memory.Lifetime;
import io.cleave.objects.HeapBlock;
import io.cleave.objects.HeapInfo;
import io.cleave.objects.HeapOptions;
import io.cleave.objects.HeapReference;
import io.cleave.objects.HeapStatistics;
import io.cleave.objects.HeapVerification;
import io.cleave.objects.SharedHeap;
import io.cleave.objects.SharedMap;
import io.cleave.objects.SharedSet;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** The JVM that opens and uses heaps that were changed. */
final class HeapFuzzReader extends FuzzReader {
    private static final String NAME = "fuzzed";
    private static final long MAXIMUM = 1 << 20;
    private static final int OPERATIONS = 12;
    private static final int ENTRIES = 2000;
    static final int MOST_ENTRIES = 1_000_000;
    private static final Fuzzed LISTS = new FuzzedLists();
    private static final Fuzzed QUEUES = new FuzzedQueues();
    private static final HeapOptions STAYING = HeapOptions.defaults().withLifetime(Lifetime.PERSISTENT);

    /** What is in a map. */
    record Entry(long number, String text, List<Integer> list) {}

    /** A heap that nobody is attached to, as its file has it. */
    @SuppressWarnings("ArrayRecordComponent") // two samples are never compared
    private record Sample(byte[] content, long length, List<HeapReference> references, List<Fuzzed> structures) {}

    /** What fills a sample. */
    private interface Filler {
        void fill(SharedHeap heap, List<HeapReference> references) throws Exception;
    }

    private final List<Sample> samples = new ArrayList<>();

    /** Arguments: as {@link FuzzReader#run} takes them. */
    public static void main(String[] arguments) {
        run(new HeapFuzzReader(), arguments);
    }

    private Path file() {
        return directory().resolve("cleave." + NAME);
    }

    @Override
    protected void prepare() throws Exception {
        Files.deleteIfExists(file()); // of a reader that has crashed
        samples.add(sample(HeapFuzzReader::fillMaps, List.of()));
        samples.add(sample(HeapFuzzReader::fillNames, List.of()));
        samples.add(sample((heap, references) -> {
            fillNames(heap, references);
            fillUp(heap);
        }, List.of()));
        samples.add(sample((heap, _) -> LISTS.fill(heap), List.of(LISTS)));
        samples.add(sample((heap, _) -> QUEUES.fill(heap), List.of(QUEUES)));
        samples.add(sample((heap, references) -> {
            fillNames(heap, references);
            LISTS.fill(heap);
            QUEUES.fill(heap);
            fillUp(heap);
        }, List.of(LISTS, QUEUES)));
        Thread.setDefaultUncaughtExceptionHandler((_, failure) -> attempt(() -> throwIt(failure))); // of those who watch
    }

    private static void throwIt(Throwable failure) throws Exception {
        if (failure instanceof Exception exception) {
            throw exception;
        }
        throw (Error) failure;
    }

    private Sample sample(Filler filler, List<Fuzzed> structures) throws Exception {
        List<HeapReference> references = new ArrayList<>();
        try (SharedHeap heap = SharedHeap.create(NAME, MAXIMUM, STAYING)) {
            filler.fill(heap, references);
        }
        byte[] content = Files.readAllBytes(file());
        int end = content.length;
        while (content[end - 1] == 0) {
            end--;
        }
        Files.delete(file());
        return new Sample(Arrays.copyOf(content, (end + Long.BYTES - 1) & -Long.BYTES), content.length, references,
                structures);
    }

    private static void fillMaps(SharedHeap heap, List<HeapReference> references) throws Exception {
        SharedMap<String, String> texts = heap.map("texts", String.class, String.class);
        for (int i = 0; i < ENTRIES; i++) {
            texts.put("key " + i, "value ".repeat(1 + i % 9) + i);
        }
        texts.put("key 7", "large ".repeat(7000));
        SharedMap<Long, Entry> entries = heap.map("entries", Long.class, Entry.class);
        try (AutoCloseable _ = entries.watch((_, _) -> {}, _ -> {})) {
            for (long i = 0; i < 300; i++) {
                entries.put(i, new Entry(i, "entry " + i, List.of(1, (int) i)));
            }
        }
        heap.set("set", String.class).addAll(texts.keySet().stream().limit(200).toList());
        heap.raw("raw", 1000).segment().fill((byte) 1);
        references.add(heap.allocate(100).reference());
    }

    private static void fillNames(SharedHeap heap, List<HeapReference> references) {
        for (int i = 0; i < 60; i++) {
            heap.raw("raw " + i, 1 + 64L * i).segment().fill((byte) i);
            references.add(heap.allocate(16 + 90L * i).reference());
        }
        for (int i = 0; i < 60; i += 3) {
            boolean _ = heap.drop("raw " + i);
            heap.block(references.get(i)).free();
        }
        heap.map("texts", String.class, String.class).put("key 1", "value");
        heap.set("set", String.class).add("key 1");
    }

    private static void fillUp(SharedHeap heap) {
        for (long bytes = 40_000; bytes > 8;) {
            try {
                HeapBlock _ = heap.allocate(bytes);
            } catch (HeapFullException e) {
                bytes /= 2; // smaller ones may still fit
            }
        }
    }

    @Override
    protected void read(long number, SplittableRandom random) throws IOException {
        Sample sample = samples.get(random.nextInt(samples.size()));
        byte[] content = sample.content.clone();
        HeapDamage.change(content, random);
        Files.createFile(file(), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        try (FileChannel channel = FileChannel.open(file(), StandardOpenOption.WRITE)) {
            long length = HeapDamage.length(sample.length, random);
            ByteBuffer bytes = ByteBuffer.wrap(content, 0, (int) Math.min(content.length, length));
            while (bytes.hasRemaining()) {
                int _ = channel.write(bytes);
            }
            if (length > bytes.limit()) {
                int _ = channel.write(ByteBuffer.allocate(1), length - 1);
            }
        }
        try {
            switch (random.nextInt(8)) {
                case 0 -> look(random);
                case 1 -> use(sample, random, STAYING.withReadOnly(true));
                default -> use(sample, random, STAYING);
            }
        } finally {
            Files.deleteIfExists(file());
        }
    }

    private void look(SplittableRandom random) {
        if (random.nextBoolean()) {
            attempt(() -> {
                HeapInfo _ = HeapInfo.of(NAME);
            });
        }
        attempt(() -> {
            HeapVerification _ = HeapInfo.verify(NAME);
        });
    }

    private void use(Sample sample, SplittableRandom random, HeapOptions options) {
        SharedHeap[] opened = new SharedHeap[1];
        attempt(() -> opened[0] = SharedHeap.open(NAME, options));
        SharedHeap heap = opened[0];
        if (heap == null) {
            return;
        }
        for (int i = 0; i < OPERATIONS; i++) {
            long seed = random.nextLong();
            attempt(() -> {
                if (options.readOnly()) {
                    readOnly(heap, sample, new SplittableRandom(seed));
                } else if ((seed & 1) == 0) {
                    read(heap, sample, new SplittableRandom(seed));
                } else {
                    write(heap, sample, new SplittableRandom(seed));
                }
            });
        }
        attempt(heap::close);
    }

    private static void readOnly(SharedHeap heap, Sample sample, SplittableRandom random) {
        try {
            read(heap, sample, random);
        } catch (UnsupportedOperationException e) {
            throw new CleaveException("a name is not there, and cannot be made", e);
        }
    }

    private static SharedMap<String, String> texts(SharedHeap heap) {
        return heap.map("texts", String.class, String.class);
    }

    private static SharedMap<Long, Entry> entries(SharedHeap heap) {
        return heap.map("entries", Long.class, Entry.class);
    }

    private static SharedSet<String> set(SharedHeap heap) {
        return heap.set("set", String.class);
    }

    private static void read(SharedHeap heap, Sample sample, SplittableRandom random) {
        if (isForStructures(sample, random)) {
            any(sample, random).read(heap, random);
        } else {
            readMapsAndBlocks(heap, sample, random);
        }
    }

    /** Most uses of a heap are of what is in it. */
    private static boolean isForStructures(Sample sample, SplittableRandom random) {
        return !sample.structures.isEmpty() && random.nextInt(4) > 0;
    }

    private static Fuzzed any(Sample sample, SplittableRandom random) {
        return sample.structures.get(random.nextInt(sample.structures.size()));
    }

    /** To a block that the heap has, or to one that it may have. */
    private static HeapReference anyReference(Sample sample, SplittableRandom random) {
        List<HeapReference> all = sample.references;
        return all.isEmpty() ? new HeapReference(random.nextLong(MAXIMUM), random.nextLong(4))
                : all.get(random.nextInt(all.size()));
    }

    private static void readMapsAndBlocks(SharedHeap heap, Sample sample, SplittableRandom random) {
        List<String> names = heap.names();
        boolean hasEntries = names.contains("entries");
        switch (random.nextInt(8)) {
            case 0 -> Fuzzed.countAll(texts(heap).entrySet());
            case 1 -> Fuzzed.countAll(hasEntries ? entries(heap).entrySet() : set(heap));
            case 2 -> {
                SharedMap<String, String> texts = texts(heap);
                for (int i = 0; i < 50; i++) {
                    String _ = texts.get("key " + random.nextInt(ENTRIES));
                }
            }
            case 3 -> {
                int _ = texts(heap).size();
            }
            case 4 -> {
                HeapStatistics _ = heap.statistics();
            }
            case 5 -> {
                String raw = names.stream().filter(name -> name.startsWith("raw")).findAny().orElse("raw 1");
                byte[] _ = heap.raw(raw).segment().toArray(ValueLayout.JAVA_BYTE);
            }
            case 6 -> {
                HeapReference reference = anyReference(sample, random);
                byte[] _ = heap.block(reference).segment().toArray(ValueLayout.JAVA_BYTE);
            }
            default -> {
                boolean _ = set(heap).contains("key " + random.nextInt(ENTRIES));
            }
        }
    }

    private static void write(SharedHeap heap, Sample sample, SplittableRandom random) throws Exception {
        if (isForStructures(sample, random)) {
            any(sample, random).write(heap, random);
        } else {
            writeMapsAndBlocks(heap, sample, random);
        }
    }

    private static void writeMapsAndBlocks(SharedHeap heap, Sample sample, SplittableRandom random) throws Exception {
        switch (random.nextInt(10)) {
            case 0 -> {
                HeapVerification _ = heap.verify();
            }
            case 1 -> {
                SharedMap<String, String> texts = texts(heap);
                for (int i = 0; i < 20; i++) {
                    texts.put("key " + random.nextInt(2 * ENTRIES), "text".repeat(random.nextInt(1, 200)));
                }
            }
            case 2 -> {
                SharedMap<String, String> texts = texts(heap);
                for (int i = 0; i < 40; i++) {
                    texts.remove("key " + random.nextInt(ENTRIES));
                }
            }
            case 3 -> entries(heap).merge(random.nextLong(400), new Entry(1, "one", List.of()), (old, _) -> old);
            case 4 -> {
                boolean _ = set(heap).removeIf(text -> text.length() % 2 == 0);
            }
            case 5 -> {
                boolean _ = heap.drop(random.nextBoolean() ? "texts" : "raw " + random.nextInt(60));
            }
            case 6 -> {
                HeapBlock block = heap.allocate(random.nextInt(1, 70_000));
                block.segment().fill((byte) 3);
                block.free();
            }
            case 7 -> heap.block(anyReference(sample, random)).free();
            case 8 -> {
                try (AutoCloseable _ = entries(heap).watch((_, _) -> {}, _ -> {})) {
                    entries(heap).put(random.nextLong(400), new Entry(2, "two", List.of(2)));
                }
            }
            default -> texts(heap).clear();
        }
    }
}
