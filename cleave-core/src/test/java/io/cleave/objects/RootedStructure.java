package io.cleave.objects;

import io.cleave.heap.Change;
import io.cleave.heap.Check;
import io.cleave.heap.CrashScenario;
import io.cleave.heap.Heap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A structure at a root of a heap; its beginning and end, cut off at each store, which are the same for all sorts. */
abstract class RootedStructure {
    private static final int ROOT = 0;
    private static final int LOCK = 15;

    /** Makes an empty one, and returns its header. */
    abstract long make(Heap heap, Change change);

    /** Frees all but the header. */
    abstract void dismantle(Heap heap, long header);

    abstract void walkFrom(Heap heap, long header, Check check);

    /** All operations work. */
    abstract void use(Heap heap);

    /** Where it is; 0 where there is none. */
    static long header(Heap heap) {
        return heap.memory().getPlain(heap.rootAt(ROOT));
    }

    /** Makes it, if nobody has. */
    final void create(Heap heap) {
        heap.locks().lock(heap.rootAt(LOCK));
        try (Change change = heap.change()) {
            if (header(heap) == 0) {
                change.set(heap.rootAt(ROOT), make(heap, change));
                change.commit();
            }
        } finally {
            heap.locks().unlock(heap.rootAt(LOCK));
        }
    }

    /** Frees it, if nobody has. */
    final void end(Heap heap) {
        heap.locks().lock(heap.rootAt(LOCK));
        try {
            long header = header(heap);
            if (header != 0) {
                dismantle(heap, header);
                try (Change change = heap.change()) {
                    change.set(heap.rootAt(ROOT), 0);
                    change.free(header);
                    change.commit();
                }
            }
        } finally {
            heap.locks().unlock(heap.rootAt(LOCK));
        }
    }

    final void walk(Heap heap, Check check) {
        if (header(heap) != 0) {
            walkFrom(heap, header(heap), check);
        }
    }

    /** It is made, by the first who comes. */
    final CrashScenario creation(String name) {
        return new Creation(this, name);
    }

    /**
     * It is freed with all it has, by one who goes on where the first was cut off.
     *
     * @param fill gives it some content
     */
    final CrashScenario end(String name, Consumer<Heap> fill) {
        return new End(this, name, fill, this::end);
    }

    /** As the other, where the first one was cut off at something else. */
    final CrashScenario end(String name, Consumer<Heap> fill, Consumer<Heap> victim) {
        return new End(this, name, fill, victim);
    }

    private record Creation(RootedStructure structure, String name) implements CrashScenario {
        @Override
        public void prepare(Heap heap) {
            // a new heap has nothing
        }

        @Override
        public void victim(Heap heap) {
            structure.create(heap);
        }

        @Override
        public void next(Heap heap) {
            structure.create(heap);
        }

        @Override
        public void check(Heap heap, boolean hasVictimDied, @Nullable Boolean hasNextDied) {
            if (header(heap) == 0 && (!hasVictimDied || Boolean.FALSE.equals(hasNextDied))) {
                throw new AssertionError("nobody died, and nothing was made");
            }
            structure.create(heap);
            structure.use(heap);
        }

        @Override
        public void walk(Heap heap, Check check) {
            structure.walk(heap, check);
        }
    }

    private record End(RootedStructure structure, String name, Consumer<Heap> fill,
            Consumer<Heap> deed) implements CrashScenario {
        @Override
        public void prepare(Heap heap) {
            structure.create(heap);
            fill.accept(heap);
        }

        @Override
        public void victim(Heap heap) {
            deed.accept(heap);
        }

        @Override
        public void next(Heap heap) {
            structure.end(heap);
        }

        @Override
        public void check(Heap heap, boolean hasVictimDied, @Nullable Boolean hasNextDied) {
            structure.end(heap);
            if (heap.verify(_ -> {}).usedBytes() != 0) {
                throw new AssertionError("something is left: " + heap.verify(_ -> {}));
            }
            structure.create(heap);
            structure.use(heap);
        }

        @Override
        public void walk(Heap heap, Check check) {
            structure.walk(heap, check);
        }
    }
}
