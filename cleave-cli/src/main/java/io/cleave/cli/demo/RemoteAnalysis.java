package io.cleave.cli.demo;

import io.cleave.pool.Task;
import io.cleave.share.SharedData;
import java.io.Serializable;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The job as another process does it: with an index of its own, which it makes of shared data when it meets the first
 * class. The bytes of a class come with it, as only one process needs them.
 *
 * @param index the name of the shared {@link IndexData}
 */
record RemoteAnalysis(String index) implements Task<RemoteAnalysis.Item, RemoteAnalysis.Answer> {
    private static final long serialVersionUID = 1L;

    /** What this process has made of the data; guarded by the class. */
    private static @Nullable Loaded loaded;

    /** One class, by its number, and its bytes. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Item(int id, byte[] bytes) implements Serializable {
        private static final long serialVersionUID = 1L;
    }

    /**
     * What was found out about a class.
     *
     * @param loadNanos how long it took to load the index, 0 where it was there
     */
    record Answer(ClassFacts facts, long loadNanos) implements Serializable {
        private static final long serialVersionUID = 1L;
    }

    private record Loaded(String name, ClassIndex index, ClassAnalysis analysis) {}

    @Override
    public Answer apply(Item item) {
        long start = System.nanoTime();
        boolean isFirst;
        Loaded known;
        synchronized (RemoteAnalysis.class) {
            known = loaded;
            isFirst = known == null || !known.name.equals(index);
            if (known == null || isFirst) {
                known = load(index);
                loaded = known;
            }
        }
        long loadNanos = isFirst ? System.nanoTime() - start : 0;
        return new Answer(known.analysis.analyse(known.index.classes().get(item.id), item.bytes), loadNanos);
    }

    private static Loaded load(String name) {
        IndexData data = SharedData.load(name, IndexData.class);
        ClassIndex index = ClassIndex.of(Objects.requireNonNull(data, "index"));
        return new Loaded(name, index, new ClassAnalysis(index));
    }
}
